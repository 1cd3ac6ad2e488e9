/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prune.h - the files of experiments that are out of the running, taken away by `keep_files`.
 *
 * What a trainer left (checkpoints, validation losses) can be made again from config and seed, and
 * `reproduce` does: their hashes stay in the record, as do config, stream and log on the disk.
 *
 *   kept   files stay of the baseline, of the search head and of what a test has kept
 *   all    of every experiment
 *   none   of no experiment that is decided
 *
 * Which files may be gone is a function of the record, so that no row has to say it.
 */
#ifndef HARNESS_PRUNE_H
#define HARNESS_PRUNE_H

#include "place.h"
#include "record.h"

/* True where the files of an experiment's runs are not kept. */
bool prune_is_due(const struct record *record, int64_t experiment, enum keep_files keep);

/* After the newest decision: takes away what it has put out of the running.  Called again it finds
 * nothing to do.  A folder that cannot be cleared is told of, and is no error: it is only space. */
void prune_after_decision(const struct record *record, const struct place *place);

/* Likewise for the last decisions, which a session that was killed may not have come to. */
void prune_at_start(const struct record *record, const struct place *place);

/* After the end of a run: takes away its files where those of its experiment are not kept. */
void prune_after_run(const struct record *record, const struct run *run, const char *dir);

/* Takes away what a trainer left in the directory of a run. */
int prune_dir(const char *dir, struct err *err);

#endif
