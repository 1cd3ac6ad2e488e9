/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "mem.h"
#include "record_index.h"
#include "shelf.h"

struct record_index *record_index_new(struct shelf *shelf)
{
    struct record_index *index = mem_new(1, sizeof *index);

    index->runs.shelf = index->pairs.shelf = index->commits.shelf = shelf;
    index->last_runs.shelf = shelf;
    return index;
}

void chain_clear(struct chain *chain)
{
    shelf_free(chain->shelf, chain->first);
    shelf_free(chain->shelf, chain->last);
    shelf_free(chain->shelf, chain->next);
    *chain = (struct chain){.shelf = chain->shelf};
}

void record_index_free(struct record_index *index)
{
    if (index == NULL)
        return;
    chain_clear(&index->runs);
    chain_clear(&index->pairs);
    chain_clear(&index->commits);
    shelf_free(index->last_runs.shelf, index->last_runs.slots);
    free(index->ended);
    free(index);
}

static void add_key(struct chain *chain)
{
    chain->first = shelf_room(chain->shelf, chain->first, chain->n_keys, sizeof *chain->first);
    chain->last = shelf_room(chain->shelf, chain->last, chain->n_keys, sizeof *chain->last);
    chain->first[chain->n_keys] = chain->last[chain->n_keys] = 0;
    chain->n_keys++;
}

static void add_row(struct chain *chain)
{
    chain->next = shelf_room(chain->shelf, chain->next, chain->n, sizeof *chain->next);
    chain->next[chain->n++] = 0;
}

void chain_add(struct chain *chain, int64_t key, size_t row)
{
    size_t at = (size_t)key;
    uint32_t number = (uint32_t)row + 1;

    while (chain->n_keys <= at)
        add_key(chain);
    while (chain->n <= row)
        add_row(chain);
    if (chain->last[at] != 0)
        chain->next[chain->last[at] - 1] = number;
    else
        chain->first[at] = number;
    chain->last[at] = number;
}

static size_t row_of(uint32_t number)
{
    return number > 0 ? number - 1 : INDEX_NONE;
}

size_t chain_first(const struct chain *chain, int64_t key)
{
    return key >= 0 && (size_t)key < chain->n_keys ? row_of(chain->first[key]) : INDEX_NONE;
}

size_t chain_last(const struct chain *chain, int64_t key)
{
    return key >= 0 && (size_t)key < chain->n_keys ? row_of(chain->last[key]) : INDEX_NONE;
}

size_t chain_next(const struct chain *chain, size_t row)
{
    return row_of(chain->next[row]);
}

/* All experiments share the seeds of the panel, so every bit of the key must reach the low bits:
 * the finalizer of MurmurHash3 (Appleby 2011). */
static uint64_t mix(uint64_t key)
{
    key = (key ^ key >> 33) * 0xff51afd7ed558ccdu;
    key = (key ^ key >> 33) * 0xc4ceb9fe1a85ec53u;
    return key ^ key >> 33;
}

static uint32_t key_hash(int64_t experiment, enum run_variant variant, uint32_t seed)
{
    return (uint32_t)mix((uint64_t)(4 * experiment + (int64_t)variant) << 32 ^ seed);
}

static void grow(struct seed_table *table)
{
    struct seed_table bigger = {
        .shelf = table->shelf, .size = table->size > 0 ? 2 * table->size : 16, .used = table->used};

    bigger.slots = shelf_new(table->shelf, bigger.size, sizeof *bigger.slots);
    for (size_t i = 0; i < table->size; i++) {
        size_t at = table->slots[i].hash & (bigger.size - 1);
        if (table->slots[i].number == 0)
            continue;
        while (bigger.slots[at].number != 0)
            at = (at + 1) & (bigger.size - 1);
        bigger.slots[at] = table->slots[i];
    }
    shelf_free(table->shelf, table->slots);
    *table = bigger;
}

/* The slot of the runs of one kind, or the free one where they belong. */
static struct seed_slot *probe(const struct seed_table *table, const struct run *runs,
                               int64_t experiment, enum run_variant variant, uint32_t seed)
{
    uint32_t hash = key_hash(experiment, variant, seed);
    size_t at = hash & (table->size - 1);

    for (; table->slots[at].number != 0; at = (at + 1) & (table->size - 1)) {
        if (table->slots[at].hash != hash)
            continue;
        const struct run *run = &runs[table->slots[at].number - 1];
        if (run->experiment == experiment && run->variant == variant && run->seed == seed)
            break;
    }
    return &table->slots[at];
}

void seed_table_set(struct seed_table *table, const struct run *runs, size_t row)
{
    const struct run *run = &runs[row];

    if (2 * (table->used + 1) > table->size)
        grow(table);
    struct seed_slot *slot = probe(table, runs, run->experiment, run->variant, run->seed);
    table->used += slot->number == 0;
    *slot = (struct seed_slot){.number = (uint32_t)row + 1,
                               .hash = key_hash(run->experiment, run->variant, run->seed)};
}

size_t seed_table_find(const struct seed_table *table, const struct run *runs, int64_t experiment,
                       enum run_variant variant, uint32_t seed)
{
    if (table->size == 0 || experiment == 0)
        return INDEX_NONE;
    return row_of(probe(table, runs, experiment, variant, seed)->number);
}

struct early_found *record_index_ended(struct record_index *index, const struct run *run)
{
    while (index->n_ended < (size_t)run->id) {
        index->ended = mem_room(index->ended, index->n_ended, sizeof *index->ended);
        index->ended[index->n_ended++] = (struct early_found){.rival = 0};
    }
    return &index->ended[run->id - 1];
}
