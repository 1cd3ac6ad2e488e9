/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "seen.h"

/* One word into the hash: xor, multiply by an odd constant, fold the high half down. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static uint64_t value_hash(uint64_t hash, const struct value *value)
{
    double number = value->number + 0.0; /* -0 and 0 are the same value */
    uint64_t bits;

    hash = mix(hash, (uint64_t)value->type);
    if (value->type == VALUE_NONE)
        return hash;
    if (value->type == VALUE_TEXT) {
        for (const char *c = value->text; *c != '\0'; c++)
            hash = mix(hash, (unsigned char)*c);
        return hash;
    }
    memcpy(&bits, &number, sizeof bits);
    return mix(hash, bits);
}

/* The slot that holds `config`, or the free one where it belongs. */
static size_t find_slot(const struct seen *seen, const struct value *config)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < seen->space->n; i++)
        hash = value_hash(hash, &config[i]);
    size_t at = hash & (seen->n_slots - 1);
    while (seen->slots[at] != NULL && !space_same(seen->space, seen->slots[at], config))
        at = (at + 1) & (seen->n_slots - 1);
    return at;
}

static void grow(struct seen *seen)
{
    const struct value **old = seen->slots;
    size_t n_old = seen->n_slots;

    seen->n_slots *= 2;
    seen->slots = shelf_new(seen->shelf, seen->n_slots, sizeof(const struct value *));
    for (size_t i = 0; i < n_old; i++)
        if (old[i] != NULL)
            seen->slots[find_slot(seen, old[i])] = old[i];
    shelf_free(seen->shelf, old);
}

void seen_init(struct seen *seen, const struct space *space, struct shelf *shelf)
{
    const size_t first = 16;

    *seen = (struct seen){.shelf = shelf,
                          .space = space,
                          .slots = mem_new(first, sizeof(const struct value *)),
                          .n_slots = first};
}

void seen_clear(struct seen *seen)
{
    shelf_free(seen->shelf, seen->slots);
    *seen = (struct seen){0};
}

void seen_add(struct seen *seen, const struct value *config)
{
    size_t at = find_slot(seen, config);

    if (seen->slots[at] != NULL)
        return;
    seen->slots[at] = config;
    if (2 * ++seen->n >= seen->n_slots)
        grow(seen);
}

bool seen_has(const struct seen *seen, const struct value *config)
{
    return seen->slots[find_slot(seen, config)] != NULL;
}
