/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "change.h"
#include "facts.h"
#include "mem.h"

/* Turns counts at first[k + 1] into the places where each group begins. */
static void sum_up(size_t *first, size_t n)
{
    for (size_t k = 0; k < n; k++)
        first[k + 1] += first[k];
}

static void index_runs(struct facts *out, const struct record *record)
{
    size_t n = record->n_experiments;
    size_t *next = mem_new(n + 1, sizeof *next);

    out->run_first = mem_new(n + 1, sizeof *out->run_first);
    out->run_at = mem_new(record->n_runs, sizeof *out->run_at);
    for (size_t i = 0; i < record->n_runs; i++)
        out->run_first[record->runs[i].experiment]++;
    sum_up(out->run_first, n);
    for (size_t i = 0; i < record->n_runs; i++) {
        size_t e = (size_t)record->runs[i].experiment - 1;
        out->run_at[out->run_first[e] + next[e]++] = i;
    }
    free(next);
}

static void index_pairs(struct facts *out, const struct record *record)
{
    size_t n = record->n_experiments;
    size_t *next = mem_new(n + 1, sizeof *next);

    out->pair_first = mem_new(n + 1, sizeof *out->pair_first);
    out->pair_at = mem_new(record->n_pairs, sizeof *out->pair_at);
    for (size_t i = 0; i < record->n_pairs; i++)
        out->pair_first[record->pairs[i].experiment]++;
    sum_up(out->pair_first, n);
    for (size_t i = 0; i < record->n_pairs; i++) {
        size_t e = (size_t)record->pairs[i].experiment - 1;
        out->pair_at[out->pair_first[e] + next[e]++] = i;
    }
    free(next);
}

static void sort_parameters(struct facts *out, const struct space *space)
{
    out->by_name = mem_new(space->n, sizeof *out->by_name);
    for (size_t i = 0; i < space->n; i++) {
        size_t at = i;
        for (;
             at > 0 && strcmp(space->params[out->by_name[at - 1]].name, space->params[i].name) > 0;
             at--)
            out->by_name[at] = out->by_name[at - 1];
        out->by_name[at] = i;
    }
}

void facts_init(struct facts *out, const struct record *record)
{
    *out = (struct facts){.record = record};
    sort_parameters(out, &record->study.space);
    index_runs(out, record);
    index_pairs(out, record);
}

void facts_clear(struct facts *facts)
{
    free(facts->run_first);
    free(facts->run_at);
    free(facts->pair_first);
    free(facts->pair_at);
    free(facts->by_name);
    *facts = (struct facts){0};
}

const char *outcome_name(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_KEEP:
        return "keep";
    case OUTCOME_REVERT:
        return "revert";
    case OUTCOME_FAILED:
        return "failed";
    case OUTCOME_PENDING:
        break;
    }
    return "pending";
}

enum outcome facts_outcome(const struct facts *facts, int64_t experiment)
{
    const struct experiment *e = &facts->record->experiments[experiment - 1];
    const struct decision *decision = record_decision(facts->record, experiment);

    if (e->purpose == PURPOSE_HYPOTHESIS) /* the search did not go there, whatever was claimed */
        return e->decision > 0 ? OUTCOME_REVERT : OUTCOME_PENDING;
    return decision != NULL ? decision->verdict : OUTCOME_PENDING;
}

bool run_is_failure(const struct record *record, const struct run *run)
{
    bool failed = run->class != CLASS_NONE && run->class != CLASS_OK &&
                  run->class != CLASS_STOPPED && run->class != CLASS_INTERRUPTED;

    return failed && record_variant(record, run->experiment, run->variant, run->seed) == run;
}

/* A run that will not be repeated: a result or a failure, not one that the harness lost. */
static bool has_ended(const struct facts *facts, int64_t experiment, uint32_t seed)
{
    const struct run *run = record_run(facts->record, experiment, seed);

    return run != NULL && run->class != CLASS_NONE && run->class != CLASS_INTERRUPTED;
}

static bool holds(const uint32_t *seeds, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++)
        if (seeds[i] == seed)
            return true;
    return false;
}

size_t facts_seeds(uint32_t **out, const struct facts *facts, int64_t experiment)
{
    const struct record *record = facts->record;
    size_t e = (size_t)experiment - 1, n = 0;
    size_t most = facts->run_first[e + 1] - facts->run_first[e];
    uint32_t *seeds = mem_new(most, sizeof *seeds);

    for (size_t i = facts->pair_first[e]; i < facts->pair_first[e + 1]; i++) {
        uint32_t seed = record->pairs[facts->pair_at[i]].seed;
        if (has_ended(facts, experiment, seed) && !holds(seeds, n, seed))
            seeds[n++] = seed;
    }
    size_t own = n;
    for (size_t i = facts->run_first[e]; i < facts->run_first[e + 1]; i++) {
        const struct run *run = &record->runs[facts->run_at[i]];
        if (run->attempt == 1 && run->variant == RUN_OWN &&
            has_ended(facts, experiment, run->seed) && !holds(seeds, own, run->seed))
            seeds[n++] = run->seed;
    }
    *out = seeds;
    return n;
}

double facts_value(const struct facts *facts, int64_t experiment, uint32_t seed)
{
    const struct run *run = record_run(facts->record, experiment, seed);

    return run != NULL && run->class == CLASS_OK ? run->value : (double)NAN;
}

/* Mean and sample SD of x[n], in two passes. */
static struct summary summarise(const double *x, size_t n)
{
    struct summary s = {n, NAN, NAN};
    double sum = 0, squares = 0;

    if (n == 0)
        return s;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    s.mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - s.mean) * (x[i] - s.mean);
    if (n > 1)
        s.sd = sqrt(squares / (double)(n - 1));
    return s;
}

double summary_se(const struct summary *summary)
{
    return summary->n > 1 ? summary->sd / sqrt((double)summary->n) : (double)NAN;
}

static double gain(const struct facts *facts, int64_t from, int64_t to, uint32_t seed)
{
    double d = facts_value(facts, from, seed) - facts_value(facts, to, seed);

    return facts->record->study.maximize ? -d : d;
}

double facts_difference(const struct facts *facts, const struct pair *pair)
{
    const struct record *record = facts->record;

    if (pair->against == 0)
        return NAN;
    return record_loss(record, record_run(record, pair->against, pair->seed)) -
           record_loss(record, record_candidate(record, pair));
}

/* Student's interval of the mean; a sample without any spread says nothing about its noise. */
static void add_interval(struct comparison *out, double alpha)
{
    if (out->n < 2 || !(out->sd > 0))
        return;
    double half = gsl_cdf_tdist_Qinv(alpha, (double)(out->n - 1)) * out->sd / sqrt((double)out->n);
    out->low = out->mean - half;
    out->high = out->mean + half;
}

void facts_compare(struct comparison *out, const struct facts *facts, int64_t a, int64_t b)
{
    uint32_t *seeds;
    size_t n = facts_seeds(&seeds, facts, b), shared = 0;
    double *d = mem_new(n, sizeof *d);

    for (size_t i = 0; i < n; i++) {
        double x = gain(facts, a, b, seeds[i]);
        if (isfinite(x))
            d[shared++] = x;
    }
    struct summary s = summarise(d, shared);
    *out = (struct comparison){s.n, s.mean, s.sd, NAN, NAN};
    add_interval(out, facts->record->study.rule.alpha);
    free(d);
    free(seeds);
}

void facts_compare_means(struct comparison *out, const struct facts *facts, int64_t a, int64_t b)
{
    const struct study *study = &facts->record->study;
    struct summary x = record_summary(facts->record, a), y = record_summary(facts->record, b);
    double vx = x.sd * x.sd / (double)x.n, vy = y.sd * y.sd / (double)y.n, se = sqrt(vx + vy);

    *out = (struct comparison){
        .n = x.n < y.n ? x.n : y.n, .mean = x.mean - y.mean, .sd = se, .low = NAN, .high = NAN};
    if (study->maximize)
        out->mean = -out->mean;
    if (out->n < 2 || !(se > 0))
        return;
    double df = (vx + vy) * (vx + vy) / (vx * vx / (double)(x.n - 1) + vy * vy / (double)(y.n - 1));
    double half = gsl_cdf_tdist_Qinv(study->rule.alpha, df) * se;
    out->low = out->mean - half;
    out->high = out->mean + half;
}

const struct decision *facts_decision_between(const struct facts *facts, int64_t experiment,
                                              int64_t against)
{
    const struct record *record = facts->record;

    for (size_t i = record->n_decisions; i > 0; i--) {
        const struct decision *d = &record->decisions[i - 1];
        if (d->experiment == experiment && d->against == against && d->n > 0)
            return d;
    }
    return NULL;
}

int64_t facts_baseline(const struct facts *facts)
{
    const struct record *record = facts->record;
    int64_t last = 1;

    for (size_t i = 0; i < record->n_experiments; i++) {
        if (record->experiments[i].purpose != PURPOSE_BASELINE)
            break; /* whatever else was proposed, one was kept before it */
        last = record->experiments[i].id;
    }
    return last;
}

int64_t facts_verified(const struct facts *facts)
{
    const struct record *record = facts->record;

    for (size_t i = record->n_decisions; i > 0; i--) {
        const struct decision *d = &record->decisions[i - 1];
        if (d->verdict == OUTCOME_KEEP && d->verified && d->against > 0)
            return d->experiment;
    }
    return 0;
}

int64_t facts_origin(const struct facts *facts, int64_t experiment)
{
    return facts->record->experiments[experiment - 1].against;
}

char *facts_change(const struct facts *facts, int64_t experiment)
{
    const struct record *record = facts->record;
    int64_t origin = facts_origin(facts, experiment);

    if (origin == 0)
        return mem_strdup("baseline");
    return change_describe(record, origin, experiment);
}

/* A placebo's runs have other seeds than those beside them. */
static bool shares_no_seeds(const struct record *record, const struct pair *pair)
{
    return pair_variant(pair) == RUN_SALTED ||
           record->experiments[pair->experiment - 1].purpose == PURPOSE_PLACEBO;
}

/* Squares about the mean of one experiment's differences, test by test; adds to *df. */
static double squares_within(const struct facts *facts, size_t from, size_t to, size_t *df)
{
    const struct record *record = facts->record;
    double *d = mem_new(to - from, sizeof *d);
    size_t n = 0;

    for (size_t i = from; i < to; i++) {
        const struct pair *pair = &record->pairs[facts->pair_at[i]];
        double x = facts_difference(facts, pair);
        if (isfinite(x) && !shares_no_seeds(record, pair))
            d[n++] = x;
    }
    struct summary s = summarise(d, n);
    free(d);
    if (n < 2)
        return 0;
    *df += n - 1;
    return s.sd * s.sd * (double)(n - 1);
}

double facts_pair_sd(const struct facts *facts, size_t *df)
{
    const struct record *record = facts->record;
    double squares = 0;

    *df = 0;
    for (size_t e = 0; e < record->n_experiments; e++) {
        size_t from = facts->pair_first[e], end = facts->pair_first[e + 1];
        while (from < end) {
            size_t to = from + 1;
            int64_t test = record->pairs[facts->pair_at[from]].test;
            while (to < end && record->pairs[facts->pair_at[to]].test == test)
                to++;
            squares += squares_within(facts, from, to, df);
            from = to;
        }
    }
    return *df > 0 ? sqrt(squares / (double)*df) : (double)NAN;
}
