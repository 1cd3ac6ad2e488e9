/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * needs.h - what a study needs next: runs, a plan for more runs, or a decision that is ready.
 */
#ifndef HARNESS_NEEDS_H
#define HARNESS_NEEDS_H

#include "judge.h"
#include "record.h"

enum need {
    NEED_NOTHING,    /* all that was proposed is decided */
    NEED_RUNS,       /* `runs`: may be none, when all are under way */
    NEED_PAIR,       /* `pair`: to be recorded, then ask again */
    NEED_EXPERIMENT, /* `config`, a side of a hypothesis: likewise */
    NEED_DECISION,   /* `decision`: ready but for its body */
};

struct wanted { /* a run that is neither done nor under way */
    int64_t experiment;
    enum run_variant variant;
    uint32_t seed;
};

enum { WANTED_MAX = 2 * CONFIRM_MAX, PAIRS_MAX = 64 };

struct needs {
    enum need need;
    int64_t proposal; /* it is about this pending one; 0: about the baseline, a test or the head */
    struct wanted runs[WANTED_MAX];
    size_t n_runs;
    struct pair pair;
    const struct value *config; /* [space->n]; borrowed from the study */
    struct decision decision;   /* its reason is the text below, its body NULL */
    char reason[300];
};

/* A run that will not be repeated: a result or a failure, not one that the harness lost. */
bool run_is_final(const struct run *run);

/* Notes that a run is wanted, unless it is under way or final.  True while it is not final. */
bool needs_run(struct needs *out, const struct record *record, int64_t experiment,
               enum run_variant variant, uint32_t seed);

/* The next pair of a test, or with against 0 (test 0) the experiment's next run alone. */
void needs_pair(struct needs *out, const struct record *record, int64_t experiment, int64_t against,
                int64_t test, size_t index);

/*
 * A decision with the incumbent and head of now, nothing compared (NAN) and no reason yet.  The
 * caller fills in what it found; reason points to out->reason.
 */
struct decision *needs_decision(struct needs *out, const struct record *record,
                                enum decision_kind kind, int64_t experiment, int64_t against,
                                enum outcome verdict);

/*
 * The verdict `failed` on account of a run.  The reason becomes part of a commit, so it says only
 * what every repetition says; the trainer's last words, which may hold times and paths, stay with
 * the run (needs_failed_run()).
 */
void needs_failed(struct decision *d, const struct run *run);
const struct run *needs_failed_run(const struct record *record, const struct decision *decision);

/* The verdict `revert` on account of a run that was ended early: worse than the head, though by how
 * much nobody knows. */
void needs_ended_early(struct decision *d, const struct run *run);

/* What a pending experiment is compared with: the head of now; a placebo with its own like, the
 * experiment whose config it has, though the head may have moved on meanwhile. */
int64_t needs_rival(const struct record *record, int64_t experiment);

/* The seed of pair `index` of a test; test 0: of the selection panel.  Panels and tests are
 * disjoint by construction. */
uint32_t pair_seed(const struct record *record, int64_t test, size_t index);

#endif
