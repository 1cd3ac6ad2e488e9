/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include <gsl/gsl_cdf.h>

#include "paired_test.h"
#include "str.h"

struct differences {
    double of[PAIRS_MAX]; /* [n] incumbent - candidate, in the order of the pairs */
    size_t n, pairs;      /* pairs: those without a difference too */
    bool waiting;
    const struct run *failed; /* the candidate's first failure where the incumbent succeeded */
};

/* A pair whose incumbent failed is void, whatever became of the candidate. */
static void add_pair(struct differences *d, struct needs *out, const struct record *record,
                     const struct pair *pair)
{
    const struct run *candidate = record_candidate(record, pair);
    const struct run *incumbent = record_run(record, pair->against, pair->seed);

    d->waiting |= needs_run(out, record, pair->experiment, pair_variant(pair), pair->seed);
    d->waiting |= needs_run(out, record, pair->against, RUN_OWN, pair->seed);
    if (!run_is_final(candidate) || !run_is_final(incumbent) || incumbent->class != CLASS_OK)
        return;
    if (candidate->class == CLASS_OK)
        d->of[d->n++] = record_loss(record, incumbent) - record_loss(record, candidate);
    else if (d->failed == NULL)
        d->failed = candidate;
}

static void collect(struct differences *d, struct needs *out, const struct record *record,
                    const struct paired_test *test)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, test->experiment, test->test, pairs, PAIRS_MAX);

    *d = (struct differences){.pairs = n < PAIRS_MAX ? n : PAIRS_MAX};
    for (size_t i = 0; i < d->pairs; i++)
        add_pair(d, out, record, pairs[i]);
}

static struct decision *decide(struct needs *out, const struct record *record,
                               const struct paired_test *test, enum outcome verdict)
{
    struct decision *d =
        needs_decision(out, record, test->kind, test->experiment, test->against, verdict);

    d->test = test->test;
    return d;
}

static void fill_judgement(struct decision *d, const struct judgement *j,
                           const struct differences *diff, double alpha)
{
    d->alpha = alpha;
    d->n = j->n;
    d->mean = j->mean;
    d->low = j->low;
    d->high = j->high;
    d->z = j->z;
    d->df = j->df;
    d->sd = sqrt(noise_sample(diff->of, (size_t)j->n).s2);
}

/* With every pair there that was planned, and none failed. */
static void judge(struct needs *out, const struct record *record, const struct paired_test *test,
                  const struct differences *diff, const struct judge *judge,
                  const struct noise *noise)
{
    size_t most = 2 * (size_t)judge->rule.max_seeds;
    struct judgement j = {.verdict = VERDICT_MORE_SEEDS};
    struct decision *d;

    if (diff->n > 0)
        judge_pairs(&j, judge, noise, diff->of, diff->n);
    if (j.verdict == VERDICT_MORE_SEEDS && diff->pairs < most) {
        needs_pair(out, record, test->experiment, test->against, test->test, diff->pairs);
        return;
    }
    d = decide(out, record, test, j.verdict == VERDICT_KEEP ? OUTCOME_KEEP : OUTCOME_REVERT);
    d->alpha = judge->rule.alpha;
    if (diff->n > 0)
        fill_judgement(d, &j, diff, judge->rule.alpha);
    if (j.verdict != VERDICT_MORE_SEEDS)
        snprintf(out->reason, sizeof out->reason, "%s", j.reason);
    else
        snprintf(out->reason, sizeof out->reason,
                 "the incumbent failed on %zu of %zu seeds: no decision was possible",
                 diff->pairs - diff->n, diff->pairs);
}

void paired_test_next(struct needs *out, const struct record *record,
                      const struct paired_test *test, const struct judge *rule,
                      const struct noise *noise)
{
    struct differences diff;

    out->need = NEED_RUNS;
    collect(&diff, out, record, test);
    if (diff.waiting)
        return;
    if (diff.failed == NULL) {
        judge(out, record, test, &diff, rule, noise);
        return;
    }
    struct decision *d = decide(out, record, test, OUTCOME_FAILED);
    d->alpha = rule->rule.alpha;
    d->n = (int)diff.n;
    needs_failed(d, diff.failed);
}

/* --- confirmation --------------------------------------------------------------------------- */

static double mean_of(const struct differences *diff)
{
    double sum = 0;

    for (size_t i = 0; i < diff->n; i++)
        sum += diff->of[i];
    return sum / (double)diff->n;
}

static void estimate(struct decision *d, const struct differences *diff)
{
    struct noise sample = noise_sample(diff->of, diff->n);
    double se = sqrt(sample.s2 / (double)diff->n);
    double t = diff->n > 1 ? gsl_cdf_tdist_Qinv((1 - CONFIRM_LEVEL) / 2, sample.df) : (double)NAN;

    d->n = (int)diff->n;
    d->mean = mean_of(diff);
    d->low = d->mean - t * se;
    d->high = d->mean + t * se;
    d->sd = sqrt(sample.s2);
    d->df = sample.df;
    d->z = se > 0 ? noise_z(d->mean / se, sample.df) : (double)NAN;
    d->verdict = d->low > 0 ? OUTCOME_KEEP : OUTCOME_REVERT;
}

static void say_confirmed(struct needs *out)
{
    const struct decision *d = &out->decision;
    char low[NUMBER_TEXT], high[NUMBER_TEXT];

    if (d->n < 2)
        snprintf(out->reason, sizeof out->reason, "too few pairs ended well to confirm anything");
    else
        snprintf(out->reason, sizeof out->reason,
                 "%s on %d fresh seeds: the 95 %% interval is %s to %s",
                 d->verdict == OUTCOME_KEEP ? "confirmed" : "not confirmed", d->n,
                 number_short(low, d->low, 3), number_short(high, d->high, 3));
}

void paired_test_confirm(struct needs *out, const struct record *record,
                         const struct paired_test *test, size_t seeds)
{
    struct differences diff;

    out->need = NEED_RUNS;
    collect(&diff, out, record, test);
    if (diff.pairs < seeds) {
        out->n_runs = 0;
        needs_pair(out, record, test->experiment, test->against, test->test, diff.pairs);
        return;
    }
    if (diff.waiting)
        return;
    struct decision *d = decide(out, record, test, OUTCOME_REVERT);
    if (diff.n > 0)
        estimate(d, &diff);
    if (diff.failed != NULL)
        needs_failed(d, diff.failed);
    else
        say_confirmed(out);
}
