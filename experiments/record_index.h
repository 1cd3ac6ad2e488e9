/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record_index.h - where in a record's arrays the rows about one experiment stand.
 *
 * Positions only: the rows themselves may change (a run ends), their keys never do.
 */
#ifndef EXPERIMENTS_RECORD_INDEX_H
#define EXPERIMENTS_RECORD_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE SIZE_MAX

/* The rows about each experiment, in the order of the rows. */
struct chain {
    size_t *first, *last; /* [n_keys] by experiment */
    size_t n_keys;
    size_t *next; /* [n] by row */
    size_t n;
};

/* The last row of each (experiment, seed): open addressing, at most half full. */
struct seed_slot {
    int64_t experiment; /* 0: free; or another key that is larger */
    uint32_t seed;
    size_t row;
};
struct seed_table {
    struct seed_slot *slots; /* [size], a power of two */
    size_t size, used;
};

struct record_index {
    struct chain runs, pairs, commits; /* commits: outbox rows on the -log ref */
    struct seed_table last_runs;
    size_t n_outbox; /* rows seen, those of other refs too */
};

struct record_index *record_index_new(void);
void record_index_free(struct record_index *index); /* NULL is fine */

/* The next row, n of the chain, is about experiment `key`; 0: about none. */
void chain_add(struct chain *chain, int64_t key, size_t row);
size_t chain_first(const struct chain *chain, int64_t key); /* INDEX_NONE: no row */
size_t chain_last(const struct chain *chain, int64_t key);
size_t chain_next(const struct chain *chain, size_t row);

void seed_table_set(struct seed_table *table, int64_t experiment, uint32_t seed, size_t row);
size_t seed_table_find(const struct seed_table *table, int64_t experiment, uint32_t seed);

#endif
