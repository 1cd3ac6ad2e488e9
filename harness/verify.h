/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verify.h - what a pending experiment needs next: runs, another pair, or its decision.
 *
 * A pure function of the record.  A candidate is compared with an incumbent in pairs: both are run
 * on a seed that no other pair of the study uses, and after each pair the judge looks.  The answer
 * depends only on decisions that the experiment may know (those up to `lookahead` before it), never
 * on the order in which runs happened to end.
 */
#ifndef HARNESS_VERIFY_H
#define HARNESS_VERIFY_H

#include "judge.h"
#include "record.h"

/* The baseline has nothing to be compared with; it runs on this many seeds to show its noise. */
#define BASELINE_SEEDS 3

enum need { NEED_RUNS, NEED_PAIR, NEED_DECISION };

struct wanted { /* a run that is neither done nor under way */
    int64_t experiment;
    uint32_t seed;
};

struct needs {
    enum need need;
    struct wanted runs[2 * BASELINE_SEEDS]; /* NEED_RUNS: may be none, when all are under way */
    size_t n_runs;
    struct pair pair;           /* NEED_PAIR: the one to make */
    enum outcome verdict;       /* NEED_DECISION */
    struct judgement judgement; /* mean, low, high … NAN where nothing was compared */
    double sample_sd;           /* of the differences alone; NAN below two pairs */
};

/* `against` 0: the baseline, which is kept when every run is ok. */
void verify_next(struct needs *out, const struct record *record, int64_t experiment,
                 int64_t against, const struct judge *judge, const struct noise *noise);

/* How many of the decisions (which come in the order of the experiments) experiment e may know:
 * those on experiments up to e - lookahead, and always the one that set the baseline. */
size_t verify_known(const struct record *record, int64_t experiment);

/* The noise that experiment e may know, from those decisions. */
void verify_noise(struct noise *out, const struct record *record, int64_t experiment);

/* The run that a decision `failed` is about, NULL where there is none: its detail tells more. */
const struct run *verify_failed_run(const struct record *record, const struct decision *decision);

/* The experiment's loss: the metric with its sign turned where more is better; NAN unknown. */
double verify_loss(const struct record *record, const struct run *run);

#endif
