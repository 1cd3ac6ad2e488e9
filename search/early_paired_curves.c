/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * paired_curves - ended where it is clearly behind the search head on the same seed.
 *
 * The head's run under the same seed has seen the same data from the same start, so that little of
 * the difference is luck.  Every point from min_progress on is a look; the first at which
 * z <= -rule.z (early.h) ends the run.  At the end itself there is nothing to save.  What z says is
 * that the candidate is behind now; whether it would have caught up is what the spared runs
 * measure (record_early.h).
 */
#include "early.h"

static bool fires(struct early_end *out, const struct early_rule *rule, const struct early_case *c)
{
    for (size_t i = 0; i < c->own->n; i++) {
        const struct curve_point *point = &c->own->points[i];
        if (point->place < rule->min_progress * c->end || !(point->place < c->end))
            continue;
        early_measure(out, c, point);
        if (out->z <= -rule->z)
            return true;
    }
    return false;
}

const struct early_kind early_paired_curves = {
    .name = "paired_curves",
    .summary = "ended where it is behind the search head on the same seed, beyond the noise",
    .fires = fires,
};
