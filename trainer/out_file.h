/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * out_file.h - a large file written piece by piece under a temporary name: `path` is the old file
 * or the whole new one, whatever happens.
 *
 * It is written in parts as large as a huge page, each on a multiple of that: Linux keeps such parts
 * in huge pages where the file system can, and who maps the file reads it faster.
 */
#ifndef TRAINER_OUT_FILE_H
#define TRAINER_OUT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct out_file {
    char *path, *temporary;
    int fd;
    uint64_t bytes; /* added */
    char *held;     /* of these the last, which were not written yet */
    size_t n_held;
};

/* Makes "<path>.new".  Behind it out_file_finish() or out_file_drop() is called in any case. */
int out_file_open(struct out_file *out, const char *path, struct err *err);
int out_file_add(struct out_file *out, const void *bytes, size_t n, struct err *err);
int out_file_pad(struct out_file *out, size_t alignment, struct err *err); /* with zeroes */

/* fsync, rename, fsync of the folder; what was written is dropped where that fails. */
int out_file_finish(struct out_file *out, struct err *err);
void out_file_drop(struct out_file *out);

#endif
