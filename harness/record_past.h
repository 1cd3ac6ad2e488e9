/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record_past.h - the record as strategies and models see it: configs, outcomes, losses.
 *
 * Placebos, what was only claimed of and what was withdrawn with its baseline are hidden: a
 * strategy cannot tell the first, has not asked for the second, and proposes the third again.
 */
#ifndef HARNESS_RECORD_PAST_H
#define HARNESS_RECORD_PAST_H

#include "record.h"
#include "strategy.h"

/* The first `known` decisions, and the configs of all experiments; those not decided by then are
 * pending.  past [record->n_experiments] is filled; both borrow from the record.  head: the
 * experiment that proposals start from, 0 none; it counts as kept, though its decision may not be
 * known (a baseline that is still under way). */
void record_past(struct history *history, struct past *past, const struct record *record,
                 int64_t known, int64_t head);

/* The experiment that history->past[at] is. */
int64_t record_past_experiment(const struct history *history, size_t at,
                               const struct record *record);

#endif
