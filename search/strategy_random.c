/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * random - every point of the unit cube alike.  Bergstra & Bengio 2012 (JMLR 13) show why it beats
 * a grid wherever only some of the parameters matter.
 */
#include "strategy.h"

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    (void)history, (void)attempt, (void)err;
    for (size_t i = 0; i < space->n; i++)
        unit[i] = rng_uniform(rng);
    return 0;
}

const struct strategy strategy_random = {
    .name = "random",
    .summary = "anywhere in the space, every point alike",
    .propose = propose,
};
