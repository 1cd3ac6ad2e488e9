/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * greedy - one run on one seed, and lower is better: the forerunners' rule, kept for comparison.
 *
 * Nothing is run twice, nothing is ever verified, and what is kept climbs on noise (docs/e44.md).
 */
#include <math.h>
#include <stdio.h>

#include "procedure.h"

static void decide(struct needs *out, const struct record *record, const struct run *run,
                   const struct run *head)
{
    int64_t against = needs_rival(record, run->experiment);
    double gain = record_loss(record, head) - record_loss(record, run);
    bool better = gain > 0;
    struct decision *d = needs_decision(out, record, DECISION_HEAD, run->experiment, against,
                                        better ? OUTCOME_KEEP : OUTCOME_REVERT);

    d->n = 1;
    if (record->experiments[run->experiment - 1].purpose == PURPOSE_PLACEBO)
        d->kind = DECISION_PLACEBO;
    else if (better)
        d->head = run->experiment;
    if (run->class == CLASS_STOPPED) {
        d->n = 0;
        needs_ended_early(d, run);
        return;
    }
    if (run->class != CLASS_OK) {
        needs_failed(d, run);
        return;
    }
    d->mean = gain;
    snprintf(out->reason, sizeof out->reason, "one run each on the same seed: %s",
             better ? "better" : "not better");
}

static int next(struct needs *out, struct referee *referee, const struct record *record, int64_t id,
                bool first, struct err *err)
{
    uint32_t seed = pair_seed(record, 0, 0);
    const struct run *run = record_run(record, id, seed);

    (void)referee;
    (void)err;
    if (record_pairs(record, id, 0, NULL, 0) == 0) {
        needs_pair(out, record, id, 0, 0, 0);
        return 0;
    }
    out->need = NEED_RUNS;
    if (!needs_run(out, record, id, RUN_OWN, seed) && first)
        decide(out, record, run, record_run(record, needs_rival(record, id), seed));
    return 0;
}

const struct procedure procedure_greedy = {
    .name = "greedy",
    .summary = "one run each, lower is better: the forerunners' rule, for comparison only",
    .next = next,
};
