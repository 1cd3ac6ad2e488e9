/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run_text.h - what a run printed (RUN_STREAM, RUN_LOG), as it was written or packed.
 *
 * While a run goes on its texts are plain files.  Once it is recorded they are packed with zstd
 * where that saves a block of the disk: NAME.zst takes the place of NAME, whole or not at all.  A
 * reader opens whichever is there and sees the same bytes.
 */
#ifndef HARNESS_RUN_TEXT_H
#define HARNESS_RUN_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "err.h"
#include "str.h"

#define RUN_TEXT_PACKED ".zst"

bool run_text_is_there(const char *dir, const char *name);

/* Opens dir/NAME for reading, the caller closes *out with fclose(); NULL where there is neither
 * form.  What is no regular file is refused, a link is not followed.  Bytes that are no zstd are a
 * reading error of the FILE. */
int run_text_open(FILE **out, const char *dir, const char *name, struct err *err);

/* Packs dir/NAME, where it is there and larger than a block.  Synced before the plain one goes. */
int run_text_pack(const char *dir, const char *name, struct err *err);

/* The last `lines` lines of the log, or of the stream where the log is empty. */
void run_text_tail(struct str *out, const char *dir, size_t lines);

#endif
