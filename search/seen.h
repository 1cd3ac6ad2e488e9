/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seen.h - the configs of a history as a hash set, so that "was this tried?" costs the same after
 * ten experiments and after ten thousand.
 */
#ifndef SEARCH_SEEN_H
#define SEARCH_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "strategy.h"

struct seen {
    const struct space *space;
    const struct history *history; /* borrowed */
    size_t *slots;                 /* [n_slots] index into history->past, plus one; 0: free */
    size_t n_slots;                /* a power of two */
};

void seen_init(struct seen *seen, const struct space *space, const struct history *history);
void seen_clear(struct seen *seen);
bool seen_has(const struct seen *seen, const struct value *config);

#endif
