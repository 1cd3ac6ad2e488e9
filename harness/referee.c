/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "claims.h"
#include "lond.h"
#include "mem.h"
#include "paired_test.h"
#include "procedure.h"
#include "record_audit.h"
#include "record_early.h"
#include "record_hypothesis.h"
#include "referee.h"

void referee_init(struct referee *r)
{
    *r = (struct referee){.next_test = TESTS_OF_REFEREE,
                          .tested_gain = NAN,
                          .tested_variance = NAN,
                          .noise = {NAN, NAN, NAN, 0}};
    head_prior_init(&r->prior, NAN);
}

void referee_clear(struct referee *r)
{
    for (size_t i = 0; i < REFEREE_JUDGES; i++)
        free(r->judges[i]);
    free(r->claim);
    free(r->variances);
    referee_init(r);
}

/* --- levels and noise ----------------------------------------------------------------------- */

double referee_level(const struct referee *r, const struct study *study)
{
    if (isfinite(study->fdr))
        return lond_level(study->fdr, r->tests + 1, r->keeps);
    return study->rule.alpha;
}

double referee_claim_level(const struct referee *r, const struct study *study)
{
    if (isfinite(study->fdr))
        return lond_level(study->fdr, r->claims + 1, r->discoveries);
    return study->rule.alpha;
}

static const struct judge *judge_at(struct referee *r, const struct study *study, double alpha,
                                    struct err *err)
{
    const size_t n = REFEREE_JUDGES;
    struct judge_rule rule = study->rule;
    struct judge *judge;

    for (size_t i = 0; i < n; i++)
        if (r->judges[i] != NULL && !(r->judges[i]->rule.alpha < alpha) &&
            !(r->judges[i]->rule.alpha > alpha))
            return r->judges[i];
    rule.alpha = alpha;
    judge = mem_new(1, sizeof *judge);
    if (judge_init(judge, &rule, err) != 0) {
        free(judge);
        return NULL;
    }
    free(r->judges[r->next_judge]);
    r->judges[r->next_judge] = judge;
    r->next_judge = (r->next_judge + 1) % n;
    return judge;
}

const struct judge *referee_judge(struct referee *r, const struct record *record,
                                  int64_t experiment, struct err *err)
{
    const struct study *study = &record->study;

    return judge_at(r, study, experiment > 0 ? study->rule.alpha : referee_level(r, study), err);
}

/* Two runs that share nothing: twice the variance over seeds, which the audit has from two configs
 * that are correlated over theirs. */
static void lone_noise(struct noise *out, const struct referee *r)
{
    double rho = r->noise.rho;
    double df = r->audit.df > 0 ? 2 * r->audit.df / (1 + rho * rho) : BASELINE_SEEDS - 1;

    *out = (struct noise){2 * r->noise.seed_variance, df};
    if (!(out->s2 > 0))
        *out = (struct noise){NAN, 0};
}

void referee_noise(struct noise *out, const struct referee *r, const struct record *record,
                   int64_t experiment, bool salted)
{
    int64_t known = experiment > 0 ? record_known(record, experiment) : r->followed;
    struct noise audit = audit_noise(&r->audit);
    double *s2, *df;
    size_t n = 0;

    if (salted) {
        lone_noise(out, r);
        return;
    }
    s2 = mem_new(r->n_variances + 1, sizeof *s2);
    df = mem_new(r->n_variances + 1, sizeof *df);
    for (; n < r->n_variances && r->variances[n].decision <= known; n++) {
        s2[n] = r->variances[n].s2;
        df[n] = r->variances[n].df;
    }
    noise_prior(out, &audit, s2, df, n);
    free(s2);
    free(df);
}

/* --- taking in decisions -------------------------------------------------------------------- */

/* Runs of an experiment on the panel that were planned before decision `number` was made. */
static size_t panel_runs(const struct record *record, int64_t experiment, int64_t number)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, experiment, 0, pairs, PAIRS_MAX), before = 0;

    for (size_t i = 0; i < n && i < PAIRS_MAX; i++)
        before += pairs[i]->after < number;
    return before;
}

static double own_seed_variance(const struct record *record)
{
    const struct pair *pairs[PAIRS_MAX];
    int64_t baseline = record_baseline(record);
    size_t n = record_pairs(record, baseline, 0, pairs, PAIRS_MAX), ok = 0;
    double losses[BASELINE_SEEDS];

    for (size_t i = 0; i < n && ok < BASELINE_SEEDS; i++) {
        double loss = record_loss(record, record_run(record, baseline, pairs[i]->seed));
        if (isfinite(loss))
            losses[ok++] = loss;
    }
    return noise_sample(losses, ok).s2;
}

static int follow_baseline(struct referee *r, const struct record *record, struct err *err)
{
    const struct judge *judge = referee_judge(r, record, 0, err);

    if (judge == NULL)
        return -1;
    r->noise = (struct selection_noise){0, own_seed_variance(record), NAN, 0};
    if (record->study.audit) {
        record_audit(&r->audit, record, judge);
        r->noise.rho = isfinite(r->audit.rho) ? r->audit.rho : 0;
        r->noise.pair_variance = r->audit.sigma_d * r->audit.sigma_d;
        r->noise.pair_df = r->audit.df;
        if (isfinite(r->audit.sigma_seed))
            r->noise.seed_variance = r->audit.sigma_seed * r->audit.sigma_seed;
    }
    head_prior_init(&r->prior, isfinite(r->noise.pair_variance) ? r->noise.pair_variance
                                                                : 2 * r->noise.seed_variance);
    return 0;
}

static void add_variance(struct referee *r, const struct decision *d)
{
    if (d->n < 2 || !isfinite(d->sd))
        return;
    r->variances = mem_room(r->variances, r->n_variances, sizeof *r->variances);
    r->variances[r->n_variances++] = (struct variance){d->sd * d->sd, d->n - 1, d->number};
}

static void follow_test(struct referee *r, const struct decision *d)
{
    if (d->kind == DECISION_CONFIRM) {
        r->confirmed = d->experiment;
        return;
    }
    if (d->kind == DECISION_PLACEBO) {
        r->placebo_due = false;
        return;
    }
    add_variance(r, d);
    r->tests++;
    r->keeps += d->verified;
    r->since_test = 0;
    r->untested = false;
    r->tested_gain = d->mean;
    r->tested_variance = d->n > 0 ? d->sd * d->sd / d->n : (double)NAN;
}

/* What was ended early was worth as little as it seemed: proposals would look better without it. */
static void learn_ended_early(struct referee *r, const struct record *record,
                              const struct decision *d)
{
    const struct run *run = record_early_run(record, d->experiment);
    struct early_found found;

    if (run != NULL && record_early_read(&found, record, run))
        head_prior_learn(&r->prior, found.effect, found.variance);
}

static void follow_proposal(struct referee *r, const struct record *record,
                            const struct decision *d)
{
    bool lesson = d->against > 0 && d->verdict != OUTCOME_FAILED && d->test == 0 &&
                  record->experiments[d->experiment - 1].purpose != PURPOSE_PLACEBO;

    r->since_test++;
    r->since_move++;
    r->in_night++;
    r->closing = false; /* the night went on */
    if (lesson && isfinite(d->mean) && isfinite(d->sd))
        head_prior_learn(&r->prior, d->mean, d->sd * d->sd);
    else if (lesson)
        learn_ended_early(r, record, d);
}

static void follow_head(struct referee *r, const struct record *record, const struct decision *d,
                        int64_t before)
{
    if (d->head == before)
        return;
    r->since_move = 0;
    r->head_runs = panel_runs(record, d->head, d->number);
    r->untested = d->head != d->incumbent;
    r->tested_gain = r->tested_variance = NAN;
}

/* A hypothesis takes up the experiments that were made for it, and leaves the search alone. */
static void follow_claim(struct referee *r, const struct record *record, const struct decision *d)
{
    const struct hypothesis *h = record_hypothesis_of(record, d);
    enum claim_verdict verdict = h != NULL ? hypothesis_verdict(h, d) : CLAIM_INCONCLUSIVE;
    int64_t last = d->experiment > d->against ? d->experiment : d->against;

    r->claims++;
    r->discoveries += verdict == CLAIM_VERIFIED || verdict == CLAIM_DISPROVED;
    r->decided = last > r->decided ? last : r->decided;
    r->next_test = d->test + TEST_CLASSES;
    r->followed = d->number;
    free(r->claim);
    r->claim = NULL;
}

static int follow_one(struct referee *r, const struct record *record, const struct decision *d,
                      struct err *err)
{
    int64_t before = d->number > 1 ? record->decisions[d->number - 2].head : 0;

    if (d->kind == DECISION_HYPOTHESIS) {
        follow_claim(r, record, d);
        return 0;
    }
    if (d->against == 0 && d->verdict == OUTCOME_KEEP && follow_baseline(r, record, err) != 0)
        return -1;
    if (record->experiments[d->experiment - 1].decision == d->number) {
        r->decided = d->experiment;
        follow_proposal(r, record, d);
    }
    if (d->test > 0)
        follow_test(r, d);
    if (d->test % TEST_CLASSES == TESTS_OF_REFEREE)
        r->next_test = d->test + TEST_CLASSES;
    follow_head(r, record, d, before);
    r->followed = d->number;
    return 0;
}

/* An end of a night stands between two decisions. */
static void follow_closings(struct referee *r, const struct record *record, int64_t number)
{
    for (; r->closings < record->n_closings; r->closings++) {
        const struct closing *closing = &record->closings[r->closings];
        if (closing->after > number)
            return;
        r->closing = true;
        r->placebo_due = closing->placebo && r->in_night >= PLACEBO_TEST_AFTER;
        r->in_night = 0;
    }
}

int referee_follow(struct referee *r, const struct record *record, struct err *err)
{
    follow_closings(r, record, r->followed);
    while (r->followed < (int64_t)record->n_decisions) {
        if (follow_one(r, record, &record->decisions[r->followed], err) != 0)
            return -1;
        follow_closings(r, record, r->followed);
    }
    return 0;
}

/* --- the head ------------------------------------------------------------------------------- */

/* One fresh run after a move, and one more every REFRESH_EVERY decisions. */
static size_t head_runs_wanted(const struct referee *r, const struct record *record)
{
    size_t fresh = record_head(record) != record_baseline(record) ? 1 : 0;
    size_t n = r->head_runs + fresh + (size_t)(r->since_move / REFRESH_EVERY);
    size_t most = r->head_runs > HEAD_RUNS_MOST ? r->head_runs : HEAD_RUNS_MOST;

    return n < most ? n : most;
}

/* True while the head lacks a run. */
static bool need_head_runs(struct needs *out, const struct referee *r, const struct record *record)
{
    const struct pair *pairs[PAIRS_MAX];
    int64_t head = record_head(record);
    size_t n = record_pairs(record, head, 0, pairs, PAIRS_MAX);
    bool waiting = false;

    if (n < head_runs_wanted(r, record)) {
        needs_pair(out, record, head, 0, 0, n);
        return true;
    }
    for (size_t i = 0; i < n && i < PAIRS_MAX; i++)
        waiting |= needs_run(out, record, head, RUN_OWN, pairs[i]->seed);
    out->need = waiting ? NEED_RUNS : NEED_NOTHING;
    return waiting;
}

/*
 * How much better the head seems than the incumbent: by the panel, and, after a test that failed,
 * by both together, weighted by their variances.  *sigma_d: of a pair.
 */
static double estimated_gain(double *sigma_d, const struct referee *r, const struct record *record,
                             double tested_gain, double tested_variance)
{
    struct selection panel;

    selection_open(&panel, record, r->decided, 0, &r->noise);
    struct standing head = selection_standing(&panel, record_head(record));
    struct standing incumbent = selection_standing(&panel, record_incumbent(record));
    *sigma_d = sqrt(2 * panel.run_variance);
    selection_close(&panel);
    double gain = incumbent.mean - head.mean, variance = incumbent.variance + head.variance;
    if (!isfinite(tested_gain) || !(tested_variance > 0) || !(variance > 0))
        return isfinite(tested_gain) && !(tested_variance > 0) ? tested_gain : gain;
    return (gain / variance + tested_gain / tested_variance) / (1 / variance + 1 / tested_variance);
}

double referee_head_gain(double *sigma_d, const struct referee *r, const struct record *record)
{
    int64_t head = record_head(record);

    *sigma_d = NAN;
    if (head == 0 || head == record_incumbent(record))
        return NAN;
    return estimated_gain(sigma_d, r, record, r->tested_gain, r->tested_variance);
}

static bool test_is_due(const struct referee *r, const struct record *record)
{
    double sigma_d, gain;

    if (!procedure_of(&record->study)->head_is_tested ||
        record_head(record) == record_incumbent(record))
        return false;
    if (r->since_test >= TEST_AFTER)
        return true;
    if (r->closing)
        return r->untested || r->since_test >= REFRESH_EVERY;
    if (!r->untested || r->since_test < TEST_REST)
        return false;
    gain = estimated_gain(&sigma_d, r, record, NAN, NAN);
    return gain >= TEST_AT_GAIN * sigma_d && gain > 0;
}

/* A head that failed goes on, unless what is left of its gain is nothing. */
static void settle_test(struct decision *d, const struct referee *r, const struct record *record)
{
    double sigma_d, variance;

    d->verified = d->verdict == OUTCOME_KEEP;
    if (d->verified) {
        d->incumbent = d->head = d->experiment;
        return;
    }
    variance = d->n > 1 ? d->sd * d->sd / d->n : (double)NAN;
    if (d->verdict == OUTCOME_FAILED ||
        !(estimated_gain(&sigma_d, r, record, d->mean, variance) > 0)) {
        d->head = d->incumbent;
        size_t len = strlen(d->reason);
        snprintf(d->reason + len, sizeof((struct needs *)NULL)->reason - len,
                 "; the search goes back to the incumbent");
    }
}

static int next_of_test(struct needs *out, struct referee *r, const struct record *record,
                        const struct paired_test *test, struct err *err)
{
    const struct judge *judge = referee_judge(r, record, 0, err);
    bool placebo = test->kind == DECISION_PLACEBO;
    struct noise noise;

    if (judge == NULL)
        return -1;
    referee_noise(&noise, r, record, 0, placebo);
    paired_test_next(out, record, test, judge, &noise);
    if (out->need == NEED_DECISION && !placebo)
        settle_test(&out->decision, r, record);
    return 0;
}

/* --- the end of a night --------------------------------------------------------------------- */

static bool confirmation_is_due(const struct referee *r, const struct record *record)
{
    return r->closing && record->study.confirm > 0 &&
           record_incumbent(record) != record_baseline(record) &&
           record_incumbent(record) != r->confirmed;
}

bool referee_is_closing(const struct referee *r, const struct record *record)
{
    return r->closing &&
           (test_is_due(r, record) || r->placebo_due || confirmation_is_due(r, record));
}

size_t referee_usual_end(const struct study *study)
{
    size_t test = 2 * (size_t)study->rule.max_seeds;
    size_t usual = test < 2 * TEST_PAIRS_USUAL ? test : 2 * TEST_PAIRS_USUAL;

    return (procedure_of(study)->head_is_tested ? 1 + usual : 0) + 2 * (size_t)study->confirm;
}

size_t referee_reserve(const struct record *record, bool placebo)
{
    const struct study *study = &record->study;
    bool head = procedure_of(study)->head_is_tested,
         keep = head || record_incumbent(record) != record_baseline(record);
    size_t test = 2 * (size_t)study->rule.max_seeds;
    size_t confirm = keep ? 2 * (size_t)study->confirm : 0;

    if (placebo && study->placebo > 0)
        return (head ? test + 1 : 0) + test + confirm;
    return head ? referee_usual_end(study) : confirm;
}

void referee_confirm(struct needs *out, const struct record *record, int64_t experiment,
                     int64_t number, size_t seeds)
{
    struct paired_test test = {DECISION_CONFIRM, experiment, record_baseline(record), number};

    *out = (struct needs){.need = NEED_NOTHING};
    paired_test_confirm(out, record, &test, seeds);
}

int64_t referee_asked_test(const struct record *record, int64_t experiment)
{
    int64_t number = TESTS_ASKED_FOR - TEST_CLASSES, whose = 0;

    for (size_t i = 0; i < record->n_pairs; i++) {
        const struct pair *pair = &record->pairs[i];
        if (pair->test % TEST_CLASSES != TESTS_ASKED_FOR || pair->test < number)
            continue;
        number = pair->test;
        whose = pair->experiment;
    }
    for (size_t i = 0; i < record->n_decisions; i++)
        if (record->decisions[i].test == number)
            whose = 0;
    return number > 0 && whose == experiment ? number : number + TEST_CLASSES;
}

static int next_of_night(struct needs *out, struct referee *r, const struct record *record,
                         struct err *err)
{
    int64_t incumbent = record_incumbent(record);
    struct paired_test placebo = {DECISION_PLACEBO, incumbent, incumbent, r->next_test};

    if (r->placebo_due)
        return next_of_test(out, r, record, &placebo, err);
    referee_confirm(out, record, incumbent, r->next_test, (size_t)record->study.confirm);
    return 0;
}

/* --- hypotheses ------------------------------------------------------------------------------ */

static int next_of_claims(struct needs *out, struct referee *r, const struct record *record,
                          struct err *err)
{
    const struct study *study = &record->study;

    if (r->claim == NULL) {
        r->claim = mem_new(1, sizeof *r->claim);
        if (claim_test_init(r->claim, referee_claim_level(r, study), study->rule.max_seeds, err) !=
            0)
            return -1;
    }
    claims_next(out, record, r->next_test, r->claim);
    return 0;
}

/* --- without a baseline ----------------------------------------------------------------------- */

/* What was proposed from a baseline that failed has nothing to be compared with. */
static void withdraw(struct needs *out, const struct record *record, const struct experiment *e)
{
    bool placebo = e->purpose == PURPOSE_PLACEBO;
    struct decision *d = needs_decision(out, record, placebo ? DECISION_PLACEBO : DECISION_HEAD,
                                        e->id, e->against, OUTCOME_FAILED);

    d->n = 0;
    snprintf(out->reason, sizeof out->reason, "withdrawn: its baseline, experiment %lld, failed",
             (long long)e->against);
}

static void next_without_incumbent(struct needs *out, const struct referee *r,
                                   const struct record *record, bool audit)
{
    int64_t first = r->decided + 1;

    if (first > (int64_t)record->n_experiments)
        return;
    if (record->experiments[first - 1].purpose != PURPOSE_BASELINE)
        withdraw(out, record, &record->experiments[first - 1]);
    else
        baseline_next(out, record, audit);
}

/* --- all together --------------------------------------------------------------------------- */

int referee_ahead(struct needs *out, struct referee *r, const struct record *record,
                  int64_t experiment, struct err *err)
{
    *out = (struct needs){.need = NEED_NOTHING};
    return procedure_of(&record->study)->next(out, r, record, experiment, false, err);
}

int referee_next(struct needs *out, struct referee *r, const struct record *record, bool noise_only,
                 struct err *err)
{
    const struct procedure *procedure = procedure_of(&record->study);
    int64_t first = r->decided + 1;

    *out = (struct needs){.need = NEED_NOTHING};
    if (record_incumbent(record) == 0) {
        next_without_incumbent(out, r, record, record->study.audit || noise_only);
        return 0;
    }
    if (noise_only) {
        baseline_next(out, record, true);
        return 0;
    }
    if (record_hypotheses_open(record))
        return next_of_claims(out, r, record, err);
    if (procedure->head_is_tested && need_head_runs(out, r, record))
        return 0;
    if (test_is_due(r, record)) {
        struct paired_test test = {DECISION_VERIFY, record_head(record), record_incumbent(record),
                                   r->next_test};
        return next_of_test(out, r, record, &test, err);
    }
    if (r->placebo_due || confirmation_is_due(r, record))
        return next_of_night(out, r, record, err);
    if (first > (int64_t)record->n_experiments)
        return 0;
    out->proposal = first;
    return procedure->next(out, r, record, first, true, err);
}

int referee_again(struct needs *out, struct referee *r, const struct record *record,
                  const struct decision *d, struct err *err)
{
    if (d->kind == DECISION_CONFIRM) {
        referee_confirm(out, record, d->experiment, d->test,
                        record_pairs(record, d->experiment, d->test, NULL, 0));
        return 0;
    }
    return referee_next(out, r, record, false, err);
}
