/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seen.h - configs as a hash set that grows with a history, so that "was this tried?" costs the
 * same after ten experiments and after a hundred thousand.
 */
#ifndef SEARCH_SEEN_H
#define SEARCH_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shelf.h"
#include "space.h"

struct seen {
    struct shelf *shelf;        /* for its slots */
    const struct space *space;  /* borrowed */
    const struct value **slots; /* [n_slots] configs, borrowed */
    uint32_t *hashes;           /* [n_slots] of theirs, so that few are looked at; 0: free */
    size_t n, n_slots;          /* n_slots is a power of two, and more than twice n */
};

/* `shelf` may be NULL; it is borrowed, and outlives the set. */
void seen_init(struct seen *seen, const struct space *space, struct shelf *shelf);
void seen_clear(struct seen *seen);

/* The config [space->n] must live as long as the set; one that is there already stays. */
void seen_add(struct seen *seen, const struct value *config);
bool seen_has(const struct seen *seen, const struct value *config);

#endif
