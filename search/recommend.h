/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recommend.h - which config of a history is best, and what it is worth.
 *
 * The least loss that was seen is mostly luck.  Here the posterior counts
 * (surrogate.h): what the config itself and all configs near it have shown together.
 */
#ifndef SEARCH_RECOMMEND_H
#define SEARCH_RECOMMEND_H

#include "strategy.h"

struct recommendation {
    size_t at;   /* in the history */
    double loss; /* what is claimed of it: the posterior mean */
};

/* False where no experiment has a loss. */
bool recommend(struct recommendation *out, const struct space *space,
               const struct history *history);

#endif
