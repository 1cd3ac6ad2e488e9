/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grid - all combinations, in order: the first parameter changes slowest, the last fastest.
 *
 * The walk begins at the first point each time and passes over what is known or not allowed, so
 * that nothing but the history has to be remembered.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "strategy_grid.h"

enum {
    SMALL_MAX = 1 << 17,  /* combinations of a small space */
    BARREN_MAX = 1 << 18, /* points in a row that are not allowed, before it gives up */
};

bool space_is_small(const struct space *space)
{
    return space_combinations(space) <= SMALL_MAX;
}

/* Point `number` of the grid (a number in mixed radix); false behind the last one. */
static bool grid_point(double *unit, const struct space *space, uint64_t number)
{
    for (size_t i = space->n; i-- > 0;) {
        const struct param *param = &space->params[i];
        uint64_t levels = (uint64_t)fmax(1, param_levels(param));
        struct value value = param_nth(param, (double)(number % levels));
        unit[i] = param_encode(param, &value);
        number /= levels;
    }
    return number == 0;
}

static int walk(double *unit, const struct space *space, const struct history *history,
                struct err *err)
{
    struct value *config = mem_new(space->n, sizeof *config);
    size_t barren = 0;
    int rc = 1;

    for (uint64_t number = 0; rc == 1 && grid_point(unit, space, number); number++) {
        if (proposal_is_useful(config, space, history, unit))
            rc = 0;
        barren = space_allows(space, config, NULL) ? 0 : barren + 1;
        if (barren == BARREN_MAX)
            rc = err_failed(err, "%d points in a row break the constraints", BARREN_MAX);
    }
    free(config);
    return rc;
}

static int serves(const struct space *space, struct err *err)
{
    for (size_t i = 0; i < space->n; i++)
        if (isinf(param_levels(&space->params[i])))
            return err_usage(err,
                             "'%s' is a range without steps, of which it cannot try all values; "
                             "give the parameter `values` or a step `q`, or use sobol",
                             space->params[i].name);
    return 0;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    (void)rng, (void)attempt;
    return serves(space, err) == 0 ? walk(unit, space, history, err) : -1;
}

const struct strategy strategy_grid = {
    .name = "grid",
    .summary = "all combinations in order, then it stops; a range needs a step",
    .propose = propose,
    .serves = serves,
};
