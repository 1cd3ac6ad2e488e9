/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * perturb - change one parameter of the head (probability 0.75) or two, the others stay.
 *
 * A number moves by a Gaussian step, reflected at the ends of its range, so that a head at an end
 * does not lose half of its moves; a stepped one (a power of two, a value that stands in an order)
 * by at least one step in the direction drawn.  A choice becomes one of the others, all alike.  A
 * parameter that a new choice activates begins at its start.
 *
 * A point that is nearer than a third of a step to one under way is drawn again, so that a batch
 * does not crowd about the head; so are a few, and then the last one must do.
 *
 * When the neighbourhood is used up (many refused attempts) the step and the number of changed
 * parameters grow until the whole space is within reach.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_randist.h>

#include "gsl_stream.h"
#include "mem.h"
#include "neighbour.h"
#include "strategy_perturb.h"

#define ONE_PARAMETER  0.75 /* probability that a single parameter changes */
#define SUCCESS_FACTOR 1.1
#define WIDEN_AFTER    100 /* refused attempts until the step doubles */
#define DRAWS          10  /* of a point that is not near one under way */

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
    double level = param_level(param, from), last = param_levels(param) - 1;
    double to = level + (up ? 1 : -1);

    if (to < 0 || to > last)
        to = level - (up ? 1 : -1);
    struct value next = param_nth(param, to);
    return param_encode(param, &next);
}

static double move_number(const struct param *param, const struct value *from, double sigma,
                          const gsl_rng *gsl)
{
    double by = gsl_ran_gaussian(gsl, sigma);
    double unit = reflect(param_encode(param, from) + by);
    struct value there = param_decode(param, unit);

    if (isfinite(param_levels(param)) && value_same(&there, from))
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
        unit[moved[k]] = param_is_choice(param) ? move_choice(param, from, &gsl)
                                                : move_number(param, from, sigma, &gsl);
    }
    free(moved);
}

/* The largest difference of a coordinate; another choice is a whole range away. */
static double distance(const struct space *space, const double *unit, const struct past *past)
{
    double most = 0;

    for (size_t i = 0; i < space->n; i++) {
        bool choice = param_is_choice(&space->params[i]);
        double by = past->config[i].type != VALUE_NONE ? fabs(unit[i] - past->unit[i]) : 0;
        most = fmax(most, choice && by > 0 ? 1 : by);
    }
    return most;
}

static bool is_near_pending(const struct space *space, const struct history *history,
                            const double *unit, double reach)
{
    for (size_t k = history->n; k-- > 0;)
        if (history->past[k].outcome == OUTCOME_PENDING &&
            distance(space, unit, &history->past[k]) < reach)
            return true;
    return false;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    struct value *at = mem_new(space->n, sizeof *at);
    size_t wider = attempt / WIDEN_AFTER;
    double sigma = ldexp(perturb_step(space, history), (int)(wider < 10 ? wider : 10));

    (void)err;
    for (int draw = 0; draw < DRAWS; draw++) {
        size_t count = (rng_uniform(rng) < ONE_PARAMETER ? 1 : 2) + wider;
        neighbour_stand(unit, at, space, history);
        move_some(unit, space, at, sigma, count, rng);
        if (!is_near_pending(space, history, unit, sigma / 3))
            break;
    }
    free(at);
    return 0;
}

const struct strategy strategy_perturb = {
    .name = "perturb",
    .summary = "Gaussian steps around the best config, one or two parameters at a time",
    .propose = propose,
};
