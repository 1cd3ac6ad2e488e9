/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "mem.h"
#include "record_index.h"

struct record_index *record_index_new(void)
{
    return mem_new(1, sizeof(struct record_index));
}

static void chain_clear(struct chain *chain)
{
    free(chain->first);
    free(chain->last);
    free(chain->next);
}

void record_index_free(struct record_index *index)
{
    if (index == NULL)
        return;
    chain_clear(&index->runs);
    chain_clear(&index->pairs);
    chain_clear(&index->commits);
    free(index->last_runs.slots);
    free(index);
}

static void add_key(struct chain *chain)
{
    chain->first = mem_room(chain->first, chain->n_keys, sizeof *chain->first);
    chain->last = mem_room(chain->last, chain->n_keys, sizeof *chain->last);
    chain->first[chain->n_keys] = chain->last[chain->n_keys] = INDEX_NONE;
    chain->n_keys++;
}

static void add_row(struct chain *chain)
{
    chain->next = mem_room(chain->next, chain->n, sizeof *chain->next);
    chain->next[chain->n++] = INDEX_NONE;
}

void chain_add(struct chain *chain, int64_t key, size_t row)
{
    size_t at = (size_t)key;

    while (chain->n_keys <= at)
        add_key(chain);
    while (chain->n <= row)
        add_row(chain);
    if (chain->last[at] != INDEX_NONE)
        chain->next[chain->last[at]] = row;
    else
        chain->first[at] = row;
    chain->last[at] = row;
}

size_t chain_first(const struct chain *chain, int64_t key)
{
    return key >= 0 && (size_t)key < chain->n_keys ? chain->first[key] : INDEX_NONE;
}

size_t chain_last(const struct chain *chain, int64_t key)
{
    return key >= 0 && (size_t)key < chain->n_keys ? chain->last[key] : INDEX_NONE;
}

size_t chain_next(const struct chain *chain, size_t row)
{
    return chain->next[row];
}

/* All experiments share the seeds of the panel, so every bit of the key must reach the low bits:
 * the finalizer of MurmurHash3 (Appleby 2011). */
static uint64_t mix(uint64_t key)
{
    key = (key ^ key >> 33) * 0xff51afd7ed558ccdu;
    key = (key ^ key >> 33) * 0xc4ceb9fe1a85ec53u;
    return key ^ key >> 33;
}

/* The slot of the key, or the free one where it belongs. */
static size_t probe(const struct seed_table *table, int64_t experiment, uint32_t seed)
{
    size_t at = (size_t)mix((uint64_t)experiment << 32 ^ seed) & (table->size - 1);

    while (table->slots[at].experiment != 0 &&
           (table->slots[at].experiment != experiment || table->slots[at].seed != seed))
        at = (at + 1) & (table->size - 1);
    return at;
}

static void grow(struct seed_table *table)
{
    struct seed_table bigger = {.size = table->size > 0 ? 2 * table->size : 16,
                                .used = table->used};

    bigger.slots = mem_new(bigger.size, sizeof *bigger.slots);
    for (size_t i = 0; i < table->size; i++) {
        const struct seed_slot *slot = &table->slots[i];
        if (slot->experiment != 0)
            bigger.slots[probe(&bigger, slot->experiment, slot->seed)] = *slot;
    }
    free(table->slots);
    *table = bigger;
}

void seed_table_set(struct seed_table *table, int64_t experiment, uint32_t seed, size_t row)
{
    if (2 * (table->used + 1) > table->size)
        grow(table);
    struct seed_slot *slot = &table->slots[probe(table, experiment, seed)];
    table->used += slot->experiment == 0;
    *slot = (struct seed_slot){.experiment = experiment, .seed = seed, .row = row};
}

size_t seed_table_find(const struct seed_table *table, int64_t experiment, uint32_t seed)
{
    if (table->size == 0 || experiment == 0)
        return INDEX_NONE;
    const struct seed_slot *slot = &table->slots[probe(table, experiment, seed)];
    return slot->experiment == experiment ? slot->row : INDEX_NONE;
}
