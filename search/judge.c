/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>

#include "str.h"

/* An estimated variance makes the test worse than its boundaries say: with a prior of 30 down to 5
 * degrees of freedom it keeps 1.05 to 1.16 times too much at the level 0.05, and 1.15 to 1.6 times
 * at 0.0001, where bounds lie further out in the tails.  So the bounds are designed for less. */
static double design_alpha(double alpha)
{
    return 0.8 * alpha * pow(fmin(alpha / 0.05, 1.0), 0.06);
}

/* Reverts earlier than the reference design: with an estimated variance that saves pairs where
 * there is an effect of 1 SD (3.49 for 3.59), and costs less power than it would with a known one.
 */
static const double FUTILITY_POWER = 0.36;

/*
 * How many equal differences are a keep while no variance is known.  Let incumbent and candidate
 * on a seed be two independent draws of one distribution: the candidate is no better.  Then
 * P(d = v) = sum_x p(x) p(x+v) <= 1/4 for every v > 0 (each chain x, x+v, x+2v … splits into odd
 * and even members, whose products add up to at most the product of the two masses), so n
 * differences of one positive value have probability sum_v P(d = v)^n <= 4^-(n-1) / 2.
 */
static int certain_pairs(double alpha)
{
    int n = 2;

    while (0.5 * pow(4.0, -(n - 1)) > alpha)
        n++;
    return n;
}

int judge_init(struct judge *out, const struct judge_rule *rule, struct err *err)
{
    double alpha = design_alpha(rule->alpha);
    struct boundary_plan plan = {.alpha = alpha,
                                 .first = 1,
                                 .looks = rule->max_seeds,
                                 .effect = boundary_design_effect(alpha, rule->max_seeds),
                                 .futility_power = FUTILITY_POWER};

    if (!(rule->alpha >= 1e-9 && rule->alpha <= 0.2))
        return err_usage(err, "alpha %g is outside 1e-09 … 0.2", rule->alpha);
    if (rule->max_seeds < 1 || rule->max_seeds > BOUNDARY_MAX)
        return err_usage(err, "max_seeds %d is outside 1 … %d", rule->max_seeds, BOUNDARY_MAX);
    if (!(rule->min_gain >= 0.0 && isfinite(rule->min_gain)))
        return err_usage(err, "min_gain %g is not a number of at least 0", rule->min_gain);
    out->rule = *rule;
    out->certain_pairs = certain_pairs(alpha);
    if (boundary_compute(&out->boundary, &plan, err) != 0)
        return -1;
    plan.first = rule->max_seeds < 2 ? 1 : 2;
    return boundary_compute(&out->blind, &plan, err);
}

/*
 * The interval.  Effects are in units of sd and count from min_gain.  Where the effect is e,
 * sqrt(n) times the mean's distance from e is a t, and its normal deviate takes the place of the
 * last look's z; so the p-value at e = 0 is that of the verdict, and after one pair the interval is
 * the t interval.
 */
struct observation {
    const struct boundary *boundary;
    int n;
    double t, df; /* of the mean, against an effect of 0 */
    double p;     /* the tail probability that is looked for */
};

static double excess_tail(double effect, void *observation)
{
    const struct observation *o = observation;
    double drift = effect * sqrt(o->n);

    return boundary_tail(o->boundary, o->n, drift + noise_z(o->t - drift, o->df), effect) - o->p;
}

/* Steps from `guess`, ever further, until the root lies in [low, high]; false where none does. */
static bool bracket(double *low, double *high, double guess, struct observation *o)
{
    bool below = excess_tail(guess, o) < 0.0; /* the root lies above */
    double step = (below ? 2.0 : -2.0) / sqrt(o->n), far = guess;

    for (int i = 0; i < 60; i++, step *= 2.0) {
        double near = far;

        far = near + step;
        if ((excess_tail(far, o) < 0.0) != below) {
            *low = fmin(near, far);
            *high = fmax(near, far);
            return true;
        }
    }
    return false;
}

/* The effect at which the observation's tail probability is p; `solver` is scratch. */
static double effect_at(struct observation *o, double p, gsl_root_fsolver *solver)
{
    gsl_function tail = {excess_tail, o};
    double low, high;

    o->p = p;
    if (!bracket(&low, &high, o->t / sqrt(o->n), o))
        return NAN;
    gsl_root_fsolver_set(solver, &tail, low, high);
    for (int step = 0; step < 100; step++) {
        gsl_root_fsolver_iterate(solver);
        low = gsl_root_fsolver_x_lower(solver);
        high = gsl_root_fsolver_x_upper(solver);
        if (gsl_root_test_interval(low, high, 1e-7, 1e-7) == GSL_SUCCESS)
            break;
    }
    return gsl_root_fsolver_root(solver);
}

static void estimate(struct judgement *out, const struct boundary *boundary, double min_gain)
{
    double root_n = sqrt(out->n), alpha = boundary->alpha;
    double half_width = gsl_cdf_tdist_Qinv(alpha, out->df) * out->sd / root_n;
    struct observation o = {.boundary = boundary,
                            .n = out->n,
                            .t = root_n * (out->mean - min_gain) / out->sd,
                            .df = out->df};
    gsl_root_fsolver *solver;

    if (!isfinite(o.t) || !isfinite(out->sd))
        return; /* differences that overflow when squared have a verdict, but no interval */
    solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    if (!solver)
        return;
    out->low = min_gain + out->sd * effect_at(&o, alpha, solver);
    out->high = min_gain + out->sd * effect_at(&o, 1.0 - alpha, solver);
    gsl_root_fsolver_free(solver);
    out->high = fmax(out->high, out->mean + half_width);
    if (out->verdict == VERDICT_KEEP)
        out->low = fmax(out->low, min_gain); /* against the solver's last digit alone */
    else
        out->low = fmin(out->low, out->mean - half_width);
    if (out->verdict == VERDICT_REVERT)
        out->low = fmin(out->low, min_gain);
}

static const char *pairs_text(int n)
{
    return n == 1 ? "pair" : "pairs";
}

static void decide(struct judgement *out, bool last)
{
    char z[NUMBER_TEXT], keep[NUMBER_TEXT], revert[NUMBER_TEXT];

    number_short(z, out->z, 3);
    number_short(keep, out->keep_bound, 3);
    number_short(revert, out->revert_bound, 3);
    if (out->z >= out->keep_bound) {
        out->verdict = VERDICT_KEEP;
        snprintf(out->reason, sizeof out->reason, "z %s after %d %s reaches the keep bound %s", z,
                 out->n, pairs_text(out->n), keep);
    } else if (last || out->z <= out->revert_bound) {
        out->verdict = VERDICT_REVERT;
        snprintf(out->reason, sizeof out->reason,
                 "z %s after %d %s is not above the revert bound %s", z, out->n, pairs_text(out->n),
                 revert);
    } else {
        out->verdict = VERDICT_MORE_SEEDS;
        snprintf(out->reason, sizeof out->reason, "z %s after %d %s lies between %s and %s", z,
                 out->n, pairs_text(out->n), revert, keep);
    }
}

static void set(struct judgement *out, enum verdict verdict, const char *reason)
{
    out->verdict = verdict;
    snprintf(out->reason, sizeof out->reason, "%s", reason);
}

/* The effect has no noise: the interval is a point. */
static void set_certain(struct judgement *out, enum verdict verdict)
{
    char gain[NUMBER_TEXT];

    out->verdict = verdict;
    out->low = out->high = out->mean;
    snprintf(out->reason, sizeof out->reason, "every one of %d pairs differs by exactly %s%s",
             out->n, number_short(gain, out->mean, 6),
             verdict == VERDICT_KEEP ? "" : ", which is not the gain asked for");
}

/* Nothing is known of the noise, and the pairs show none: equal differences, or only one. */
static void decide_without_variance(struct judgement *out, const struct judge *judge)
{
    enum verdict undecided = out->n >= judge->blind.looks ? VERDICT_REVERT : VERDICT_MORE_SEEDS;
    char gain[NUMBER_TEXT];

    if (out->n == 1) {
        set(out, undecided, "one pair cannot be judged while nothing is known of the noise");
    } else if (out->mean <= judge->rule.min_gain) {
        set_certain(out, VERDICT_REVERT);
    } else if (out->n >= judge->certain_pairs) {
        set_certain(out, VERDICT_KEEP);
    } else {
        out->verdict = undecided;
        snprintf(out->reason, sizeof out->reason,
                 "all %d pairs differ by exactly %s; it takes %d such pairs to rule out chance",
                 out->n, number_short(gain, out->mean, 6), judge->certain_pairs);
    }
}

static void decide_no_op(struct judgement *out)
{
    out->z = out->low = out->high = 0.0;
    set(out, VERDICT_REVERT, "no effect at all: every pair differs by exactly 0");
}

static void decide_on_variance(struct judgement *out, const struct judge *judge,
                               const struct boundary *boundary)
{
    double gain = out->mean - judge->rule.min_gain;

    out->z = noise_z(sqrt(out->n) * gain / out->sd, out->df);
    out->keep_bound = boundary->keep[out->n - 1];
    out->revert_bound = boundary->revert[out->n - 1];
    decide(out, out->n == boundary->looks);
    estimate(out, boundary, judge->rule.min_gain);
}

static bool all_zero(const double *x, int n)
{
    for (int i = 0; i < n; i++)
        if (x[i] < 0.0 || x[i] > 0.0)
            return false;
    return true;
}

static double mean_of(const double *x, int n)
{
    double sum = 0.0;

    for (int i = 0; i < n; i++) {
        assert(isfinite(x[i]));
        sum += x[i];
    }
    return sum / n;
}

void judge_pairs(struct judgement *out, const struct judge *judge, const struct noise *prior,
                 const double *diff, size_t n)
{
    const struct boundary *boundary = prior->df > 0.0 ? &judge->boundary : &judge->blind;
    int looked = n < (size_t)boundary->looks ? (int)n : boundary->looks;
    struct noise sample = noise_sample(diff, (size_t)looked);
    struct noise noise = noise_moderate(prior, sample.s2, sample.df);

    *out = (struct judgement){.verdict = VERDICT_MORE_SEEDS,
                              .n = looked,
                              .mean = NAN,
                              .low = NAN,
                              .high = NAN,
                              .z = NAN,
                              .sd = NAN,
                              .keep_bound = NAN,
                              .revert_bound = NAN};
    if (looked == 0) {
        set(out, VERDICT_MORE_SEEDS, "no pairs yet");
        return;
    }
    out->mean = mean_of(diff, looked);
    if (all_zero(diff, looked)) {
        decide_no_op(out);
    } else if (noise.s2 > 0.0) {
        out->sd = sqrt(noise.s2);
        out->df = noise.df;
        decide_on_variance(out, judge, boundary);
    } else {
        decide_without_variance(out, judge);
    }
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_KEEP] = "keep", [VERDICT_REVERT] = "revert", [VERDICT_MORE_SEEDS] = "more seeds"};

    return names[verdict];
}
