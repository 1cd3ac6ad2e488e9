/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record.h - a study's record in memory: what store.c keeps on disk, as plain arrays.
 *
 * The loop keeps one and changes it together with the store; commands and reports load one and
 * only read.  What of a night's record is seldom looked at leaves the memory (shelf.h).  Ids count
 * from 1: experiment e is experiments[e - 1], decision n is decisions[n - 1].
 */
#ifndef EXPERIMENTS_RECORD_H
#define EXPERIMENTS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "curve.h"
#include "file.h"
#include "shelf.h"
#include "space.h"
#include "str.h"
#include "strategy.h"
#include "study.h"

/* A side of a hypothesis is no proposal: it is run in tests of claims alone, and has no place in
 * the search. */
enum purpose {
    PURPOSE_BASELINE,
    PURPOSE_PROPOSAL,
    PURPOSE_PLACEBO,
    PURPOSE_ENQUEUED,
    PURPOSE_HYPOTHESIS,
};
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

/* What of the experiment is run.  Only RUN_OWN says what the experiment is worth. */
enum run_variant {
    RUN_OWN,
    RUN_REPEAT,    /* the same config and seed once more: must give the same bits */
    RUN_NEIGHBOUR, /* the noise audit's neighbour of the baseline (audit.h) */
    RUN_SALTED, /* the same config, the seed mapped through a hash: equal in truth, not in bits */
};
extern const char *const variant_names[]; /* "own", "repeat", "neighbour", "salted", NULL */

/* One process: a config under one seed.  Only the last attempt of (experiment, seed, variant)
 * counts. */
struct run {
    int32_t id;
    int32_t experiment;
    uint32_t seed; /* as numbered by the study; the trainer is given record_trainer_seed() */
    enum run_variant variant : 8;
    enum run_class class : 8; /* CLASS_NONE: recorded as started, its end is not recorded */
    int16_t signal;           /* 0: none */
    int32_t exit_code;        /* -1: none */
    int32_t attempt;          /* from 1 */
    double value;             /* the study's metric as the trainer printed it; NAN unless ok */
    double wall_s, cpu_s, peak_mib; /* NAN where unknown */
    int64_t steps;                  /* {"steps": n} or calibrated; -1 unknown */
    double flops;                   /* {"flops": x}; NAN unknown */
    int64_t started, ended;         /* Unix seconds, for display; 0 unknown */
    char *detail; /* one line for a person: "exit 3", "no 'val_loss' was printed"; NULL: nothing */
};

/*
 * Runs that were planned.  In a test both configs run on `seed`, which nothing else of the study
 * uses; the candidate of a placebo's test is the incumbent itself, salted.  Outside of a test (0)
 * the experiment alone runs on a seed of the selection panel, which all experiments share.
 */
struct pair {
    int32_t experiment; /* the candidate */
    int32_t against;    /* the incumbent of that time; 0: it runs alone */
    int32_t index;      /* from 0 */
    uint32_t seed;
    int32_t test;  /* number of the test; 0: the selection panel */
    int32_t after; /* decisions that had been made when it was planned */
};

struct experiment {
    int32_t id;
    enum purpose purpose : 8;
    bool verified;         /* a test has kept it */
    struct value *config;  /* [space->n]; in a record a place in one of its blocks, as unit */
    double *unit;          /* [space->n]; NAN: not loaded */
    char sha[SHA256_TEXT]; /* of the canonical config */
    int32_t against;       /* the incumbent it was proposed from; 0 for the baseline */
    int32_t decision;      /* number of its own decision, its first (of a side of a hypothesis:
                            * the first that it is compared in); 0: pending */
    int64_t steps;         /* calibrated step count of this config; 0 while unknown */
    int64_t created;       /* Unix seconds, display only */
    char *remark;          /* `nightshift note`; NULL: none */
    const char *source;    /* commit of the trainer's source where it was patched; "": as begun.
                            * The record's own, one text for all that share it */
};

enum decision_kind {
    DECISION_HEAD,
    DECISION_VERIFY,
    DECISION_PLACEBO,
    DECISION_CONFIRM,
    DECISION_HYPOTHESIS,
};
extern const char *const decision_kind_names[]; /* "head", "verify", "placebo", …, NULL */

/*
 * What became of one experiment, or of one test.  Times and rates never enter here.
 *
 *   head     of a proposal: may the search go on from it?  Where it is a test too (procedure
 *            paired) the kind is verify
 *   verify   of the head: is it really better than the incumbent?
 *   placebo  of a config against itself under other seeds: how often do we keep what is equal?
 *            With alpha it was a test, without it a proposal
 *   confirm  the incumbent against the baseline on seeds that no decision has seen
 *   hypothesis  of a claim of the study (record_hypothesis.h): the config that is claimed to be
 *            better, against the other
 */
struct decision {
    int32_t number;
    int32_t experiment, against; /* against 0: nothing to compare with (the baseline) */
    int32_t test;                /* of its pairs; 0: judged on the selection panel */
    int32_t incumbent;           /* the verified incumbent after it; 0: none yet */
    int32_t head;                /* the search head after it; 0: none yet */
    enum decision_kind kind : 8;
    enum outcome verdict : 8; /* OUTCOME_KEEP, _REVERT or _FAILED */
    bool verified;            /* a keep that its own test has earned */
    int32_t n;                /* pairs */
    double alpha;             /* NAN where nothing was tested */
    double mean, low, high;   /* effect, positive is better; NAN unknown */
    double z, df;             /* NAN unknown */
    double sd;                /* test: SD of its differences; head: standard error of mean */
    char *reason;             /* one sentence; NULL: not loaded */
    char *body;               /* decisions/…/<n>.yaml of the git record; NULL: not loaded */
};

/* A night came to its end, in plan: what is due then (last test, placebo, confirmation) is done
 * before anything new is proposed. */
struct closing {
    int64_t after; /* decisions that had been made */
    bool placebo;  /* there is time for a placebo's test */
};

/* A commit that must exist: intent first, then the objects, then the ref, then `done`. */
struct outbox {
    int64_t decision;
    const char *ref;                       /* of the record's own rows: one text for all of them */
    char parent[41], tree[41], commit[41]; /* hex; parent "" for a first commit */
    bool done;
};

/* What an outside program answered when it was asked for an experiment (strategy exec).  The record
 * of it, not the program, is what a resumed study and a replay go by. */
struct answer {
    int64_t experiment; /* that it was asked for: refused answers have it too */
    char *text;         /* its JSON object, canonical; NULL: it gave none */
    char *refusal;      /* one line: why it was not taken; NULL: it became the experiment */
    char source[41];    /* the commit that its patch became; "": it has none */
};

struct record {
    struct shelf *shelf; /* where its larger arrays lie; NULL: in memory.  Borrowed */
    struct study study;  /* as recorded at the start, from the stored text */
    char *spec;          /* its canonical text */
    char source[41];     /* the commit that is built where nothing was patched; "": none is */
    struct experiment *experiments;
    size_t n_experiments;
    size_t n_hidden; /* of them: placebos and sides of hypotheses, which no strategy knows of */
    struct value **points; /* [n_points] blocks of configs and units, each twice as large */
    size_t n_points;
    struct run *runs; /* by id: every attempt, in the order of their starts */
    size_t n_runs;
    struct run_curves *curves; /* [n_curves] what the first runs said on their way; see
                                * record_curves() */
    size_t n_curves;
    struct pair *pairs; /* in the order of their making */
    size_t n_pairs;
    struct decision *decisions;
    size_t n_decisions;
    struct closing *closings;
    size_t n_closings;
    struct outbox *outbox; /* in the order of their making */
    size_t n_outbox;
    char **texts; /* [n_texts] that rows share: refs of the outbox, sources of experiments */
    size_t n_texts;
    struct answer *answers; /* in the order of asking */
    size_t n_answers;
    struct record_index *index; /* for the look-ups; kept by record_add_…() */
};

void record_clear(struct record *record);

/* All that was appended: a study without an experiment is left, and its texts. */
void record_forget_rows(struct record *record);

/*
 * Append one row each; texts and arrays inside are copied, so the caller keeps its own (source and
 * unit may be NULL).  Ids must be the next ones.  They keep the look-ups below fast and right;
 * nobody else appends.  A run's end is written into the struct run that record_add_run() returned
 * (its place may move with the next run, so keep the index); a decision also sets
 * experiments[].decision.
 */
void record_add_experiment(struct record *record, const struct experiment *experiment);
struct run *record_add_run(struct record *record, const struct run *run);
void record_add_pair(struct record *record, const struct pair *pair);
void record_add_decision(struct record *record, const struct decision *decision);
void record_set_body(struct record *record, int64_t decision, const char *body); /* NULL: none */
void record_add_closing(struct record *record, const struct closing *closing);
void record_add_outbox(struct record *record, const struct outbox *outbox);
void record_add_answer(struct record *record, const struct answer *answer);

/* Drops the rows of commits that git has, but for the newest of each ref: all that a night still
 * asks for.  record_commit() then knows of the others alone. */
void record_forget_published(struct record *record);

/* Drops why the decisions before the newest were made, which nothing later depends on, but for why
 * a baseline failed. */
void record_forget_reasons(struct record *record);

/*
 * What a run has said on its way: of those that ended well, the whole, of those that were ended
 * early, up to there; empty (PLACE_NONE) for all others, and in studies without early_terminate.
 * `run` is one of the record's; the record copies what it is given.
 */
const struct run_curves *record_curves(const struct record *record, const struct run *run);
void record_set_curves(struct record *record, const struct run *run,
                       const struct run_curves *curves);

/* The next attempt at a run, as it is before it starts: nothing of its end is known. */
struct run record_next_run(const struct record *record, int64_t experiment,
                           enum run_variant variant, uint32_t seed);

/* The next decision, nothing compared yet: numbers are NAN, incumbent and head are those of now. */
struct decision record_next_decision(const struct record *record, enum decision_kind kind,
                                     int64_t experiment);

/* The commit that an experiment's trainer is built from; "" where the study builds none. */
const char *record_source(const struct record *record, int64_t experiment);

/* The last attempt at (experiment, seed), or NULL.  Borrowed. */
const struct run *record_run(const struct record *record, int64_t experiment, uint32_t seed);
const struct run *record_variant(const struct record *record, int64_t experiment,
                                 enum run_variant variant, uint32_t seed);

/* The candidate's run of a pair, or NULL. */
const struct run *record_candidate(const struct record *record, const struct pair *pair);
enum run_variant pair_variant(const struct pair *pair); /* of the candidate's run */

/* What a run is worth, lower is better: the metric, its sign turned where more is better; NAN
 * where there is no run or it failed. */
double record_loss(const struct record *record, const struct run *run);

/* The seed that the trainer of a run is given: the run's own, or its hash where it is salted
 * (RUN_SALTED, or an experiment that is a placebo). */
uint32_t record_trainer_seed(const struct record *record, const struct run *run);

/* The pairs of a candidate in a test, in order, into out[max]; returns how many there are.  Those
 * that were planned after the last decision of `record` are left out, so that a record whose
 * n_decisions was set back shows what was known then. */
size_t record_pairs(const struct record *record, int64_t experiment, int64_t test,
                    const struct pair **out, size_t max);

/* The verified incumbent and the search head after the decisions so far; 0: none. */
int64_t record_incumbent(const struct record *record);
int64_t record_head(const struct record *record);

/* The baseline that was kept, or the one that is tried next: each that failed has a decision. */
int64_t record_baseline(const struct record *record);

/* How many decisions a proposal may know: those up to that on experiment - lookahead, and the
 * baseline's, unless proposals are made while it is under way (study_passes_baseline()); 0 before
 * it. */
int64_t record_known(const struct record *record, int64_t experiment);

/* True for what was proposed from a baseline that then failed: no lesson, and proposed again. */
bool record_is_withdrawn(const struct record *record, const struct experiment *experiment);

/* True for what no strategy is told of: placebos, sides of hypotheses, and what was withdrawn. */
bool record_is_hidden(const struct record *record, const struct experiment *experiment);

/* How many experiments count as proposals: all but the sides of hypotheses and what was withdrawn.
 */
int64_t record_proposals(const struct record *record);

/* How many experiments the strategy knows of when it is asked next: proposals but for placebos. */
size_t record_experiments_known(const struct record *record);

/* strategy_describe() for the next proposal; the caller frees. */
char *record_describe_strategy(const struct record *record);

/* An experiment's own decision, its first that is about it, or NULL.  Borrowed. */
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
