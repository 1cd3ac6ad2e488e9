/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gate.h - with a time budget: is this run worth what it says, or was the machine busy?
 *
 * A run that the clock ends has done as many steps as the machine let it.  One whose speed is not
 * that of its like (pace.h) is set aside and run again, GATE_AGAIN times at most; then it counts as
 * it is.  With any other budget the speed changes nothing.
 *
 * Its like are the runs that ended well and whose unit of work is the same: those of the same
 * config; where they are too few, those whose steps cost as many FLOPs, if the trainer prints
 * them.  A step of another shape is other work, and is never compared.
 */
#ifndef HARNESS_GATE_H
#define HARNESS_GATE_H

#include "record.h"
#include "store.h"
#include "stream.h"

enum { GATE_AGAIN = 2 };

/* Looks at a run that has just been classed and is not stored yet; where it is ok and uneven, it
 * becomes interrupted, with a detail that says so (uneven.h).  -1: the store cannot be read. */
int gate_pass(struct run *run, const struct record *record, struct store *store,
              const struct stream *stream, struct err *err);

#endif
