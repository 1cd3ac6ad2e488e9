/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_randist.h>

#include "gsl_stream.h"
#include "mem.h"
#include "neighbour.h"

void neighbour_stand(double *unit, struct value *at, const struct space *space,
                     const struct history *history)
{
    const struct value *head = history_head(history);

    if (head != NULL)
        memcpy(at, head, space->n * sizeof *at);
    else
        space_start(at, space);
    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        unit[i] = param_encode(param, at[i].type != VALUE_NONE ? &at[i] : &param->start);
    }
}

static size_t list_movable(size_t *out, const struct space *space, const struct value *at)
{
    size_t n = 0;

    for (size_t i = 0; i < space->n; i++)
        if (at[i].type != VALUE_NONE && param_levels(&space->params[i]) > 1)
            out[n++] = i;
    return n;
}

size_t neighbour_pick(size_t *picked, const struct space *space, const struct value *at,
                      size_t count, struct rng *rng)
{
    gsl_rng gsl = gsl_stream(rng);
    size_t *movable = mem_new(space->n, sizeof *movable);
    size_t n = list_movable(movable, space, at);

    count = count < n ? count : n;
    if (count > 0)
        gsl_ran_choose(&gsl, picked, count, movable, n, sizeof *movable);
    free(movable);
    return count;
}
