/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "claim_test.h"
#include "str.h"

const char *const claim_verdict_names[] = {"open", "verified", "disproved", "inconclusive", NULL};

/* So late is futility spent that there is none before the last look (boundary.h). */
static const double NO_FUTILITY = 1000;

int claim_test_init(struct claim_test *out, double alpha, int max_seeds, struct err *err)
{
    struct judge_rule rule = {.alpha = alpha / 2, .max_seeds = max_seeds, .min_gain = 0};

    if (max_seeds < CLAIM_FIRST_LOOK)
        return err_usage(err, "max_seeds %d: a claim takes %d pairs at least", max_seeds,
                         CLAIM_FIRST_LOOK);
    if (judge_init(&out->side, &rule, err) != 0)
        return -1;
    struct boundary_plan plan = {.alpha = out->side.boundary.alpha,
                                 .first = CLAIM_FIRST_LOOK,
                                 .looks = max_seeds,
                                 .effect = boundary_design_effect(alpha / 2, max_seeds),
                                 .futility_power = NO_FUTILITY};
    out->alpha = alpha;
    return boundary_compute(&out->side.blind, &plan, err);
}

/* Both directions at one look. */
struct sides {
    struct judgement up, down; /* of "above by", of "below by" */
};

static void look(struct sides *out, const struct claim_test *test, double by, const double *diff,
                 size_t n)
{
    const struct noise unknown = {NAN, 0};
    double up[BOUNDARY_MAX], down[BOUNDARY_MAX];

    for (size_t i = 0; i < n; i++) {
        up[i] = diff[i] - by;
        down[i] = -up[i];
    }
    judge_pairs(&out->up, &test->side, &unknown, up, n);
    judge_pairs(&out->down, &test->side, &unknown, down, n);
}

/* A revert of one direction says nothing before the seeds are used up. */
static enum claim_verdict verdict_of(const struct sides *sides, int n, int looks)
{
    if (sides->up.verdict == VERDICT_KEEP)
        return CLAIM_VERIFIED;
    if (sides->down.verdict == VERDICT_KEEP)
        return CLAIM_DISPROVED;
    return n >= looks ? CLAIM_INCONCLUSIVE : CLAIM_OPEN;
}

/* The interval is that of the direction which was decided, or all that both leave. */
static void fill_interval(struct claim_found *out, const struct sides *sides, double by)
{
    double up_low = by + sides->up.low, up_high = by + sides->up.high;
    double down_low = by - sides->down.high, down_high = by - sides->down.low;

    if (out->verdict == CLAIM_VERIFIED) {
        out->low = up_low;
        out->high = up_high;
    } else if (out->verdict == CLAIM_DISPROVED) {
        out->low = down_low;
        out->high = fmin(down_high, nextafter(by, -INFINITY));
    } else {
        out->low = fmin(fmin(up_low, down_low), isfinite(up_low) ? by : (double)NAN);
        out->high = fmax(fmax(up_high, down_high), isfinite(up_high) ? by : (double)NAN);
    }
}

static void say(struct claim_found *out, const struct sides *sides)
{
    const struct judgement *decided = out->verdict == CLAIM_DISPROVED ? &sides->down : &sides->up;
    char z[NUMBER_TEXT], bound[NUMBER_TEXT];

    number_short(z, out->z, 3);
    number_short(bound, decided->keep_bound, 3);
    if (out->verdict == CLAIM_OPEN)
        snprintf(out->reason, sizeof out->reason, "more seeds");
    else if (!isfinite(out->z) || !isfinite(decided->keep_bound))
        snprintf(out->reason, sizeof out->reason, "%s", decided->reason);
    else if (out->verdict == CLAIM_INCONCLUSIVE)
        snprintf(out->reason, sizeof out->reason,
                 "z %s after %d pairs lies within the bounds -%s and %s, and the seeds are used up",
                 z, out->n, bound, bound);
    else
        snprintf(out->reason, sizeof out->reason, "z %s after %d pairs reaches the bound %s%s", z,
                 out->n, out->verdict == CLAIM_DISPROVED ? "-" : "", bound);
}

void claim_test_look(struct claim_found *out, const struct claim_test *test, double by,
                     const double *diff, size_t n)
{
    int looks = test->side.blind.looks;
    size_t used = n < (size_t)looks ? n : (size_t)looks;
    struct sides sides;

    assert(n > 0);
    look(&sides, test, by, diff, used);
    *out = (struct claim_found){.n = (int)used,
                                .mean = by + sides.up.mean,
                                .z = sides.up.z,
                                .sd = sides.up.sd,
                                .df = sides.up.df};
    out->verdict = verdict_of(&sides, out->n, looks);
    fill_interval(out, &sides, by);
    say(out, &sides);
}
