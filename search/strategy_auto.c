/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * auto - the strategy that suits the space, the plan and the number of experiments so far.
 *
 *     the space has at most SMALL configs            sobol: all will be tried, so evenly
 *     planned for SHORT experiments, or fewer,       perturb: too few to learn a model from, and
 *     and these not yet made                         what gp begins with is spread over the space
 *     more than WIDE features                        tpe: gp would take too long
 *     fewer than MANY experiments                    gp: the least regret of all (docs/search.md)
 *     from there on                                  tpe: gp would leave experiments out
 *
 * A study may be given more nights at any time, and a proposal that depended on what is still to
 * come could not be made again from the record.  So the plan is the one that the study was begun
 * with, and once it is fulfilled, or where there was none, the number of experiments so far stands
 * for the budget.
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

static const struct strategy *pick(const struct space *space, size_t planned, size_t experiments)
{
    if (space_combinations(space) <= SMALL)
        return &strategy_sobol;
    if (planned <= SHORT && experiments < planned)
        return &strategy_perturb;
    return experiments < MANY && count_features(space) <= WIDE ? &strategy_gp : &strategy_tpe;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    const struct strategy *picked = pick(space, history->planned, history->n);

    return picked->propose(unit, space, history, rng, attempt, err);
}

static char *reason(const struct space *space, size_t planned, size_t experiments)
{
    const struct strategy *picked = pick(space, planned, experiments);

    if (picked == &strategy_sobol)
        return mem_printf("sobol, as there are at most %.0f configs and all can be tried",
                          space_combinations(space));
    if (picked == &strategy_perturb)
        return mem_printf("perturb, as a plan of %zu experiments is too short to learn a model",
                          planned);
    if (picked == &strategy_gp)
        return mem_printf("gp up to experiment %d, as it makes the most of few noisy runs", MANY);
    if (count_features(space) > WIDE)
        return mem_printf("tpe, as the space is too wide for gp (%zu features)",
                          count_features(space));
    return mem_printf("tpe from experiment %d on, as gp would leave some of them out", MANY + 1);
}

const struct strategy strategy_auto = {
    .name = "auto",
    .summary = "gp, tpe where experiments or features are many, sobol in a tiny space, perturb for "
               "a short night",
    .propose = propose,
    .reason = reason,
};
