/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "progress.h"
#include "verify.h"

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
    str_addf(out, ", %d pair%s", d->n, d->n == 1 ? "" : "s");
}

void progress_add_failure(struct str *out, const struct record *record, const struct decision *d)
{
    const struct run *run = verify_failed_run(record, d);

    str_add(out, d->reason);
    if (run != NULL && run->detail != NULL)
        str_addf(out, " (%s)", run->detail);
}

static const char *verdict_sign(const struct decision *d)
{
    if (d->verdict == OUTCOME_FAILED)
        return "x failed";
    if (d->verdict == OUTCOME_REVERT)
        return "- revert";
    return d->verified ? "+ keep  " : "  start ";
}

void progress_decided(struct progress *progress, const struct record *record, int64_t experiment)
{
    const struct experiment *e = &record->experiments[experiment - 1];
    const struct decision *d = record_decision(record, experiment);
    struct summary values = record_summary(record, experiment);
    struct str line = {0};
    char number[NUMBER_TEXT];

    note_duration(progress);
    str_addf(&line, "%4lld  %s  %s %-8s", (long long)experiment, verdict_sign(d),
             record->study.metric, number_short(number, values.mean, 6));
    add_effect(&line, d);
    if (d->against > 0) {
        char *change = space_describe_change(&record->study.space,
                                             record->experiments[e->against - 1].config, e->config);
        str_addf(&line, "  %s", change);
        free(change);
    }
    if (d->verdict == OUTCOME_FAILED) {
        str_add(&line, "  ");
        progress_add_failure(&line, record, d);
    }
    log_info("%s", line.at);
    str_clear(&line);
}

/* The least of what the clock and the cap leave. */
static double time_left(const struct progress *progress, const struct record *record, int64_t cap,
                        double left_s)
{
    double by_cap = INFINITY;

    if (cap > 0 && progress->decided > 0)
        by_cap = (double)(cap - (int64_t)record->n_decisions) * progress->experiment_s;
    return fmin(left_s, by_cap);
}

void progress_show(const struct progress *progress, const struct record *record, size_t running,
                   double done, int64_t cap, double left_s)
{
    int64_t best = record_incumbent(record), now = (int64_t)record->n_experiments;
    char number[NUMBER_TEXT], left[CLOCK_TEXT], of[32] = "";
    const struct pair *pairs[64];
    struct str line = {0};

    if (cap > 0)
        snprintf(of, sizeof of, "/%lld", (long long)cap);
    size_t n_pairs =
        now > 0 ? record_pairs(record, now, record->experiments[now - 1].against, pairs, 64) : 0;
    str_addf(&line, "experiment %lld%s | seed %zu/%d", (long long)now, of, n_pairs,
             now > 1 ? record->study.rule.max_seeds : 3);
    if (running > 0)
        str_addf(&line, " | %zu running, %.0f %%", running, 100 * done / (double)running);
    if (best > 0)
        str_addf(&line, " | best %s %s (experiment %lld)", record->study.metric,
                 number_short(number, record_summary(record, best).mean, 6), (long long)best);
    duration_text(left, time_left(progress, record, cap, left_s));
    str_addf(&line, " | %s left", left);
    log_progress(line.at);
    str_clear(&line);
}
