/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * auto - the strategy that suits the space and the number of experiments so far.
 *
 *     the space has at most SMALL configs          sobol: all will be tried, so evenly
 *     fewer than SHORT experiments                 perturb: so short a night gains most near the
 *                                                  start, and what it learns is not lost to gp
 *     fewer than MANY, at most WIDE features       gp: the least regret of all (docs/search.md)
 *     else                                         tpe: gp would take too long, or leave
 *                                                  experiments out
 *
 * The number of experiments stands for the budget: a study may be given more nights at any time,
 * and a proposal that depended on what is still to come could not be made again from the record.
 * A study that ends before SHORT has been a study of perturb alone.
 */
#include "feature_map.h"
#include "mem.h"
#include "strategy.h"

extern const struct strategy strategy_auto, strategy_gp, strategy_perturb, strategy_sobol,
    strategy_tpe;

enum { SMALL = 16, SHORT = 12, MANY = 400, WIDE = 100 };

static size_t count_features(const struct space *space)
{
    struct features features;

    features_init(&features, space);
    size_t n = features.n;
    features_clear(&features);
    return n;
}

static const struct strategy *pick(const struct space *space, size_t experiments)
{
    if (space_combinations(space) <= SMALL)
        return &strategy_sobol;
    if (experiments < SHORT)
        return &strategy_perturb;
    return experiments < MANY && count_features(space) <= WIDE ? &strategy_gp : &strategy_tpe;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    return pick(space, history->n)->propose(unit, space, history, rng, attempt, err);
}

static char *reason(const struct space *space, size_t experiments)
{
    const struct strategy *picked = pick(space, experiments);
    bool wide = count_features(space) > WIDE;

    if (picked == &strategy_sobol)
        return mem_printf("sobol, as there are at most %.0f configs and all can be tried",
                          space_combinations(space));
    if (picked == &strategy_perturb)
        return mem_printf("perturb up to experiment %d, as few runs gain most near the start; "
                          "then %s",
                          SHORT, wide ? "tpe" : "gp");
    if (picked == &strategy_gp)
        return mem_printf("gp for experiments %d to %d, as it makes the most of few noisy runs",
                          SHORT + 1, MANY);
    if (wide)
        return mem_printf("tpe from experiment %d on, as the space is too wide for gp "
                          "(%zu features)",
                          SHORT + 1, count_features(space));
    return mem_printf("tpe from experiment %d on, as gp would leave some of them out", MANY + 1);
}

const struct strategy strategy_auto = {
    .name = "auto",
    .summary = "perturb at first, gp once there is something to learn from, tpe when experiments "
               "are many, sobol where the space is tiny",
    .propose = propose,
    .reason = reason,
};
