/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "words.h"

enum { BYTES_PER_WORD = 64 }; /* room for bytes is limit times this */

void words_init(struct words *w, size_t limit)
{
    *w = (struct words){.limit = limit, .slots_n = 1024};
    w->slots = mem_new(w->slots_n, sizeof *w->slots);
}

void words_clear(struct words *w)
{
    free(w->word);
    free(w->bytes);
    free(w->slots);
    *w = (struct words){0};
}

static size_t find_slot(const struct words *w, const unsigned char *bytes, size_t n)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
    size_t slot = (size_t)(hash ^ (hash >> 32)) & (w->slots_n - 1);
    for (;; slot = (slot + 1) & (w->slots_n - 1)) {
        uint32_t number = w->slots[slot];
        if (number == 0)
            return slot;
        const struct word *word = &w->word[number - 1];
        if (word->n == n && memcmp(w->bytes + word->at, bytes, n) == 0)
            return slot;
    }
}

static void refill_slots(struct words *w)
{
    memset(w->slots, 0, w->slots_n * sizeof *w->slots);
    for (size_t i = 0; i < w->n; i++)
        w->slots[find_slot(w, w->bytes + w->word[i].at, w->word[i].n)] = (uint32_t)i + 1;
}

/* Takes out the words with at most `count` occurrences; the order of the others stays. */
static void drop_rare(struct words *w, int64_t count)
{
    size_t kept = 0, end = 0;

    for (size_t i = 0; i < w->n; i++) {
        struct word word = w->word[i];
        if (word.count <= count) {
            w->dropped += word.count;
            continue;
        }
        memmove(w->bytes + end, w->bytes + word.at, word.n);
        word.at = end;
        end += word.n;
        w->word[kept++] = word;
    }
    w->n = kept;
    w->bytes_n = end;
}

static void make_room(struct words *w)
{
    for (int64_t count = 1; w->n > w->limit / 2 || w->bytes_n > w->limit * BYTES_PER_WORD / 2;
         count *= 2)
        drop_rare(w, count);
    refill_slots(w);
}

static void grow_slots(struct words *w)
{
    w->slots_n *= 2;
    w->slots = mem_resize(w->slots, w->slots_n, sizeof *w->slots);
    refill_slots(w);
}

static void append(struct words *w, const unsigned char *bytes, size_t n)
{
    if (w->bytes_n + n > w->bytes_room) {
        w->bytes_room = 2 * (w->bytes_n + n);
        w->bytes = mem_resize(w->bytes, w->bytes_room, 1);
    }
    memcpy(w->bytes + w->bytes_n, bytes, n);
    w->word = mem_room(w->word, w->n, sizeof *w->word);
    w->word[w->n++] = (struct word){.at = w->bytes_n, .n = (uint32_t)n, .count = 1};
    w->bytes_n += n;
}

void words_add(struct words *w, const unsigned char *bytes, size_t n)
{
    n = n < WORD_BYTES ? n : WORD_BYTES;
    size_t slot = find_slot(w, bytes, n);

    if (w->slots[slot] != 0) {
        w->word[w->slots[slot] - 1].count++;
        return;
    }
    if (w->n == w->limit || w->bytes_n + n > w->limit * BYTES_PER_WORD) {
        make_room(w);
        slot = find_slot(w, bytes, n);
    } else if (2 * (w->n + 1) > w->slots_n) {
        grow_slots(w);
        slot = find_slot(w, bytes, n);
    }
    append(w, bytes, n);
    w->slots[slot] = (uint32_t)w->n;
}
