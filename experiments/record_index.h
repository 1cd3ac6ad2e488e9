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

#include "early.h"
#include "record.h"

#define INDEX_NONE SIZE_MAX

/* The rows about each experiment, in the order of the rows.  Numbers of rows from 1; 0: none. */
struct chain {
    struct shelf *shelf;    /* for its arrays */
    uint32_t *first, *last; /* [n_keys] by experiment */
    size_t n_keys;
    uint32_t *next; /* [n] by row */
    size_t n;
};

/* The last run of each (experiment, variant, seed): open addressing, at most half full. */
struct seed_slot {
    uint32_t number; /* of the run; 0: free */
    uint32_t hash;   /* of its key, so that few other runs are looked at */
};
struct seed_table {
    struct shelf *shelf;
    struct seed_slot *slots; /* [size], a power of two */
    size_t size, used;
};

struct record_index {
    struct chain runs, pairs;
    struct seed_table last_runs;
    struct chain commits;      /* outbox rows on the -log ref; made when they are first asked for */
    size_t n_outbox;           /* rows seen, those of other refs too */
    struct early_found *ended; /* [n_ended] by run, found when first asked for; rival 0: not yet */
    size_t n_ended;
};

struct record_index *record_index_new(struct shelf *shelf);
void record_index_free(struct record_index *index); /* NULL is fine */

/* The next row, n of the chain, is about experiment `key`; 0: about none. */
void chain_add(struct chain *chain, int64_t key, size_t row);
void chain_clear(struct chain *chain);
size_t chain_first(const struct chain *chain, int64_t key); /* INDEX_NONE: no row */
size_t chain_last(const struct chain *chain, int64_t key);
size_t chain_next(const struct chain *chain, size_t row);

/* The last of `runs` is the newest of its kind; `runs` are all that were set. */
void seed_table_set(struct seed_table *table, const struct run *runs, size_t row);
size_t seed_table_find(const struct seed_table *table, const struct run *runs, int64_t experiment,
                       enum run_variant variant, uint32_t seed);

/* Where what is known of a run's early end is kept. */
struct early_found *record_index_ended(struct record_index *index, const struct run *run);

#endif
