/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * orphan.h - what lies in a run directory and belongs to nothing in the record: directories of runs
 * without a row, and what a killed program left half made.
 */
#ifndef HARNESS_ORPHAN_H
#define HARNESS_ORPHAN_H

#include "place.h"

/* The first of them, below the run directory ("runs/9/77"); *out NULL where there is none.  The
 * caller frees. */
int orphan_find(char **out, const struct place *place, const struct record *record,
                struct err *err);

/* Moves each into run_dir/trash, which is never emptied by us; *n: how many. */
int orphan_put_away(size_t *n, const struct place *place, const struct record *record,
                    struct err *err);

/* Moves one file or folder of the run directory, or of git, into run_dir/trash under a name that is
 * free there. */
int trash_put(const struct place *place, const char *path, struct err *err);

#endif
