/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ranking.h - the experiments of a history that a model of the loss learns from.
 */
#ifndef SEARCH_RANKING_H
#define SEARCH_RANKING_H

#include <stdbool.h>
#include <stddef.h>

#include "strategy.h"

struct ranked {
    double key; /* less is better */
    size_t at;  /* in the history */
};

/* By key; the newer first where they are equal.  For qsort(). */
int ranked_compare(const void *a, const void *b);

/* The experiments that ended well, in list [history->n], with their losses as keys, none beyond
 * RANKING_LOSS_MAX either way (its square is finite); returns how many. */
#define RANKING_LOSS_MAX 1e100
size_t ranking_losses(struct ranked *list, const struct history *history);

/* All that ended, failures with the key 0 and the others with 1; returns how many. */
size_t ranking_ended(struct ranked *list, size_t *failed, const struct history *history);

/* Sorts the list; where it has more than `most` it leaves the better half of that many by key, and
 * the newest of the rest.  Returns how many are left. */
size_t ranking_cut(struct ranked *list, size_t n, size_t most);

#endif
