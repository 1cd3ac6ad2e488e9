/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "change.h"
#include "clock.h"
#include "log.h"
#include "mem.h"
#include "progress.h"
#include "record_early.h"
#include "referee.h"
#include "say.h"

void progress_init(struct progress *progress)
{
    *progress = (struct progress){.began = clock_s(), .decided_s = clock_s()};
}

void progress_run_ended(struct progress *progress, double seconds)
{
    progress->runs++;
    progress->runs_s += seconds;
}

double progress_experiment_s(const struct progress *progress)
{
    return progress->experiment_s;
}

/* An exponential mean, so that a costlier part of the space is noticed. */
static void note_duration(struct progress *progress)
{
    double now = clock_s(), took = now - progress->decided_s;

    progress->decided_s = now;
    progress->decided++;
    progress->experiment_s =
        progress->decided == 1 ? took : 0.8 * progress->experiment_s + 0.2 * took;
}

static void add_effect(struct str *out, const struct decision *d)
{
    char mean[NUMBER_TEXT], low[NUMBER_TEXT], high[NUMBER_TEXT];

    if (!isfinite(d->mean))
        return;
    str_addf(out, "  gain %s", number_short(mean, d->mean, 3));
    if (isfinite(d->low))
        str_addf(out, " [%s, %s]", number_short(low, d->low, 3), number_short(high, d->high, 3));
    str_addf(out, ", %d %s%s", d->n, d->test > 0 ? "pair" : "run", d->n == 1 ? "" : "s");
}

void progress_add_failure(struct str *out, const struct record *record, const struct decision *d)
{
    const struct run *run = needs_failed_run(record, d);

    str_add(out, d->reason);
    if (run != NULL && run->detail != NULL)
        str_addf(out, " (%s)", run->detail);
}

static const char *verdict_sign(const struct decision *d)
{
    if (d->verdict == OUTCOME_FAILED)
        return "x failed  ";
    if (d->kind == DECISION_CONFIRM)
        return d->verdict == OUTCOME_KEEP ? "* confirmed" : "* open    ";
    if (d->kind == DECISION_HYPOTHESIS)
        return "? claim   ";
    if (d->verified)
        return "+ verified";
    if (d->verdict == OUTCOME_REVERT)
        return d->kind == DECISION_VERIFY && d->test % TEST_CLASSES == TESTS_OF_REFEREE
                   ? "= unproven"
                   : "- revert  ";
    return d->against == 0 ? "  start   " : "> head    ";
}

static void add_change(struct str *out, const struct record *record, const struct decision *d)
{
    char *change = change_describe(record, d->against, d->experiment);

    str_addf(out, "  %s", change);
    free(change);
}

void progress_decided(struct progress *progress, const struct record *record)
{
    const struct decision *d = &record->decisions[record->n_decisions - 1];
    struct summary values = record_summary(record, d->experiment);
    struct str line = {0};
    char *mean = say_text(say_value, values.mean); /* a dash where no run gave a value */

    if (record->experiments[d->experiment - 1].decision == d->number)
        note_duration(progress);
    str_addf(&line, "%4lld  %s  %s %-8s", (long long)d->experiment, verdict_sign(d),
             record->study.metric, mean);
    free(mean);
    add_effect(&line, d);
    if (d->kind == DECISION_PLACEBO)
        str_add(&line, "  placebo");
    else if (d->against > 0)
        add_change(&line, record, d);
    if (d->verdict == OUTCOME_FAILED) {
        str_add(&line, "  ");
        progress_add_failure(&line, record, d);
    } else if (d->kind == DECISION_HYPOTHESIS ||
               (d->test == 0 && record_early_run(record, d->experiment) != NULL)) {
        str_addf(&line, "  %s", d->reason);
    }
    log_info("%s", line.at);
    str_clear(&line);
}

double progress_run_s(const struct progress *progress, const struct record *record)
{
    enum { LAST = 20 };
    double sum = 0;
    size_t n = 0;

    if (progress->runs > 0)
        return progress->runs_s / (double)progress->runs;
    for (size_t i = record->n_runs; i > 0 && n < LAST; i--)
        if (isfinite(record->runs[i - 1].wall_s)) {
            sum += record->runs[i - 1].wall_s;
            n++;
        }
    return n > 0 ? sum / (double)n : 0;
}

/* The least of what the clock and the cap leave. */
static double time_left(const struct progress *progress, const struct record *record, int64_t cap,
                        double left_s)
{
    double by_cap = INFINITY;

    if (cap > 0 && progress->decided > 0)
        by_cap = (double)(cap - record_proposals(record)) * progress->experiment_s;
    return fmin(left_s, by_cap);
}

void progress_show(const struct progress *progress, const struct record *record, size_t running,
                   double done, int64_t cap, double left_s)
{
    int64_t best = record_incumbent(record), now = (int64_t)record->n_experiments;
    char left[CLOCK_TEXT], of[32] = "";
    struct str line = {0};

    if (cap > 0)
        snprintf(of, sizeof of, "/%lld", (long long)cap);
    const struct pair *last = record->n_pairs > 0 ? &record->pairs[record->n_pairs - 1] : NULL;
    str_addf(&line, "experiment %lld%s", (long long)now, of);
    if (last != NULL)
        str_addf(&line, " | %s %d", last->test > 0 ? "pair" : "seed", last->index + 1);
    if (running > 0)
        str_addf(&line, " | %zu running, %.0f %%", running, 100 * done / (double)running);
    if (best > 0) {
        str_addf(&line, " | best %s ", record->study.metric);
        say_value(&line, record_summary(record, best).mean);
        str_addf(&line, " (experiment %lld)", (long long)best);
    }
    duration_text(left, time_left(progress, record, cap, left_s));
    str_addf(&line, " | %s left", left);
    log_progress(line.at);
    str_clear(&line);
}
