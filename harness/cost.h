/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cost.h - how many runs a study will take, as far as that is known before the first.
 */
#ifndef HARNESS_COST_H
#define HARNESS_COST_H

#include "study.h"

struct cost {                              /* in runs */
    int64_t baseline;                      /* with its audit */
    int64_t proposal_least, proposal_most; /* of one proposal */
    int64_t test;                          /* of one test of the head, at most; 0: there is none */
    int64_t end;                           /* of a night's end, at most */
    int64_t claims_least, claims_most;     /* of all hypotheses together */
    /* Of `experiments` in all (0 where they are not capped): at least, and where every proposal
     * takes its most and tests fall due by count. */
    int64_t least, most;
};

/* `experiments` 0: not capped. */
void cost_estimate(struct cost *out, const struct study *study, int64_t experiments);

/* A line for people: what becomes of so many runs. */
void cost_write_runs(struct str *out, const struct study *study, int64_t runs);

/* Some lines for people. */
void cost_write(struct str *out, const struct study *study, int64_t experiments);

#endif
