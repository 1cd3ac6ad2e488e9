/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * neighbour.h - what the strategies that walk from the head share: where it stands in the unit
 * cube, and what of it can be moved.
 */
#ifndef SEARCH_NEIGHBOUR_H
#define SEARCH_NEIGHBOUR_H

#include "rng.h"
#include "strategy.h"

/*
 * at   [space->n] out: the head's config (the start in an empty history)
 * unit [space->n] out: the point that decodes to it; an inactive parameter stands at its start,
 *                 where it begins once it is active
 */
void neighbour_stand(double *unit, struct value *at, const struct space *space,
                     const struct history *history);

/*
 * Draws `count` different parameters among those that are searched and active in `at`, or all of
 * them where they are fewer; their indices go into picked [space->n].  Returns how many.
 */
size_t neighbour_pick(size_t *picked, const struct space *space, const struct value *at,
                      size_t count, struct rng *rng);

#endif
