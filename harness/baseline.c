/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_neighbour.h"
#include "baseline.h"
#include "mem.h"

bool baseline_neighbour(struct value *out, const struct record *record)
{
    return audit_neighbour(out, &record->study.space,
                           record->experiments[record_baseline(record) - 1].config);
}

static bool has_neighbour(const struct record *record)
{
    struct value *config = mem_new(record->study.space.n, sizeof *config);
    bool has = baseline_neighbour(config, record);

    free(config);
    return has;
}

/* The audit's own runs, beside the baseline's; whether they fail does not matter here. */
static bool wait_for_audit(struct needs *out, const struct record *record,
                           const struct pair *const *pairs, size_t n)
{
    int64_t baseline = record_baseline(record);
    bool neighbour = has_neighbour(record);
    bool waiting = needs_run(out, record, baseline, RUN_REPEAT, pairs[0]->seed);

    for (size_t i = 0; neighbour && i < n; i++)
        waiting |= needs_run(out, record, baseline, RUN_NEIGHBOUR, pairs[i]->seed);
    return waiting;
}

/* The forerunners' rule knows one seed only. */
static size_t seeds_of(const struct study *study, bool audit)
{
    if (audit)
        return AUDIT_SEEDS;
    return study->procedure == PROCEDURE_GREEDY ? 1 : BASELINE_SEEDS;
}

void baseline_next(struct needs *out, const struct record *record, bool audit)
{
    const struct pair *pairs[PAIRS_MAX];
    const struct run *failed = NULL;
    size_t wanted = seeds_of(&record->study, audit);
    int64_t baseline = record_baseline(record);
    size_t n = record_pairs(record, baseline, 0, pairs, PAIRS_MAX);
    bool waiting = false;

    if (n < wanted) {
        needs_pair(out, record, baseline, 0, 0, n);
        return;
    }
    out->need = NEED_RUNS;
    for (size_t i = 0; i < wanted; i++) {
        const struct run *run = record_run(record, baseline, pairs[i]->seed);
        waiting |= needs_run(out, record, baseline, RUN_OWN, pairs[i]->seed);
        if (failed == NULL && run_is_final(run) && run->class != CLASS_OK)
            failed = run;
    }
    if (failed == NULL && audit)
        waiting |= wait_for_audit(out, record, pairs, wanted);
    if (waiting)
        return;
    struct decision *d = needs_decision(out, record, DECISION_HEAD, baseline, 0, OUTCOME_KEEP);
    d->n = 0;
    if (failed != NULL) {
        needs_failed(d, failed);
        return;
    }
    d->incumbent = d->head = baseline;
    snprintf(out->reason, sizeof out->reason, "the baseline: what all else is compared with");
}

struct value *run_config(const struct record *record, const struct run *run)
{
    size_t n = record->study.space.n;
    struct value *config = mem_new(n, sizeof *config);

    if (run->variant == RUN_NEIGHBOUR)
        baseline_neighbour(config, record);
    else if (n > 0)
        memcpy(config, record->experiments[run->experiment - 1].config, n * sizeof *config);
    return config;
}
