/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "needs.h"
#include "rng.h"

enum { SELECTION_SEEDS = 65536, SEEDS_PER_TEST = PAIRS_MAX };

bool run_is_final(const struct run *run)
{
    return run != NULL && run->class != CLASS_NONE && run->class != CLASS_INTERRUPTED;
}

bool needs_run(struct needs *out, const struct record *record, int64_t experiment,
               enum run_variant variant, uint32_t seed)
{
    const struct run *run = record_variant(record, experiment, variant, seed);

    assert(out->n_runs < WANTED_MAX);
    if (run == NULL || run->class == CLASS_INTERRUPTED)
        out->runs[out->n_runs++] = (struct wanted){experiment, variant, seed};
    return !run_is_final(run);
}

int64_t needs_rival(const struct record *record, int64_t experiment)
{
    const struct experiment *e = &record->experiments[experiment - 1];

    return e->purpose == PURPOSE_PLACEBO ? e->against : record_head(record);
}

/* Numbers of seeds: the selection panel's first, then a block for each test. */
uint32_t pair_seed(const struct record *record, int64_t test, size_t index)
{
    size_t number = index;

    assert(index < (test > 0 ? SEEDS_PER_TEST : SELECTION_SEEDS));
    if (test > 0)
        number += SELECTION_SEEDS + (size_t)(test - 1) * SEEDS_PER_TEST;
    return rng_seed(record->study.seed, (uint32_t)number);
}

void needs_pair(struct needs *out, const struct record *record, int64_t experiment, int64_t against,
                int64_t test, size_t index)
{
    out->need = NEED_PAIR;
    out->pair = (struct pair){.experiment = experiment,
                              .against = against,
                              .index = (int)index,
                              .seed = pair_seed(record, test, index),
                              .test = test,
                              .after = (int64_t)record->n_decisions};
}

struct decision *needs_decision(struct needs *out, const struct record *record,
                                enum decision_kind kind, int64_t experiment, int64_t against,
                                enum outcome verdict)
{
    out->need = NEED_DECISION;
    out->reason[0] = '\0';
    out->decision = record_next_decision(record, kind, experiment);
    out->decision.against = against;
    out->decision.verdict = verdict;
    out->decision.reason = out->reason;
    return &out->decision;
}

void needs_failed(struct decision *d, const struct run *run)
{
    const size_t size = sizeof((struct needs *)NULL)->reason;

    d->verdict = OUTCOME_FAILED;
    if (run->class == CLASS_EXIT)
        snprintf(d->reason, size, "failed on seed %u: exit %d", run->seed, run->exit_code);
    else if (run->class == CLASS_SIGNAL)
        snprintf(d->reason, size, "failed on seed %u: signal %d", run->seed, run->signal);
    else
        snprintf(d->reason, size, "failed on seed %u: %s", run->seed, class_names[run->class]);
}

void needs_ended_early(struct decision *d, const struct run *run)
{
    const size_t size = sizeof((struct needs *)NULL)->reason;

    d->verdict = OUTCOME_REVERT;
    snprintf(d->reason, size, "ended early on seed %u: %s", run->seed,
             run->detail != NULL ? run->detail : "no reason is recorded");
}

const struct run *needs_failed_run(const struct record *record, const struct decision *d)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, d->experiment, d->test, pairs, PAIRS_MAX);
    const struct run *last = NULL;

    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        const struct run *run = record_candidate(record, pairs[i]);
        if (run_is_final(run) && run->class != CLASS_OK && run->class != CLASS_STOPPED)
            last = run;
    }
    return last;
}
