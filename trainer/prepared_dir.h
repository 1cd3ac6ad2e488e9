/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prepared_dir.h - the folder of prepared data: filled under a temporary name beside it, then put
 * in its place at once.
 */
#ifndef TRAINER_PREPARED_DIR_H
#define TRAINER_PREPARED_DIR_H

#include "err.h"

#define PREPARED_FORMAT "nightshift-tokens-1"

/* 0 where `path` may be written: absent, an empty folder, or one that holds prepared data alone. */
int prepared_dir_check(const char *path, struct err *err);

/* Makes the temporary folder (and the folders above); the caller frees *part. */
int prepared_dir_begin(char **part, const char *path, struct err *err);

/* Puts `part` in the place of `path`; what stood there is removed. */
int prepared_dir_finish(const char *part, const char *path, struct err *err);

#endif
