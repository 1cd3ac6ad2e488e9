/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gp - where a Gaussian process of the losses expects the largest improvement.
 *
 * What is believed stands in surrogate.h, what a config is worth in improvement.h; here are the
 * configs that are looked at: a Sobol set over the cube, points near the three best configs, and
 * four closer and closer rounds about the best candidate.  The first experiments are those of
 * `sobol`.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"
#include "improvement.h"
#include "mem.h"
#include "strategy.h"
#include "surrogate.h"

extern const struct strategy strategy_gp;
extern const struct strategy strategy_sobol;

enum {
    FIRST_MIN = 5, /* experiments before the process is asked: parameters + 2 within these */
    FIRST_MAX = 10,
    OVER = 160,  /* candidates over the cube */
    NEAR = 96,   /* near the best configs */
    CLOSER = 24, /* in each round about the best candidate */
    ROUNDS = 4,
};

struct hunt {
    const struct space *space;
    const struct history *history;
    const struct surrogate *belief;
    struct rng *rng;
    struct value *config, *best_config; /* [space->n] */
    double *unit, *best_unit;           /* [space->n] */
    double best;                        /* -INFINITY: no candidate is of use so far */
};

static void consider(struct hunt *hunt, const double *unit)
{
    if (!proposal_is_useful(hunt->config, hunt->space, hunt->history, unit))
        return;
    double value = improvement_log(hunt->belief, hunt->config);
    if (!(value > hunt->best))
        return;
    hunt->best = value;
    memcpy(hunt->best_unit, unit, hunt->space->n * sizeof *unit);
    memcpy(hunt->best_config, hunt->config, hunt->space->n * sizeof *hunt->config);
}

static void look_over(struct hunt *hunt)
{
    size_t d = hunt->space->n;
    double *points = mem_new(OVER * d, sizeof *points);

    cloud_over(points, OVER, hunt->space, hunt->rng);
    for (size_t i = 0; i < OVER; i++)
        consider(hunt, points + i * d);
    free(points);
}

static void look_near(struct hunt *hunt)
{
    static const double sigma[] = {0.2, 0.1, 0.05, 0.025};

    for (size_t i = 0; i < NEAR && hunt->belief->n_incumbents > 0; i++) {
        size_t at = hunt->belief->incumbents[i % hunt->belief->n_incumbents];
        cloud_near(hunt->unit, hunt->space, hunt->history->past[at].config, sigma[i / 3 % 4],
                   hunt->rng);
        consider(hunt, hunt->unit);
    }
}

static void look_closer(struct hunt *hunt)
{
    double sigma = 0.1;

    for (int round = 0; round < ROUNDS && hunt->best > (double)-INFINITY; round++, sigma /= 2)
        for (int i = 0; i < CLOSER; i++) {
            cloud_near(hunt->unit, hunt->space, hunt->best_config, sigma, hunt->rng);
            consider(hunt, hunt->unit);
        }
}

/* The best candidate; false where none is of use. */
static bool find_best(double *unit, const struct space *space, const struct history *history,
                      const struct surrogate *belief, struct rng *rng)
{
    struct hunt hunt = {.space = space, .history = history, .belief = belief, .rng = rng};

    hunt.config = mem_new(space->n, sizeof *hunt.config);
    hunt.best_config = mem_new(space->n, sizeof *hunt.best_config);
    hunt.unit = mem_new(space->n, sizeof *hunt.unit);
    hunt.best_unit = unit;
    hunt.best = -INFINITY;
    look_over(&hunt);
    look_near(&hunt);
    look_closer(&hunt);
    free(hunt.config);
    free(hunt.best_config);
    free(hunt.unit);
    return hunt.best > (double)-INFINITY;
}

static size_t first_experiments(const struct space *space)
{
    size_t searched = 0;

    for (size_t i = 0; i < space->n; i++)
        searched += param_is_searched(&space->params[i]);
    return searched + 2 < FIRST_MIN   ? FIRST_MIN
           : searched + 2 > FIRST_MAX ? FIRST_MAX
                                      : searched + 2;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    struct surrogate belief;

    if (attempt == 0 && history->n < first_experiments(space))
        return strategy_sobol.propose(unit, space, history, rng, attempt, err);
    if (attempt == 0) {
        surrogate_init(&belief, space, history);
        bool found = find_best(unit, space, history, &belief, rng);
        surrogate_clear(&belief);
        if (found)
            return 0;
    }
    cloud_over(unit, 1, space, rng);
    return 0;
}

const struct strategy strategy_gp = {
    .name = "gp",
    .summary = "largest expected improvement under a Gaussian process, noise and failures included",
    .propose = propose,
};
