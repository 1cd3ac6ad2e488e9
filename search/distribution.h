/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * distribution.h - what the table of distributions offers beyond decode and encode.
 *
 * A distribution is *stepped* when it takes the multiples of a step (q, or 1 for integers), or the
 * powers of two, that lie in [min, max], else continuous.
 */
#ifndef SEARCH_DISTRIBUTION_H
#define SEARCH_DISTRIBUTION_H

#include <stdbool.h>

#include "space.h"

bool distribution_is_stepped(const struct distribution *distribution);

/* The step of a stepped parameter; 1 where it takes powers of two. */
double distribution_step(const struct param *param);

/* The number of different values: those in the range, INFINITY where continuous. */
double distribution_levels(const struct param *param);

/* Value number `level` (0 … levels - 1) of a stepped parameter. */
double distribution_nth(const struct param *param, double level);

/* Which of them the value is, or is nearest to: 0 … levels - 1. */
double distribution_level(const struct param *param, double value);

#endif
