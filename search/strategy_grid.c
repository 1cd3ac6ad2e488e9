/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grid - all combinations, in order: the first parameter changes slowest, the last fastest.
 *
 * A choice has all of its values; so has a stepped parameter with at most ALL of them.  Any other
 * parameter has LEVELS points, evenly spaced in the unit interval, both ends included.
 *
 * The walk begins at the first point each time and passes over what is known or not allowed, so
 * that nothing but the history has to be remembered.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "distribution.h"
#include "mem.h"
#include "strategy_grid.h"

enum {
    LEVELS = 5,
    ALL = 9,
    SMALL_MAX = 1 << 17,  /* combinations of a small space */
    BARREN_MAX = 1 << 18, /* points in a row that are not allowed, before it gives up */
};

/* Levels of a parameter that has all of its values where they are at most `all`. */
static size_t levels_of(const struct param *param, double all)
{
    double levels = fmax(param_levels(param), 1);

    return param->distribution == NULL || levels <= all ? (size_t)levels : LEVELS;
}

static double level_unit(const struct param *param, double all, size_t level)
{
    struct value value = {.type = VALUE_NUMBER};

    if (param->distribution == NULL)
        return ((double)level + 0.5) / (double)param->n_values;
    if (param_levels(param) > all)
        return (double)level / (LEVELS - 1);
    value.number = distribution_nth(param, (double)level);
    return param_encode(param, &value);
}

bool space_is_small(const struct space *space)
{
    double combinations = 1;

    for (size_t i = 0; i < space->n; i++)
        combinations *= param_levels(&space->params[i]);
    return combinations <= SMALL_MAX;
}

/* Point `number` of the grid (a number in mixed radix); false behind the last one. */
static bool grid_point(double *unit, const struct space *space, double all, uint64_t number)
{
    for (size_t i = space->n; i-- > 0;) {
        size_t levels = levels_of(&space->params[i], all);
        unit[i] = level_unit(&space->params[i], all, number % levels);
        number /= levels;
    }
    return number == 0;
}

static int walk(double *unit, const struct space *space, double all, const struct history *history,
                struct err *err)
{
    struct value *config = mem_new(space->n, sizeof *config);
    size_t barren = 0;
    int rc = 1;

    for (uint64_t number = 0; rc == 1 && grid_point(unit, space, all, number); number++) {
        if (proposal_is_useful(config, space, history, unit))
            rc = 0;
        barren = space_allows(space, config, NULL) ? 0 : barren + 1;
        if (barren == BARREN_MAX)
            rc = err_failed(err, "%d points in a row break the constraints", BARREN_MAX);
    }
    free(config);
    return rc;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    (void)rng, (void)attempt;
    return walk(unit, space, ALL, history, err);
}

const struct strategy strategy_grid = {
    .name = "grid",
    .summary = "all combinations in order, continuous parameters at 5 levels",
    .propose = propose,
};

static int propose_rest(double *unit, const struct space *space, const struct history *history,
                        struct rng *rng, size_t attempt, struct err *err)
{
    (void)rng, (void)attempt;
    return walk(unit, space, SMALL_MAX, history, err);
}

const struct strategy strategy_rest = {
    .name = "rest",
    .summary = "what is left of a small space",
    .propose = propose_rest,
};
