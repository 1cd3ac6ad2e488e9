/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * perturb - change one parameter of the head (probability 0.75) or two, the others stay.
 *
 * A number moves by a Gaussian step, reflected at the ends of its range, so that a head at an end
 * does not lose half of its moves; a stepped one by at least one step in the direction drawn.  A
 * choice becomes one of the others, all alike.  A parameter that a new choice activates begins at
 * its start.
 *
 * When the neighbourhood is used up (many refused attempts) the step and the number of changed
 * parameters grow until the whole space is within reach.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_randist.h>

#include "distribution.h"
#include "gsl_stream.h"
#include "mem.h"
#include "neighbour.h"
#include "strategy_perturb.h"

#define ONE_PARAMETER  0.75 /* probability that a single parameter changes */
#define SUCCESS_FACTOR 1.1
#define WIDEN_AFTER    100 /* refused attempts until the step doubles */

double perturb_step(const struct space *space, const struct history *history)
{
    const struct value *head = history->n > 0 ? history->past[0].config : NULL;
    double step = PERTURB_STEP_START;

    for (size_t i = 1; i < history->n; i++) {
        const struct past *past = &history->past[i];
        if (past->outcome == OUTCOME_PENDING || space_same(space, past->config, head))
            continue;
        bool success = past->outcome == OUTCOME_KEEP;
        step *= success ? SUCCESS_FACTOR : pow(SUCCESS_FACTOR, -0.25);
        step = fmin(fmax(step, PERTURB_STEP_MIN), PERTURB_STEP_MAX);
        if (success)
            head = past->config;
    }
    return step;
}

/* x folded into [0, 1] as by mirrors at both ends. */
static double reflect(double x)
{
    return fabs(remainder(x, 2));
}

static double move_choice(const struct param *param, const struct value *from, const gsl_rng *gsl)
{
    double n = (double)param->n_values;
    size_t here = (size_t)(param_encode(param, from) * n);
    size_t away = 1 + gsl_rng_uniform_int(gsl, param->n_values - 1);

    return ((double)((here + away) % param->n_values) + 0.5) / n;
}

/* One step up or down, inwards at the ends. */
static double move_one_step(const struct param *param, const struct value *from, bool up)
{
    double step = distribution_step(param);
    struct value to = *from;

    to.number = from->number + (up ? step : -step);
    double unit = param_encode(param, &to);
    if (param_decode(param, unit).number != from->number)
        return unit;
    to.number = from->number - (up ? step : -step);
    return param_encode(param, &to);
}

static double move_number(const struct param *param, const struct value *from, double sigma,
                          const gsl_rng *gsl)
{
    double by = gsl_ran_gaussian(gsl, sigma);
    double unit = reflect(param_encode(param, from) + by);

    if (distribution_is_stepped(param->distribution) &&
        param_decode(param, unit).number == from->number)
        return move_one_step(param, from, by > 0);
    return unit;
}

static void move_some(double *unit, const struct space *space, const struct value *head,
                      double sigma, size_t count, struct rng *rng)
{
    gsl_rng gsl = gsl_stream(rng);
    size_t *moved = mem_new(space->n, sizeof *moved);

    count = neighbour_pick(moved, space, head, count, rng);
    for (size_t k = 0; k < count; k++) {
        const struct param *param = &space->params[moved[k]];
        const struct value *from = &head[moved[k]];
        unit[moved[k]] = param->distribution == NULL ? move_choice(param, from, &gsl)
                                                     : move_number(param, from, sigma, &gsl);
    }
    free(moved);
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    struct value *at = mem_new(space->n, sizeof *at);
    size_t wider = attempt / WIDEN_AFTER;
    double sigma = ldexp(perturb_step(space, history), (int)(wider < 10 ? wider : 10));
    size_t count = (rng_uniform(rng) < ONE_PARAMETER ? 1 : 2) + wider;

    (void)err;
    neighbour_stand(unit, at, space, history);
    move_some(unit, space, at, sigma, count, rng);
    free(at);
    return 0;
}

const struct strategy strategy_perturb = {
    .name = "perturb",
    .summary = "Gaussian steps around the best config, one or two parameters at a time",
    .propose = propose,
};
