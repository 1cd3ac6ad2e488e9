/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * modes.h - who may use the files of a study: nobody but its owner.
 */
#ifndef HARNESS_MODES_H
#define HARNESS_MODES_H

#include <sys/stat.h>

#include "place.h"

/* Hands the files and folders that nightshift itself makes in a run directory to see(), those that
 * are there, until it returns other than 0.  What a trainer leaves is the trainer's.  The runs of a
 * study with executor.shared (else NULL) lie below it, and a link leads there. */
typedef int modes_seer(void *context, const char *path, const struct stat *st, struct err *err);
int modes_each(const struct place *place, const char *shared, modes_seer *see, void *context,
               struct err *err);

/* What is wrong with such a file ("can be used by others"); NULL: nothing. */
const char *modes_fault(const struct stat *st);

#endif
