/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inputs.h - the files that results depend on: the programs that train and evaluate, files that
 * their commands name, and what the study lists under `files`.  Their SHA-256 is recorded at the
 * start and checked before every session, since a result is only worth something with the data it
 * came from.
 */
#ifndef HARNESS_INPUTS_H
#define HARNESS_INPUTS_H

#include "err.h"
#include "store.h"
#include "str.h"
#include "study.h"

/*
 * Hashes all inputs, named as the study writes them, each once; a folder stands for the regular
 * files below it, but for the record of a study (a folder with a study.db).  A missing one is a
 * usage error.  The caller frees with artifacts_free().
 */
int inputs_collect(struct artifact **out, size_t *n, const struct study *study,
                   const char *study_dir, const char *program, struct err *err);

/* One line a difference ("'data/val.bin' has changed: sha256 …, recorded …"); empty: none. */
void inputs_compare(struct str *out, const struct artifact *recorded, size_t n_recorded,
                    const struct artifact *now, size_t n_now);

#endif
