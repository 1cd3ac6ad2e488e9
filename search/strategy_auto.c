/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * auto - the strategy that suits the space and the number of experiments so far.
 *
 *     the space has at most SMALL configs          sobol: all will be tried, so evenly
 *     fewer than MANY experiments                  gp: the least regret of all (docs/search.md)
 *     from there on                                tpe: gp would leave experiments out
 *
 * The number of experiments stands for the budget: a study may be given more nights at any time,
 * and a proposal that depended on what is still to come could not be made again from the record.
 */
#include <math.h>

#include "mem.h"
#include "strategy.h"

extern const struct strategy strategy_auto, strategy_gp, strategy_sobol, strategy_tpe;

enum { SMALL = 16, MANY = 400 };

/* How many configs there are at most: conditions and constraints may forbid some. */
static double count_configs(const struct space *space)
{
    double n = 1;

    for (size_t i = 0; i < space->n; i++)
        n *= fmax(1, param_levels(&space->params[i]));
    return n;
}

static const struct strategy *pick(const struct space *space, size_t experiments)
{
    if (count_configs(space) <= SMALL)
        return &strategy_sobol;
    return experiments < MANY ? &strategy_gp : &strategy_tpe;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    return pick(space, history->n)->propose(unit, space, history, rng, attempt, err);
}

static char *reason(const struct space *space, size_t experiments)
{
    const struct strategy *picked = pick(space, experiments);

    if (picked == &strategy_sobol)
        return mem_printf("sobol, as there are at most %.0f configs and all can be tried",
                          count_configs(space));
    if (picked == &strategy_gp)
        return mem_printf("gp up to experiment %d, as it makes the most of few noisy runs", MANY);
    return mem_printf("tpe from experiment %d on, as gp would leave some of them out", MANY + 1);
}

const struct strategy strategy_auto = {
    .name = "auto",
    .summary =
        "gp while experiments are few, tpe when they are many, sobol where the space is tiny",
    .propose = propose,
    .reason = reason,
};
