/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bpe.h"
#include "mem.h"

#define NONE UINT32_MAX

enum {
    CACHED_BYTES = 22,
    CACHED_IDS = 10,
    CACHE_SLOTS = 1 << 15, /* 2 MiB */
};

/* A piece met before with its ids; n_bytes 0 marks a free slot. */
struct cached {
    uint8_t n_bytes, n_ids;
    unsigned char bytes[CACHED_BYTES];
    uint32_t ids[CACHED_IDS];
};

/* One token of the piece at work: a link of a chain. */
struct link {
    uint32_t id, before, after;
};

/* A merge that may be done at link `at`; stale when the links changed since. */
struct chance {
    uint32_t rank, at;
};

struct bpe {
    uint32_t byte_ids[256];
    struct merge *merges;
    uint32_t *slots; /* [slots_n] open addressing: pair -> rank, NONE where free */
    size_t slots_n;  /* a power of two */
    struct cached *cache;
    struct link *links; /* scratch */
    struct chance *heap;
    size_t heap_n;
};

void ids_add(struct ids *ids, uint32_t id)
{
    ids->at = mem_room(ids->at, ids->n, sizeof *ids->at);
    ids->at[ids->n++] = id;
}

void ids_clear(struct ids *ids)
{
    free(ids->at);
    *ids = (struct ids){0};
}

/* The slot where the pair stands, or the free one where it would. */
static size_t find_slot(const struct bpe *bpe, uint32_t left, uint32_t right)
{
    uint64_t hash = (((uint64_t)left << 32) | right) * 0x9e3779b97f4a7c15u;
    size_t slot = (size_t)(hash >> 32) & (bpe->slots_n - 1);

    for (;; slot = (slot + 1) & (bpe->slots_n - 1)) {
        uint32_t rank = bpe->slots[slot];
        if (rank == NONE || (bpe->merges[rank].left == left && bpe->merges[rank].right == right))
            return slot;
    }
}

static void fill_slots(struct bpe *bpe, size_t n)
{
    bpe->slots_n = 16;
    while (bpe->slots_n < 2 * n)
        bpe->slots_n *= 2;
    bpe->slots = mem_new(bpe->slots_n, sizeof *bpe->slots);
    memset(bpe->slots, 0xff, bpe->slots_n * sizeof *bpe->slots);
    for (size_t rank = 0; rank < n; rank++) {
        size_t slot = find_slot(bpe, bpe->merges[rank].left, bpe->merges[rank].right);
        if (bpe->slots[slot] == NONE)
            bpe->slots[slot] = (uint32_t)rank;
    }
}

struct bpe *bpe_new(const uint32_t byte_ids[256], const struct merge *merges, size_t n)
{
    struct bpe *bpe = mem_new(1, sizeof *bpe);

    memcpy(bpe->byte_ids, byte_ids, sizeof bpe->byte_ids);
    bpe->merges = mem_new(n, sizeof *merges);
    if (n > 0)
        memcpy(bpe->merges, merges, n * sizeof *merges);
    fill_slots(bpe, n);
    bpe->cache = mem_new(CACHE_SLOTS, sizeof *bpe->cache);
    return bpe;
}

void bpe_free(struct bpe *bpe)
{
    if (bpe == NULL)
        return;
    free(bpe->merges);
    free(bpe->slots);
    free(bpe->cache);
    free(bpe->links);
    free(bpe->heap);
    free(bpe);
}

static bool earlier(struct chance a, struct chance b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

static void heap_push(struct bpe *bpe, struct chance chance)
{
    size_t at;

    bpe->heap = mem_room(bpe->heap, bpe->heap_n, sizeof *bpe->heap);
    at = bpe->heap_n++;
    for (; at > 0 && earlier(chance, bpe->heap[(at - 1) / 2]); at = (at - 1) / 2)
        bpe->heap[at] = bpe->heap[(at - 1) / 2];
    bpe->heap[at] = chance;
}

static struct chance heap_pop(struct bpe *bpe)
{
    struct chance top = bpe->heap[0], last = bpe->heap[--bpe->heap_n];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < bpe->heap_n && earlier(bpe->heap[child + 1], bpe->heap[child]))
            child++;
        if (child >= bpe->heap_n || !earlier(bpe->heap[child], last))
            break;
        bpe->heap[at] = bpe->heap[child];
        at = child;
    }
    bpe->heap[at] = last;
    return top;
}

/* Rank of the merge of a link with the one after it; NONE where there is none. */
static uint32_t rank_at(const struct bpe *bpe, uint32_t at)
{
    uint32_t after = at == NONE ? NONE : bpe->links[at].after;

    if (after == NONE)
        return NONE;
    return bpe->slots[find_slot(bpe, bpe->links[at].id, bpe->links[after].id)];
}

static void consider(struct bpe *bpe, uint32_t at)
{
    uint32_t rank = rank_at(bpe, at);

    if (rank != NONE)
        heap_push(bpe, (struct chance){rank, at});
}

static void chain_bytes(struct bpe *bpe, const unsigned char *piece, size_t n)
{
    bpe->links = mem_resize(bpe->links, n, sizeof *bpe->links);
    for (size_t i = 0; i < n; i++) {
        bpe->links[i].id = bpe->byte_ids[piece[i]];
        bpe->links[i].before = i == 0 ? NONE : (uint32_t)i - 1;
        bpe->links[i].after = i + 1 == n ? NONE : (uint32_t)i + 1;
    }
    for (size_t i = 0; i + 1 < n; i++)
        consider(bpe, (uint32_t)i);
}

/* The link after `at` is taken out of the chain (its id becomes NONE) and `at` gets the merge. */
static void join(struct bpe *bpe, struct chance chance)
{
    struct link *link = &bpe->links[chance.at], *gone = &bpe->links[link->after];

    link->id = bpe->merges[chance.rank].merged;
    link->after = gone->after;
    gone->id = gone->after = NONE;
    if (link->after != NONE)
        bpe->links[link->after].before = chance.at;
    consider(bpe, link->before);
    consider(bpe, chance.at);
}

static void merge_piece(struct ids *out, struct bpe *bpe, const unsigned char *piece, size_t n)
{
    bpe->heap_n = 0;
    chain_bytes(bpe, piece, n);
    while (bpe->heap_n > 0) {
        struct chance chance = heap_pop(bpe);
        if (rank_at(bpe, chance.at) == chance.rank)
            join(bpe, chance);
    }
    for (uint32_t at = 0; at != NONE; at = bpe->links[at].after)
        ids_add(out, bpe->links[at].id);
}

static struct cached *cache_slot(const struct bpe *bpe, const unsigned char *piece, size_t n)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ piece[i]) * 0x100000001b3u; /* FNV-1a */
    return &bpe->cache[(hash ^ (hash >> 32)) & (CACHE_SLOTS - 1)];
}

static void remember(struct cached *slot, const unsigned char *piece, size_t n, const uint32_t *ids,
                     size_t n_ids)
{
    if (n_ids > CACHED_IDS)
        return;
    slot->n_bytes = (uint8_t)n;
    slot->n_ids = (uint8_t)n_ids;
    memcpy(slot->bytes, piece, n);
    memcpy(slot->ids, ids, n_ids * sizeof *ids);
}

void bpe_encode(struct ids *out, struct bpe *bpe, const unsigned char *piece, size_t n)
{
    size_t before = out->n;

    if (n == 0)
        return;
    if (n > CACHED_BYTES) {
        merge_piece(out, bpe, piece, n);
        return;
    }
    struct cached *slot = cache_slot(bpe, piece, n);
    if (slot->n_bytes == n && memcmp(slot->bytes, piece, n) == 0) {
        for (size_t i = 0; i < slot->n_ids; i++)
            ids_add(out, slot->ids[i]);
        return;
    }
    merge_piece(out, bpe, piece, n);
    remember(slot, piece, n, out->at + before, out->n - before);
}
