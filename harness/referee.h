/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * referee.h - what is to be believed: from the decisions so far to the next one.
 *
 * Everything here is a pure function of the record: struct referee only remembers what the
 * decisions so far add up to, so that they need not be added up again.  The same record gives the
 * same runs, pairs and decisions, in a night, in a simulated one, and when doctor makes them again.
 *
 * The order of things, each only when the one before has nothing to do:
 *   the baseline and its audit, or, where it failed, what was proposed from it and is withdrawn ·
 * the study's hypotheses · runs that the head still lacks · a test
 * of the head that is due · at the end of a night its last test, a placebo's test, the confirmation
 * · the first proposal that is pending
 */
#ifndef HARNESS_REFEREE_H
#define HARNESS_REFEREE_H

#include "audit.h"
#include "claim_test.h"
#include "head.h"
#include "needs.h"
#include "noise.h"
#include "selection.h"

/* Rules of the two levels (docs/statistics.md). */
#define TEST_AT_GAIN 1.5 /* estimated gain at which a head is tested [sigma_d] */
enum {
    TEST_REST = 20,       /* not before so many decisions on proposals since its last test */
    TEST_AFTER = 40,      /* whatever the gain, after so many */
    TEST_PAIRS_USUAL = 4, /* a test of a head that is better ends by then, nearly always */
    REFRESH_EVERY = 5,    /* the head runs again on a new seed */
    HEAD_RUNS_MOST = 16,
    PLACEBO_TEST_AFTER = 15, /* a night with fewer new decisions has no placebo's test */
};

/*
 * Tests have numbers, from which their seeds follow.  Those of proposals are even (paired), the
 * referee counts its own from 1 in fours, and what a user asks for has the rest.
 */
enum { TEST_CLASSES = 4, TESTS_OF_REFEREE = 1, TESTS_ASKED_FOR = 3 };

struct variance { /* that a test has seen */
    double s2, df;
    int64_t decision;
};

enum { REFEREE_JUDGES = 8 };

struct referee {
    int64_t followed;               /* decisions taken in */
    int64_t decided;                /* experiments with a decision of their own: 1 … decided */
    int64_t since_test, since_move; /* decisions on proposals since the head was tested, moved */
    size_t head_runs;               /* the head's runs on the panel when it became head */
    bool untested;                  /* it has moved since its last test */
    int64_t tests, keeps;           /* verifications so far, and those that kept */
    int64_t next_test;              /* number of the next test of the referee */
    double tested_gain;             /* what the head's last test found, NAN: not tested */
    double tested_variance;
    int64_t confirmed; /* the incumbent of the last confirmation */

    int64_t claims, discoveries; /* hypotheses so far, and those verified or disproved */
    struct claim_test *claim;    /* of the next hypothesis, at its level; NULL: not made yet */

    struct audit audit;
    struct selection_noise noise;
    struct head_prior prior;
    struct variance *variances; /* of the tests so far, placebos' apart */
    size_t n_variances;

    size_t closings;                      /* ends of nights seen */
    bool closing;                         /* what is due at the last one is not done yet */
    bool placebo_due;                     /* a placebo's test is part of it */
    int64_t in_night;                     /* decisions on proposals since the last end of a night */
    struct judge *judges[REFEREE_JUDGES]; /* kept by their level */
    size_t next_judge;
};

void referee_init(struct referee *referee);
void referee_clear(struct referee *referee);

/* Takes in what was decided since the last call.  -1: the study's rule makes no test. */
int referee_follow(struct referee *referee, const struct record *record, struct err *err);

/* What the study needs next; NEED_NOTHING where all that was proposed is decided and no test is
 * due.  `noise_only`: no more than the audit, even where the study goes without one. */
int referee_next(struct needs *out, struct referee *referee, const struct record *record,
                 bool noise_only, struct err *err);

/* What a proposal that is not the first pending one may run ahead. */
int referee_ahead(struct needs *out, struct referee *referee, const struct record *record,
                  int64_t experiment, struct err *err);

/* A confirmation of an experiment on so many seeds. */
void referee_confirm(struct needs *out, const struct record *record, int64_t experiment,
                     int64_t test, size_t seeds);

/* The number of the confirmation of `experiment` that a user asks for: that of one which was begun
 * and not ended, or a new one. */
int64_t referee_asked_test(const struct record *record, int64_t experiment);

/* Makes a decision again, from what was known before it: for doctor.  `record` is the record as of
 * then (n_decisions set back) and the referee has followed it. */
int referee_again(struct needs *out, struct referee *referee, const struct record *record,
                  const struct decision *decision, struct err *err);

/* True while an end of a night has something left to do. */
bool referee_is_closing(const struct referee *referee, const struct record *record);

/*
 * How many runs are kept for the end of a night: a usual last test and the confirmation (a longer
 * test leaves what is behind it to the next night: the confirmation in 2 of 100 simulated ones).
 * With `placebo` that test too, and every one to its very end.
 */
size_t referee_reserve(const struct record *record, bool placebo);

/* The usual end of a night of that study: what is kept for it before anything is known. */
size_t referee_usual_end(const struct study *study);

/* How much better the head seems than the verified incumbent, by the panel and its last test
 * together; NAN where they are one.  *sigma_d: the SD of a pair of runs, NAN unknown. */
double referee_head_gain(double *sigma_d, const struct referee *referee,
                         const struct record *record);

/* The level of the next hypothesis: theirs are counted by themselves. */
double referee_claim_level(const struct referee *referee, const struct study *study);

/* The level of the next verification. */
double referee_level(const struct referee *referee, const struct study *study);

/* --- for the procedures ---------------------------------------------------------------------- */

/* The test of a proposal (experiment > 0) or of the head (0), at its level; NULL on error. */
const struct judge *referee_judge(struct referee *referee, const struct record *record,
                                  int64_t experiment, struct err *err);

/* The noise of a pair as a test of `experiment` may know it (0: of the head, all there is); with
 * seeds that share nothing where one side is salted. */
void referee_noise(struct noise *out, const struct referee *referee, const struct record *record,
                   int64_t experiment, bool salted);

#endif
