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

/* Never 0. */
static uint32_t config_hash(const struct space *space, const struct value *config)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < space->n; i++)
        hash = value_hash(hash, &config[i]);
    return (uint32_t)hash | 1u << 31;
}

/* The slot that holds `config`, or the free one where it belongs. */
static size_t find_slot(const struct seen *seen, const struct value *config, uint32_t hash)
{
    size_t at = hash & (seen->n_slots - 1);

    while (seen->hashes[at] != 0 &&
           (seen->hashes[at] != hash || !space_same(seen->space, seen->slots[at], config)))
        at = (at + 1) & (seen->n_slots - 1);
    return at;
}

static void make_slots(struct seen *seen, size_t n)
{
    seen->n_slots = n;
    seen->slots = shelf_new(seen->shelf, n, sizeof(const struct value *));
    seen->hashes = shelf_new(seen->shelf, n, sizeof *seen->hashes);
}

static void free_slots(struct seen *seen)
{
    shelf_free(seen->shelf, seen->slots);
    shelf_free(seen->shelf, seen->hashes);
}

static void put(struct seen *seen, size_t at, const struct value *config, uint32_t hash)
{
    seen->slots[at] = config;
    seen->hashes[at] = hash;
}

static void grow(struct seen *seen)
{
    struct seen old = *seen;

    make_slots(seen, 2 * old.n_slots);
    for (size_t i = 0; i < old.n_slots; i++) {
        if (old.hashes[i] != 0)
            put(seen, find_slot(seen, old.slots[i], old.hashes[i]), old.slots[i], old.hashes[i]);
    }
    free_slots(&old);
}

void seen_init(struct seen *seen, const struct space *space, struct shelf *shelf)
{
    *seen = (struct seen){.shelf = shelf, .space = space};
    make_slots(seen, 16);
}

void seen_clear(struct seen *seen)
{
    free_slots(seen);
    *seen = (struct seen){0};
}

void seen_add(struct seen *seen, const struct value *config)
{
    uint32_t hash = config_hash(seen->space, config);
    size_t at = find_slot(seen, config, hash);

    if (seen->hashes[at] != 0)
        return;
    put(seen, at, config, hash);
    if (2 * ++seen->n >= seen->n_slots)
        grow(seen);
}

bool seen_has(const struct seen *seen, const struct value *config)
{
    uint32_t hash = config_hash(seen->space, config);

    return seen->hashes[find_slot(seen, config, hash)] != 0;
}
