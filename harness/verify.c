/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem.h"
#include "rng.h"
#include "verify.h"

enum { PAIRS_MAX = 64, SEEDS_PER_TEST = 32 };

double verify_loss(const struct record *record, const struct run *run)
{
    if (run == NULL || run->class != CLASS_OK)
        return NAN;
    return record->study.maximize ? -run->value : run->value;
}

/* A run that will not be repeated: a result or a failure, not one that the harness lost. */
static bool is_final(const struct run *run)
{
    return run != NULL && run->class != CLASS_NONE && run->class != CLASS_INTERRUPTED;
}

static void want(struct needs *out, const struct record *record, int64_t experiment, uint32_t seed)
{
    const struct run *run = record_run(record, experiment, seed);

    if (run == NULL || run->class == CLASS_INTERRUPTED)
        out->runs[out->n_runs++] = (struct wanted){experiment, seed};
}

/*
 * Seeds are disjoint by construction: experiment, test and pair number the seeds of the study.  An
 * experiment has at most two tests: against the incumbent of its proposal, and, where that one was
 * replaced in the meantime, against its successor.
 */
static uint32_t pair_seed(const struct record *record, const struct experiment *e, int64_t against,
                          int index)
{
    uint32_t test = against == e->against ? 0 : 1;
    uint32_t number = ((uint32_t)e->id * 2 + test) * SEEDS_PER_TEST + (uint32_t)index;

    return rng_seed(record->study.seed, number);
}

static void need_pair(struct needs *out, const struct record *record, int64_t experiment,
                      int64_t against, int index)
{
    const struct experiment *e = &record->experiments[experiment - 1];

    out->need = NEED_PAIR;
    out->pair = (struct pair){experiment, against, index, pair_seed(record, e, against, index)};
}

static void need_decision(struct needs *out, enum outcome verdict)
{
    out->need = NEED_DECISION;
    out->verdict = verdict;
}

/*
 * A failed run decides at once.  The reason becomes part of a commit, so it says only what every
 * repetition says; the trainer's last words, which may hold times and paths, stay with the run.
 */
static void need_failed(struct needs *out, const struct run *run)
{
    char *reason = out->judgement.reason;
    size_t size = sizeof out->judgement.reason;

    need_decision(out, OUTCOME_FAILED);
    if (run->class == CLASS_EXIT)
        snprintf(reason, size, "failed on seed %u: exit %d", run->seed, run->exit_code);
    else if (run->class == CLASS_SIGNAL)
        snprintf(reason, size, "failed on seed %u: signal %d", run->seed, run->signal);
    else
        snprintf(reason, size, "failed on seed %u: %s", run->seed, class_names[run->class]);
}

const struct run *verify_failed_run(const struct record *record, const struct decision *d)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, d->experiment, d->against, pairs, PAIRS_MAX);

    for (size_t i = 0; i < n; i++) {
        const struct run *run = record_run(record, d->experiment, pairs[i]->seed);
        if (is_final(run) && run->class != CLASS_OK)
            return run;
    }
    return NULL;
}

static void nothing_compared(struct judgement *judgement)
{
    *judgement = (struct judgement){.mean = NAN,
                                    .low = NAN,
                                    .high = NAN,
                                    .z = NAN,
                                    .sd = NAN,
                                    .df = NAN,
                                    .keep_bound = NAN,
                                    .revert_bound = NAN};
}

static void next_of_baseline(struct needs *out, const struct record *record, int64_t experiment,
                             const struct pair *const *pairs, size_t n)
{
    const struct run *failed = NULL;
    bool waiting = false;

    if (n < BASELINE_SEEDS) {
        need_pair(out, record, experiment, 0, (int)n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct run *run = record_run(record, experiment, pairs[i]->seed);
        want(out, record, experiment, pairs[i]->seed);
        waiting |= !is_final(run);
        if (failed == NULL && is_final(run) && run->class != CLASS_OK)
            failed = run;
    }
    if (waiting)
        return;
    if (failed != NULL) {
        need_failed(out, failed);
        return;
    }
    need_decision(out, OUTCOME_KEEP);
    snprintf(out->judgement.reason, sizeof out->judgement.reason,
             "the baseline: what all else is compared with");
}

/* The paired differences so far into diff[]; false while a pair is incomplete or the candidate has
 * failed (then *out says what is needed).  A pair whose incumbent failed is void. */
static bool collect_pairs(struct needs *out, double *diff, size_t *n_diff,
                          const struct record *record, const struct pair *const *pairs, size_t n)
{
    *n_diff = 0;
    for (size_t i = 0; i < n; i++) {
        const struct pair *pair = pairs[i];
        const struct run *candidate = record_run(record, pair->experiment, pair->seed);
        const struct run *incumbent = record_run(record, pair->against, pair->seed);

        if (!is_final(candidate) || !is_final(incumbent)) {
            want(out, record, pair->experiment, pair->seed);
            want(out, record, pair->against, pair->seed);
            return false;
        }
        if (candidate->class != CLASS_OK) {
            need_failed(out, candidate);
            return false;
        }
        if (incumbent->class == CLASS_OK)
            diff[(*n_diff)++] = verify_loss(record, incumbent) - verify_loss(record, candidate);
    }
    return true;
}

static void next_of_candidate(struct needs *out, const struct record *record, int64_t experiment,
                              int64_t against, const struct pair *const *pairs, size_t n,
                              const struct judge *judge, const struct noise *noise)
{
    double diff[PAIRS_MAX];
    size_t n_diff;

    if (!collect_pairs(out, diff, &n_diff, record, pairs, n))
        return;
    out->sample_sd = sqrt(noise_sample(diff, n_diff).s2);
    size_t most = 2 * (size_t)record->study.rule.max_seeds;
    if (n_diff > 0) {
        judge_pairs(&out->judgement, judge, noise, diff, n_diff);
        if (out->judgement.verdict != VERDICT_MORE_SEEDS) {
            need_decision(out,
                          out->judgement.verdict == VERDICT_KEEP ? OUTCOME_KEEP : OUTCOME_REVERT);
            return;
        }
    }
    if (n < most) {
        need_pair(out, record, experiment, against, (int)n);
        return;
    }
    need_decision(out, OUTCOME_REVERT);
    snprintf(out->judgement.reason, sizeof out->judgement.reason,
             "the incumbent failed on %zu of %zu seeds: no decision was possible", n - n_diff, n);
}

void verify_next(struct needs *out, const struct record *record, int64_t experiment,
                 int64_t against, const struct judge *judge, const struct noise *noise)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, experiment, against, pairs, PAIRS_MAX);

    *out = (struct needs){.need = NEED_RUNS, .sample_sd = NAN};
    nothing_compared(&out->judgement);
    if (against == 0)
        next_of_baseline(out, record, experiment, pairs, n);
    else
        next_of_candidate(out, record, experiment, against, pairs, n, judge, noise);
}

size_t verify_known(const struct record *record, int64_t experiment)
{
    int64_t last = experiment - record->study.lookahead;
    size_t n = 0;

    while (n < record->n_decisions && record->decisions[n].experiment < experiment &&
           (record->decisions[n].experiment <= last || n == 0 ||
            record->decisions[n - 1].incumbent == 0))
        n++;
    return n;
}

void verify_noise(struct noise *out, const struct record *record, int64_t experiment)
{
    size_t known = verify_known(record, experiment);
    double *s2 = mem_new(known, sizeof *s2);
    double *df = mem_new(known, sizeof *df);
    size_t n = 0;

    for (size_t i = 0; i < known; i++) {
        const struct decision *d = &record->decisions[i];
        if (d->against == 0 || d->n < 2 || !isfinite(d->sd))
            continue;
        s2[n] = d->sd * d->sd;
        df[n++] = d->n - 1;
    }
    noise_learn(out, s2, df, n);
    free(df);
    free(s2);
}
