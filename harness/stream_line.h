/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream_line.h - one line after the other of what a trainer printed, each with its meaning.
 */
#ifndef HARNESS_STREAM_LINE_H
#define HARNESS_STREAM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "err.h"

enum { LINE_MAX_BYTES = 1 << 16 };

enum line_kind {
    LINE_LOG,    /* anything */
    LINE_RECORD, /* `record` is set */
    LINE_METRIC, /* `name` and `value` are set */
};

struct line {
    enum line_kind kind;
    json_t *record;
    const char *name; /* borrowed from the text of the line */
    double value;
};

/* What text [len] (without its end of line, NUL behind; it is written into) means.  The caller
 * calls line_clear(). */
void line_read(struct line *out, char *text, size_t len);
void line_clear(struct line *line);

/* The number of a field of a record, NAN and infinities too; false where the field is none. */
bool record_number(double *out, const json_t *field);

/*
 * Hands every line of DIR/RUN_STREAM to use(), which borrows it; a run that left no stream has
 * printed nothing.  -1 where it cannot be read.
 */
int stream_each_line(const char *dir, void (*use)(void *into, const struct line *line), void *into,
                     struct err *err);

/* The same for the whole lines from byte *offset on, which becomes the byte behind the last of
 * them: what is still being written is left for the next call. */
int stream_lines_from(int64_t *offset, const char *dir,
                      void (*use)(void *into, const struct line *line), void *into,
                      struct err *err);

#endif
