/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hyperband - asynchronous successive halving: at each rung the best of those that came so far go
 * on (ASHA, Li et al. 2018, arXiv:1810.05934; the name and the words eta, min_iter and s are
 * W&B's).
 *
 * A rung is a share of the run.  With `s` they are at eta^-s, …, eta^-1; with `min_iter` the first
 * is where the baseline printed its value of that number, and each is eta times the one before.  Of
 * n runs on the same seed that have come to a rung, this one among them, max(1, floor(n / eta)) may
 * go on: one that is not among the best so many ends there.  Nobody waits, as in ASHA; the runs
 * that count are those of the experiments decided before, so the answer is the same in any order
 * of ends.
 *
 * Where ASHA pauses a run and may promote it later, here it either goes on at once, in the same
 * process, or has ended: a run that is promoted is bit for bit one that nobody looked at, and its
 * learning rate follows the schedule of the whole budget, whatever the rung.
 */
#include <math.h>

#include "early.h"

/* The first point of the candidate at a place or beyond it; NULL: it has not come so far. */
static const struct curve_point *first_from(const struct curve *curve, double place)
{
    for (size_t i = 0; i < curve->n; i++)
        if (curve->points[i].place >= place)
            return &curve->points[i];
    return NULL;
}

/* Its place among all that have come to the rung.  False where it has no value there. */
static bool rank(struct early_end *out, const struct early_rule *rule, const struct early_case *c,
                 double place)
{
    double own = curve_at(c->own, place);

    out->rank = out->of = 1;
    for (size_t i = 0; i < c->n_others; i++) {
        double other = curve_at(c->others[i], place);
        out->of += isfinite(other);
        out->rank += other < own;
    }
    out->go_on = (int)fmax(1, floor(out->of / rule->eta));
    return isfinite(own);
}

static bool ends_at(struct early_end *out, const struct early_rule *rule,
                    const struct early_case *c, double rung, const struct curve_point *point)
{
    struct early_end ranks;

    if (!rank(&ranks, rule, c, rung * c->end) || ranks.rank <= ranks.go_on)
        return false;
    early_measure(out, c, point);
    out->rank = ranks.rank;
    out->of = ranks.of;
    out->go_on = ranks.go_on;
    return true;
}

static bool fires(struct early_end *out, const struct early_rule *rule, const struct early_case *c)
{
    double rung = rule->min_iter > 0 ? c->first_rung : pow(rule->eta, -rule->s);

    for (int i = 0; rung < 1 && (rule->min_iter > 0 || i < rule->s); i++) {
        const struct curve_point *point = first_from(c->own, rung * c->end);
        if (point == NULL || !(point->place < c->end))
            return false;
        if (ends_at(out, rule, c, rung, point))
            return true;
        rung *= rule->eta;
    }
    return false;
}

const struct early_kind early_hyperband = {
    .name = "hyperband",
    .summary = "ended at a rung where it is not among the best one in eta (successive halving)",
    .ranks = true,
    .fires = fires,
};
