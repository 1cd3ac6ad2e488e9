/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * two_level - a search head that moves on a good guess, and tests that say what may be believed.
 *
 * A candidate runs on the selection panel, on one seed, where that says too little on another, on
 * HEAD_SEEDS at most.  Its mean against the head's, shrunk by what proposals have been worth so far
 * (head.h), is the probability that it is better.  Nothing here is ever reported as found: that is
 * the verification's business (referee.c).
 */
#include <math.h>
#include <stdio.h>

#include "procedure.h"
#include "record_early.h"
#include "str.h"

enum { FAILURES_MOST = 2 };
#define SAME_COST  0.01  /* relative difference of FLOPs that is none */
#define INTERVAL_Z 1.645 /* of the 90 % interval that a decision of the head shows */

static const struct run *last_failure(const struct record *record, int64_t id)
{
    const struct decision d = {.experiment = id};

    return needs_failed_run(record, &d);
}

/* Every run of the candidate has the very loss that the head has on the same seed. */
static bool is_no_op(const struct record *record, int64_t id, int64_t head)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, id, 0, pairs, PAIRS_MAX), same = 0;

    if (record->experiments[id - 1].purpose == PURPOSE_PLACEBO)
        return false;
    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        double a = record_loss(record, record_run(record, id, pairs[i]->seed));
        double b = record_loss(record, record_run(record, head, pairs[i]->seed));
        if (isfinite(a) && isfinite(b) && (a < b || a > b))
            return false;
        same += isfinite(a) && isfinite(b);
    }
    return same > 0;
}

/* --- simpler of equals ---------------------------------------------------------------------- */

static double flops_of(const struct record *record, int64_t id)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, id, 0, pairs, PAIRS_MAX);

    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        const struct run *run = record_run(record, id, pairs[i]->seed);
        if (run != NULL && run->class == CLASS_OK && run->flops > 0)
            return run->flops;
    }
    return NAN;
}

static int changes_of(const struct record *record, int64_t id)
{
    const struct space *space = &record->study.space;
    const struct value *start = record->experiments[record_baseline(record) - 1].config;
    int n = record->experiments[id - 1].source[0] != '\0'; /* a patch is one */

    for (size_t i = 0; i < space->n; i++)
        n += !value_same(&record->experiments[id - 1].config[i], &start[i]);
    return n;
}

/* Where two cannot be told apart the cheaper one stays: fewer FLOPs, then fewer changes of the
 * baseline.  Says why in `reason`, if it is the candidate. */
static bool is_simpler(char *reason, size_t size, const struct record *record, int64_t id,
                       int64_t head)
{
    double cost = flops_of(record, id) / flops_of(record, head);
    int changes = changes_of(record, id), of_head = changes_of(record, head);

    if (cost > 1 + SAME_COST)
        return false;
    if (cost < 1 - SAME_COST) {
        snprintf(reason, size, "not to be told from the head, and cheaper: %.3g of its FLOPs",
                 cost);
        return true;
    }
    snprintf(reason, size,
             "not to be told from the head, and simpler: %d change%s of the baseline "
             "instead of %d",
             changes, changes == 1 ? "" : "s", of_head);
    return changes < of_head;
}

/* --- the decision --------------------------------------------------------------------------- */

struct look { /* at the candidate beside the head */
    int64_t id, head;
    struct standing own;
    double effect, se, probability;
};

static enum decision_kind kind_of(const struct record *record, int64_t id)
{
    bool placebo = record->experiments[id - 1].purpose == PURPOSE_PLACEBO;

    return placebo ? DECISION_PLACEBO : DECISION_HEAD;
}

static void fill(struct decision *d, const struct look *look)
{
    d->n = (int)look->own.ok;
    d->mean = look->effect;
    d->sd = look->se;
    d->low = look->effect - INTERVAL_Z * look->se;
    d->high = look->effect + INTERVAL_Z * look->se;
    d->z = look->se > 0 ? look->effect / look->se : (double)NAN;
}

static void decide(struct needs *out, const struct record *record, const struct look *look,
                   enum head_verdict verdict)
{
    bool placebo = kind_of(record, look->id) == DECISION_PLACEBO;
    struct decision *d = needs_decision(out, record, kind_of(record, look->id), look->id,
                                        look->head, OUTCOME_REVERT);
    bool spent = verdict == HEAD_DROP && look->probability > HEAD_DROP_AT;

    fill(d, look);
    if (is_no_op(record, look->id, look->head)) {
        d->low = d->high = d->mean = d->sd = 0;
        d->z = NAN;
        snprintf(out->reason, sizeof out->reason,
                 "no effect at all: every run has the head's loss on the same seed");
        return;
    }
    if (verdict == HEAD_MOVE)
        d->verdict = OUTCOME_KEEP;
    else if (spent && !placebo &&
             is_simpler(out->reason, sizeof out->reason, record, look->id, look->head)) {
        d->verdict = OUTCOME_KEEP;
        d->head = look->id;
        return;
    }
    if (d->verdict == OUTCOME_KEEP && !placebo)
        d->head = look->id;
    snprintf(out->reason, sizeof out->reason,
             "%.0f %% likely to be better than the head after %d run%s", 100 * look->probability,
             d->n, d->n == 1 ? "" : "s");
}

/* The runs that were whole say nothing about how much worse it is. */
static void drop_ended_early(struct needs *out, const struct record *record,
                             const struct look *look)
{
    struct decision *d =
        needs_decision(out, record, DECISION_HEAD, look->id, look->head, OUTCOME_REVERT);

    d->n = (int)look->own.ok;
    needs_ended_early(d, record_early_run(record, look->id));
}

static void judge(struct needs *out, struct referee *r, const struct record *record, int64_t id)
{
    struct look look = {.id = id, .head = needs_rival(record, id)};
    struct selection panel;

    selection_open(&panel, record, r->decided, id, &r->noise);
    struct standing head = selection_standing(&panel, look.head);
    look.own = selection_standing(&panel, id);
    selection_close(&panel);
    if (look.own.open > 0)
        return;
    if (look.own.failed >= FAILURES_MOST) {
        needs_failed(
            needs_decision(out, record, kind_of(record, id), id, look.head, OUTCOME_FAILED),
            last_failure(record, id));
        return;
    }
    if (look.own.stopped > 0) {
        drop_ended_early(out, record, &look);
        return;
    }
    look.effect = head.mean - look.own.mean;
    look.se = sqrt(head.variance + look.own.variance);
    look.probability = head_probability(&r->prior, look.effect, look.se * look.se, NULL, NULL);
    enum head_verdict verdict = head_judge(look.probability, (int)look.own.ok);
    if (look.own.ok == 0 || (verdict == HEAD_MORE && !is_no_op(record, id, look.head)))
        needs_pair(out, record, id, 0, 0, look.own.ok + look.own.failed);
    else
        decide(out, record, &look, verdict);
}

/* Only the first seed is run ahead: it is needed whatever the decisions before will be. */
static int next(struct needs *out, struct referee *referee, const struct record *record, int64_t id,
                bool first, struct err *err)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, id, 0, pairs, PAIRS_MAX);
    bool waiting = false;

    (void)err;
    if (n == 0) {
        needs_pair(out, record, id, 0, 0, 0);
        return 0;
    }
    out->need = NEED_RUNS;
    for (size_t i = 0; i < n && i < PAIRS_MAX; i++)
        waiting |= needs_run(out, record, id, RUN_OWN, pairs[i]->seed);
    if (!waiting && first)
        judge(out, referee, record, id);
    return 0;
}

const struct procedure procedure_two_level = {
    .name = "two_level",
    .summary = "a search head that moves on a good guess; verified on fresh seeds before it counts",
    .head_is_tested = true,
    .next = next,
};
