/* SPDX-License-Identifier: GPL-3.0-or-later */
/* none - nothing is searched: the study tests what it claims, and runs the guesses that it lists.
 */
#include "strategy.h"

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    (void)unit, (void)space, (void)history, (void)rng, (void)attempt, (void)err;
    return 1;
}

const struct strategy strategy_none = {
    .name = "none",
    .summary = "no search: hypotheses, and the study's own guesses, are all there is",
    .propose = propose,
};
