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
#include <stdint.h>
#include <stdlib.h>

#include "distribution.h"
#include "mem.h"
#include "strategy_grid.h"

enum {
    LEVELS = 5,
    ALL = 9,
    BARREN_MAX = 1 << 18, /* points in a row that are not allowed, before it gives up */
};

static bool has_all(const struct param *param)
{
    return param->distribution == NULL || param_levels(param) <= ALL;
}

static size_t levels_of(const struct param *param)
{
    return has_all(param) ? (size_t)param_levels(param) : LEVELS;
}

static double level_unit(const struct param *param, size_t level)
{
    struct value value = {.type = VALUE_NUMBER};

    if (!has_all(param))
        return (double)level / (LEVELS - 1);
    if (param->distribution == NULL)
        return ((double)level + 0.5) / (double)param->n_values;
    value.number = distribution_nth(param, (double)level);
    return param_encode(param, &value);
}

bool grid_is_complete(const struct space *space)
{
    for (size_t i = 0; i < space->n; i++)
        if (!has_all(&space->params[i]))
            return false;
    return true;
}

/* Point `number` of the grid (a number in mixed radix); false behind the last one. */
static bool grid_point(double *unit, const struct space *space, uint64_t number)
{
    for (size_t i = space->n; i-- > 0;) {
        size_t levels = levels_of(&space->params[i]);
        unit[i] = level_unit(&space->params[i], number % levels);
        number /= levels;
    }
    return number == 0;
}

static int walk(double *unit, struct value *config, const struct space *space,
                const struct history *history, struct err *err)
{
    size_t barren = 0;

    for (uint64_t number = 0; grid_point(unit, space, number); number++) {
        if (proposal_is_useful(config, space, history, unit))
            return 0;
        barren = space_allows(space, config, NULL) ? 0 : barren + 1;
        if (barren == BARREN_MAX)
            return err_failed(err, "%d points in a row break the constraints", BARREN_MAX);
    }
    return 1;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    struct value *config = mem_new(space->n, sizeof *config);

    (void)rng, (void)attempt;
    int rc = walk(unit, config, space, history, err);
    free(config);
    return rc;
}

const struct strategy strategy_grid = {
    .name = "grid",
    .summary = "all combinations in order, continuous parameters at 5 levels",
    .propose = propose,
};
