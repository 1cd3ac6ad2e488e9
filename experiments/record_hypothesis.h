/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record_hypothesis.h - what became of the hypotheses of a study.
 *
 * They are decided one after the other, in the order of the study file, behind the baseline and
 * before the search; so the n-th decision of the kind `hypothesis` is on the n-th of them.  Its
 * experiment is the config that is claimed to be better, `against` the other one; its effect is how
 * much better, positive as everywhere.
 */
#ifndef EXPERIMENTS_RECORD_HYPOTHESIS_H
#define EXPERIMENTS_RECORD_HYPOTHESIS_H

#include "claim_test.h"
#include "record.h"

/* How many are decided, and the decision on one (index from 0; NULL: it is open). */
size_t record_hypotheses_decided(const struct record *record);
const struct decision *record_hypothesis(const struct record *record, size_t index);

/* The one that a decision of the kind is on; NULL where it is on none.  Borrowed. */
const struct hypothesis *record_hypothesis_of(const struct record *record,
                                              const struct decision *decision);

/* Is something left of them to be done?  Not before there is a baseline. */
bool record_hypotheses_open(const struct record *record);

/* The verdict of a decision on it, NULL: open.  A side that failed leaves it inconclusive. */
enum claim_verdict hypothesis_verdict(const struct hypothesis *hypothesis,
                                      const struct decision *decision);

/* The experiment whose config [space->n] is a side: the baseline, or one that was made for it; 0:
 * it is not there yet. */
int64_t record_hypothesis_side(const struct record *record, const struct value *config);

#endif
