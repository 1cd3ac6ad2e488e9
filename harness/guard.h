/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guard.h - are the trainer, the evaluation and the data still what the study was begun with?
 *
 * Looked at after every process that runs what an outside program wrote: its answer, and the
 * trainer that it patched.
 */
#ifndef HARNESS_GUARD_H
#define HARNESS_GUARD_H

#include "place.h"

/* Hashes all inputs again.  An integrity error names those that have changed: a result beside them
 * would be worth nothing, so none is recorded. */
int guard_inputs(const struct place *place, struct store *store, const struct study *study,
                 const char *program, struct err *err);

#endif
