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
#include "seen.h"
#include "strategy.h"

/* What was made of a record so far, so that the next proposal reads what is new in it alone.  Zero
 * at first, but for the shelf. */
struct past_memory {
    struct shelf *shelf; /* where it lies; NULL: in memory.  Borrowed */
    struct past *past;   /* [n] config and unit are the record's */
    int32_t *ids;        /* [n] the experiment that each is */
    size_t n;
    size_t rows;             /* experiments of the record that were looked at */
    size_t settled;          /* none of the first so many is pending */
    int64_t known, baseline; /* decisions that were known, and what record_baseline() said then */
    size_t head;             /* in past: counted as kept whatever was decided; SIZE_MAX: none */
    struct seen seen;
};

void past_memory_clear(struct past_memory *memory);

/* The first `known` decisions, and the configs of all experiments; those not decided by then are
 * pending.  `history` borrows from the memory and the record.  head: the experiment that proposals
 * start from, 0 none; it counts as kept, though its decision may not be known (a baseline that is
 * still under way).  A memory belongs to one record, at any of its ages: of an earlier one than
 * last time it is made anew. */
void record_past(struct history *history, struct past_memory *memory, const struct record *record,
                 int64_t known, int64_t head);

#endif
