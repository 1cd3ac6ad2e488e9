/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * retry.h - which failures may pass, and so are tried again.
 *
 *   oom, spawn            RETRY_TIMES at most: then it is the run that failed
 *   a failure while the   likewise: the trainer may be the one that has filled it
 *   disk ran full
 *   the machine slept     without limit, where time counted: a time limit that was reached, or any
 *                         run of a study with `budget: time`
 *
 * Everything else that a trainer does it would do again: it counts at once.  Attempts lost with the
 * harness are repeated without limit elsewhere (session.h).  What is tried again is in the record
 * (aside.h), so that a night that was interrupted counts as one that was not.
 */
#ifndef HARNESS_RETRY_H
#define HARNESS_RETRY_H

#include "executor.h"
#include "record.h"

enum { RETRY_TIMES = 2 };

#define RETRY_ASLEEP_S 1.0 /* a shorter sleep is none: the clocks are read one after the other */

/* Looks at a run that has just been classed and is not stored yet; where it is to be tried again it
 * becomes interrupted, with a detail that says why, and true comes back. */
bool retry_pass(struct run *run, const struct record *record, const struct outcome_facts *facts,
                bool disk_is_full);

#endif
