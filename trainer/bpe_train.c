/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdlib.h>

#include "bpe_train.h"
#include "mem.h"

enum { BYTES = 256, TICK = 64 };

/* Two neighbouring tokens, how often they occur, and the words where they may. */
struct pair {
    uint32_t left, right;
    int64_t count;
    uint32_t *words;
    size_t words_n;
};

/* A pair as it was counted when it was put into the heap; counts only fall after that. */
struct candidate {
    int64_t count;
    uint32_t pair;
};

/* A word as tokens: tokens[at … at + n). */
struct spelling {
    size_t at;
    uint32_t n;
    int64_t count;
};

struct training {
    struct spelling *word; /* [n] */
    size_t n;
    uint32_t *tokens;
    struct pair *pair; /* [pairs_n] */
    size_t pairs_n;
    uint32_t *slots; /* [slots_n] open addressing: pair number + 1; 0 is free */
    size_t slots_n;
    struct candidate *heap;
    size_t heap_n;
};

static size_t find_slot(const struct training *t, uint32_t left, uint32_t right)
{
    uint64_t hash = (((uint64_t)left << 32) | right) * 0x9e3779b97f4a7c15u;
    size_t slot = (size_t)(hash >> 32) & (t->slots_n - 1);

    for (;; slot = (slot + 1) & (t->slots_n - 1)) {
        uint32_t number = t->slots[slot];
        if (number == 0)
            return slot;
        if (t->pair[number - 1].left == left && t->pair[number - 1].right == right)
            return slot;
    }
}

static void grow_slots(struct training *t)
{
    free(t->slots);
    t->slots_n *= 2;
    t->slots = mem_new(t->slots_n, sizeof *t->slots);
    for (size_t i = 0; i < t->pairs_n; i++)
        t->slots[find_slot(t, t->pair[i].left, t->pair[i].right)] = (uint32_t)i + 1;
}

static struct pair *find_pair(struct training *t, uint32_t left, uint32_t right)
{
    size_t slot = find_slot(t, left, right);

    if (t->slots[slot] == 0) {
        if (2 * (t->pairs_n + 1) > t->slots_n) {
            grow_slots(t);
            slot = find_slot(t, left, right);
        }
        t->pair = mem_room(t->pair, t->pairs_n, sizeof *t->pair);
        t->pair[t->pairs_n++] = (struct pair){.left = left, .right = right};
        t->slots[slot] = (uint32_t)t->pairs_n;
    }
    return &t->pair[t->slots[slot] - 1];
}

static void note_word(struct pair *pair, uint32_t word)
{
    if (pair->words_n > 0 && pair->words[pair->words_n - 1] == word)
        return;
    pair->words = mem_room(pair->words, pair->words_n, sizeof *pair->words);
    pair->words[pair->words_n++] = word;
}

/* Adds `sign` times the word's count to its pairs; pairs numbered from `first_new` on note it. */
static void count_word(struct training *t, uint32_t number, int sign, size_t first_new)
{
    const struct spelling *word = &t->word[number];
    const uint32_t *token = t->tokens + word->at;

    for (uint32_t i = 0; i + 1 < word->n; i++) {
        struct pair *pair = find_pair(t, token[i], token[i + 1]);
        pair->count += sign * word->count;
        if ((size_t)(pair - t->pair) >= first_new)
            note_word(pair, number);
    }
}

static bool better(const struct training *t, struct candidate a, struct candidate b)
{
    const struct pair *x = &t->pair[a.pair], *y = &t->pair[b.pair];

    if (a.count != b.count)
        return a.count > b.count;
    return x->left != y->left ? x->left < y->left : x->right < y->right;
}

static void heap_push(struct training *t, struct candidate c)
{
    size_t at;

    t->heap = mem_room(t->heap, t->heap_n, sizeof *t->heap);
    at = t->heap_n++;
    for (; at > 0 && better(t, c, t->heap[(at - 1) / 2]); at = (at - 1) / 2)
        t->heap[at] = t->heap[(at - 1) / 2];
    t->heap[at] = c;
}

static struct candidate heap_pop(struct training *t)
{
    struct candidate top = t->heap[0], last = t->heap[--t->heap_n];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < t->heap_n && better(t, t->heap[child + 1], t->heap[child]))
            child++;
        if (child >= t->heap_n || !better(t, t->heap[child], last))
            break;
        t->heap[at] = t->heap[child];
        at = child;
    }
    t->heap[at] = last;
    return top;
}

static void push_pairs(struct training *t, size_t first)
{
    for (size_t i = first; i < t->pairs_n; i++)
        if (t->pair[i].count >= 2)
            heap_push(t, (struct candidate){t->pair[i].count, (uint32_t)i});
}

static void begin(struct training *t, const struct words *words)
{
    size_t total = 0;

    *t = (struct training){.n = words->n, .slots_n = 1 << 16};
    t->slots = mem_new(t->slots_n, sizeof *t->slots);
    t->pair = mem_room(NULL, 0, sizeof *t->pair);
    t->word = mem_new(words->n, sizeof *t->word);
    t->tokens = mem_new(words->bytes_n, sizeof *t->tokens);
    for (size_t i = 0; i < words->n; i++) {
        const struct word *word = &words->word[i];
        t->word[i] = (struct spelling){.at = total, .n = word->n, .count = word->count};
        for (uint32_t k = 0; k < word->n; k++)
            t->tokens[total++] = words->bytes[word->at + k];
        count_word(t, (uint32_t)i, 1, 0);
    }
    push_pairs(t, 0);
}

static void finish(struct training *t)
{
    for (size_t i = 0; i < t->pairs_n; i++)
        free(t->pair[i].words);
    free(t->word);
    free(t->tokens);
    free(t->pair);
    free(t->slots);
    free(t->heap);
}

/* The pair that occurs most often, at least twice; false where there is none. */
static bool take_best(struct training *t, uint32_t *best)
{
    while (t->heap_n > 0) {
        struct candidate c = heap_pop(t);
        int64_t count = t->pair[c.pair].count;
        if (count == c.count) {
            *best = c.pair;
            return true;
        }
        if (count >= 2)
            heap_push(t, (struct candidate){count, c.pair});
    }
    return false;
}

/* Puts `m.merged` in the place of each m.left m.right, from the left. */
static void respell(struct training *t, struct spelling *word, struct merge m)
{
    uint32_t *token = t->tokens + word->at, kept = 0;

    for (uint32_t i = 0; i < word->n; i++, kept++) {
        bool here = i + 1 < word->n && token[i] == m.left && token[i + 1] == m.right;
        token[kept] = here ? m.merged : token[i];
        i += here;
    }
    word->n = kept;
}

static bool spells(const struct training *t, const struct spelling *word, struct merge m)
{
    const uint32_t *token = t->tokens + word->at;

    for (uint32_t i = 0; i + 1 < word->n; i++)
        if (token[i] == m.left && token[i + 1] == m.right)
            return true;
    return false;
}

/* Only pairs with the new token can gain, and they are all new: the others' heap entries stay
 * upper bounds. */
static void apply(struct training *t, uint32_t best, struct merge m)
{
    size_t first_new = t->pairs_n, n = t->pair[best].words_n;
    uint32_t *words = t->pair[best].words;

    t->pair[best].words = NULL;
    t->pair[best].words_n = 0;
    for (size_t i = 0; i < n; i++) {
        struct spelling *word = &t->word[words[i]];
        if (!spells(t, word, m))
            continue;
        count_word(t, words[i], -1, SIZE_MAX);
        respell(t, word, m);
        count_word(t, words[i], 1, first_new);
    }
    free(words);
    push_pairs(t, first_new);
}

int bpe_train(struct merge *merges, size_t *got, size_t wanted, const struct words *words,
              const struct bpe_watch *watch, struct err *err)
{
    struct training t;
    uint32_t best;
    int rc = 0;

    begin(&t, words);
    for (*got = 0; *got < wanted && take_best(&t, &best); (*got)++) {
        if (watch != NULL && *got % TICK == 0 && (rc = watch->tick(watch->context, *got, err)) != 0)
            break;
        struct merge m = {t.pair[best].left, t.pair[best].right, (uint32_t)(BYTES + *got)};
        merges[*got] = m;
        apply(&t, best, m);
    }
    finish(&t);
    return rc;
}
