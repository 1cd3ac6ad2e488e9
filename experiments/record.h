/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record.h - a study's record in memory: what store.c keeps on disk, as plain arrays.
 *
 * The loop keeps one and changes it together with the store; commands and reports load one and
 * only read.  Ids count from 1: experiment e is experiments[e - 1], decision n is decisions[n - 1].
 */
#ifndef EXPERIMENTS_RECORD_H
#define EXPERIMENTS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "space.h"
#include "str.h"
#include "strategy.h"
#include "study.h"

enum purpose { PURPOSE_BASELINE, PURPOSE_PROPOSAL, PURPOSE_PLACEBO, PURPOSE_ENQUEUED };
extern const char *const purpose_names[]; /* "baseline", …, NULL */

enum run_class {
    CLASS_NONE, /* not ended yet */
    CLASS_OK,
    CLASS_EXIT,
    CLASS_SIGNAL,
    CLASS_TIMEOUT,
    CLASS_OOM,
    CLASS_NONFINITE,
    CLASS_PROTOCOL,
    CLASS_OUTPUT_FLOOD,
    CLASS_SPAWN,
    CLASS_STOPPED,
    CLASS_INTERRUPTED, /* the harness ended it or died: repeated without limit, never a result */
};
extern const char *const class_names[]; /* "none", "ok", "exit", … as in the contract, NULL */

/* One process: a config under one seed.  Only the last attempt of (experiment, seed) counts. */
struct run {
    int64_t id;
    int64_t experiment;
    uint32_t seed;
    int attempt;          /* from 1 */
    enum run_class class; /* CLASS_NONE: recorded as started, its end is not recorded */
    int exit_code;        /* -1: none */
    int signal;           /* 0: none */
    double value;         /* the study's metric as the trainer printed it; NAN unless ok */
    double wall_s, cpu_s, peak_mib; /* NAN where unknown */
    int64_t steps;                  /* {"steps": n} or calibrated; -1 unknown */
    int64_t started, ended;         /* Unix seconds, for display; 0 unknown */
    char *detail; /* one line for a person: "exit 3", "no 'val_loss' was printed"; NULL: nothing */
};

/* One paired comparison: both configs run on `seed`, which no other pair uses. */
struct pair {
    int64_t experiment; /* the candidate */
    int64_t against;    /* the incumbent of that time */
    int index;          /* from 0 */
    uint32_t seed;
};

struct experiment {
    int64_t id;
    enum purpose purpose;
    struct value *config;  /* [space->n] */
    double *unit;          /* [space->n] */
    char sha[SHA256_TEXT]; /* of the canonical config */
    int64_t against;       /* the incumbent it was proposed from; 0 for the baseline */
    int64_t steps;         /* calibrated step count of this config; 0 while unknown */
    int64_t decision;      /* number of its decision; 0: pending */
    int64_t created;       /* Unix seconds, display only */
    char *remark;          /* `nightshift note`; NULL: none */
};

enum decision_kind { DECISION_HEAD, DECISION_VERIFY, DECISION_PLACEBO, DECISION_CONFIRM };
extern const char *const decision_kind_names[]; /* "head", "verify", "placebo", "confirm", NULL */

/* What became of one experiment.  Times and rates never enter here. */
struct decision {
    int64_t number;
    enum decision_kind kind;
    int64_t experiment, against; /* against 0: nothing to compare with (the baseline) */
    enum outcome verdict;        /* OUTCOME_KEEP, _REVERT or _FAILED */
    bool verified;               /* a keep that its own test has earned */
    double alpha;                /* NAN where nothing was tested */
    int n;                       /* pairs */
    double mean, low, high;      /* effect, positive is better; NAN unknown */
    double z, sd, df;            /* NAN unknown */
    char *reason;                /* one sentence */
    int64_t incumbent;           /* the incumbent after it; 0: none yet */
    char *body;                  /* decisions/…/<n>.yaml of the git record */
};

/* A commit that must exist: intent first, then the objects, then the ref, then `done`. */
struct outbox {
    int64_t decision;
    char ref[160];
    char parent[41], tree[41], commit[41]; /* hex; parent "" for a first commit */
    bool done;
};

struct record {
    struct study study; /* as recorded at the start, from the stored text */
    char *spec;         /* its canonical text */
    struct experiment *experiments;
    size_t n_experiments;
    struct run *runs; /* by id: every attempt, in the order of their starts */
    size_t n_runs;
    struct pair *pairs; /* in the order of their making */
    size_t n_pairs;
    struct decision *decisions;
    size_t n_decisions;
    struct outbox *outbox; /* in the order of their making */
    size_t n_outbox;
    struct record_index *index; /* for the look-ups; kept by record_add_…() */
};

void record_clear(struct record *record);

/*
 * Append one row each; texts and arrays inside are copied, so the caller keeps its own.  Ids must
 * be the next ones.  They keep the look-ups below fast and right; nobody else appends.  A run's end
 * is written into the struct run that record_add_run() returned (its place may move with the next
 * run, so keep the index); a decision also sets experiments[].decision.
 */
void record_add_experiment(struct record *record, const struct experiment *experiment);
struct run *record_add_run(struct record *record, const struct run *run);
void record_add_pair(struct record *record, const struct pair *pair);
void record_add_decision(struct record *record, const struct decision *decision);
void record_add_outbox(struct record *record, const struct outbox *outbox);

/* The last attempt at (experiment, seed), or NULL.  Borrowed. */
const struct run *record_run(const struct record *record, int64_t experiment, uint32_t seed);

/* The pairs of a candidate against `against` in order, into out[max]; returns how many there are.
 */
size_t record_pairs(const struct record *record, int64_t experiment, int64_t against,
                    const struct pair **out, size_t max);

/* The incumbent after the decisions so far; 0: none. */
int64_t record_incumbent(const struct record *record);

/* The decision on an experiment, or NULL while it is pending.  Borrowed. */
const struct decision *record_decision(const struct record *record, int64_t experiment);

/* The newest commit on the -log ref that is about this experiment, or NULL.  Borrowed. */
const char *record_commit(const struct record *record, int64_t experiment);

/*
 * Mean, sample SD and number of an experiment's ok values over all its seeds (as printed, not sign
 * flipped); NAN where there are too few.
 */
struct summary {
    size_t n;
    double mean, sd;
};
struct summary record_summary(const struct record *record, int64_t experiment);

#endif
