/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aside.h - attempts that are no result because of the machine, and are run again.
 *
 * Such an attempt has the class interrupted, so that nobody takes it for a result, and a detail
 * whose beginning says why:
 *
 *   UNEVEN   its speed was not that of its like (uneven.h)
 *   PASSING  it failed by something that may pass: memory, a process that could not be made, a full
 *            disk
 *   ASLEEP   the machine was suspended while it ran, and time counted
 *   EVICTED  the queue of a cluster, or somebody at it, has ended it
 *
 * One without such a beginning was lost with the harness.
 */
#ifndef EXPERIMENTS_ASIDE_H
#define EXPERIMENTS_ASIDE_H

#include "record.h"

#define PASSING "may pass: "
#define ASLEEP  "machine asleep: "
#define EVICTED "evicted: "

bool run_is_passing(const struct run *run);
bool run_is_set_aside(const struct run *run); /* for any of the four reasons */

/* The attempts at the run of one config, seed and variant that failed by what may pass. */
size_t passing_count(const struct record *record, const struct run *like);

#endif
