/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit_neighbour.h"

#include <string.h>

static void copy(struct value *out, const struct space *space, const struct value *from)
{
    memcpy(out, from, space->n * sizeof *out);
}

/* Moves parameter `at` by `by` of its unit range; false where that leaves the range, changes
 * nothing or is not allowed. */
static bool move(struct value *out, const struct space *space, const struct value *from, size_t at,
                 double by)
{
    const struct param *param = &space->params[at];
    double unit = param_encode(param, &from[at]) + by;

    copy(out, space, from);
    if (unit < 0 || unit > 1)
        return false;
    out[at] = param_decode(param, unit);
    space_settle(out, space);
    return !space_same(space, out, from) && space_allows(space, out, NULL);
}

static bool move_either_way(struct value *out, const struct space *space, const struct value *from,
                            size_t at)
{
    enum { STEPS = 9 };

    for (int k = 1; k <= STEPS; k++)
        if (move(out, space, from, at, k * AUDIT_STEP) ||
            move(out, space, from, at, -k * AUDIT_STEP))
            return true;
    return false;
}

static bool is_number(const struct space *space, const struct value *from, size_t at)
{
    const struct param *param = &space->params[at];

    return !param_is_choice(param) && param_levels(param) > 1 && from[at].type != VALUE_NONE;
}

bool audit_neighbour(struct value *out, const struct space *space, const struct value *from)
{
    int lr = space_find(space, "lr");

    if (lr >= 0 && is_number(space, from, (size_t)lr) &&
        move_either_way(out, space, from, (size_t)lr))
        return true;
    for (size_t i = 0; i < space->n; i++)
        if (is_number(space, from, i) && move_either_way(out, space, from, i))
            return true;
    copy(out, space, from);
    return false;
}
