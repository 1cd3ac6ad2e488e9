/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream_line.h - one line after the other of what a trainer printed, each with its meaning.
 */
#ifndef HARNESS_STREAM_LINE_H
#define HARNESS_STREAM_LINE_H

#include <stdbool.h>
#include <stddef.h>
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

/* RUN_STREAM, being read.  A run that left none has printed nothing. */
struct line_source {
    FILE *file; /* NULL: nothing to read */
    char *text; /* [LINE_MAX_BYTES + 1] */
};
int line_source_open(struct line_source *out, const char *dir, struct err *err);
void line_source_close(struct line_source *source);

/* 1: a line, which the caller clears; 0: the end; -1: it cannot be read. */
int line_next(struct line *out, struct line_source *source, struct err *err);

#endif
