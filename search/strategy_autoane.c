/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * autoane - the rule of AutoANE's run_autosearch.py, kept for comparison.
 *
 * One parameter of the head changes (probability 3/4) or two:
 *
 *   continuous         a Gaussian step of sd 0.15 of the range, on its logarithm where the
 *                      distribution is logarithmic; cut off at the ends
 *   whole numbers      a step drawn evenly from -d … d, d = max(1, floor(0.2 (max - min))); cut off
 *   multiples of q     as many places up or down the list of its n values, drawn evenly from -d …
 *                      d, d = max(1, floor(0.2 n)); cut off
 *   powers of two      any of them, all alike
 *   choices            any of them, all alike
 *
 * Its faults, which are kept:
 *
 *   - "No change" is among the steps of whole numbers, multiples and choices: one draw in 2 d + 1,
 *     one in n.  There such a draw used up an experiment (12 of the 100 of its experiment 44); here
 *     strategy_propose() refuses what was tried and asks again.
 *   - What is cut off at an end of its range stays there: a head at an end wastes half of its
 * draws.
 *   - The step never adapts, neither to success nor to failure, and it reaches no further than d.
 *     Where all that is within reach was tried, the proposals end.
 *   - Ranges of one or two whole numbers and of nine widths alike move by one place.
 *
 * Not kept: repairs of one parameter for the sake of another after the draw (a constraint refuses
 * the proposal instead), learning rates cut to two digits, and draws that nobody could repeat.
 */
#include <math.h>
#include <stdlib.h>

#include "distribution.h"
#include "mem.h"
#include "neighbour.h"
#include "strategy_autoane.h"

#define ONE_PARAMETER 0.75
#define SIGMA         0.15 /* of a continuous range */
#define REACH         0.2  /* of a stepped one */

/* Uniform in -reach … reach. */
static double draw_places(double reach, struct rng *rng)
{
    double d = fmax(1, floor(reach));

    return (double)rng_below(rng, 2 * (uint64_t)d + 1) - d;
}

/* Whole numbers have max - min in hand, multiples the number of their values, as in the original.
 */
static double move_stepped(const struct param *param, const struct value *from, struct rng *rng)
{
    double last = param_levels(param) - 1;
    double span = param->distribution->takes_q ? last + 1 : last;
    double place = param_level(param, from);
    double to = fmin(fmax(place + draw_places(REACH * span, rng), 0), last);
    struct value value = param_nth(param, to);

    return param_encode(param, &value);
}

static double move(const struct param *param, const struct value *from, double unit,
                   struct rng *rng)
{
    if (param->distribution == NULL || param->distribution->power_of_two) {
        double n = param_levels(param);
        return ((double)rng_below(rng, (uint64_t)n) + 0.5) / n;
    }
    if (distribution_is_stepped(param->distribution))
        return move_stepped(param, from, rng);
    return fmin(fmax(unit + SIGMA * rng_normal(rng), 0), 1);
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    struct value *at = mem_new(space->n, sizeof *at);
    size_t *moved = mem_new(space->n, sizeof *moved);
    size_t count = rng_uniform(rng) < ONE_PARAMETER ? 1 : 2;

    (void)attempt, (void)err;
    neighbour_stand(unit, at, space, history);
    count = neighbour_pick(moved, space, at, count, rng);
    for (size_t k = 0; k < count; k++) {
        size_t i = moved[k];
        unit[i] = move(&space->params[i], &at[i], unit[i], rng);
    }
    free(moved);
    free(at);
    return 0;
}

const struct strategy strategy_autoane = {
    .name = "autoane",
    .summary = "the forerunner AutoANE's steps, faults included, for comparison",
    .propose = propose,
};
