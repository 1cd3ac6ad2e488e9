/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream.h - what a trainer printed, read by the trainer contract: JSON objects are records,
 * `name: number` alone on a line is a metric, anything else is log.
 */
#ifndef HARNESS_STREAM_H
#define HARNESS_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "err.h"
#include "space.h"
#include "store.h"

struct stream {
    struct metric *metrics; /* [n_metrics] last value of each name, in order of first appearance */
    size_t n_metrics;
    json_t *config;           /* the effective config, NULL where none was printed */
    int64_t calibrated_steps; /* -1: not printed */
    int64_t steps;            /* -1: not printed */
    bool nonfinite;           /* a record with the key "nonfinite" was printed */
    size_t lines, records;    /* lines of any kind, JSON records among them */
    size_t most;              /* lines that count */
};

/*
 * Reads RUN_STREAM of a run directory; lines longer than 64 KiB, lines that are not UTF-8 and a
 * last line without its end are log.  NaN and Infinity are understood in both forms.  The flat
 * numbers of a record are metrics; null (not known now), texts, booleans and nested values are
 * none, and `progress` is for the eye only.  At most 4,096 names are kept.  The caller clears.
 */
int stream_read(struct stream *out, const char *dir, struct err *err);
void stream_clear(struct stream *stream);

/* The same as if it had ended with line `lines` (from 1). */
int stream_read_to(struct stream *out, const char *dir, size_t lines, struct err *err);

/* Takes a metric out; one that is not there is no matter. */
void stream_forget(struct stream *stream, const char *name);

/* What `judge` printed takes the place of what is there under the same name. */
void stream_overrule(struct stream *stream, const struct stream *judge);

/* The value of a metric; NAN with *found false when it was never printed. */
double stream_metric(const struct stream *stream, const char *name, bool *found);

/*
 * True when every parameter that was asked for is in the effective config with the value asked for,
 * or when no effective config was printed.  Else false and one line in why [size].  Numbers are
 * compared as numbers; a fraction also agrees when both are the same in single precision, which is
 * what a trainer that keeps floats can echo.
 */
bool stream_config_agrees(const struct stream *stream, const struct space *space,
                          const struct value *config, char *why, size_t size);

/* The last {"progress": x} in the file so far, NAN when there is none: cheap, reads the tail. */
double stream_progress(const char *dir);

/*
 * What a repetition must print again, as canonical lines in the order of the stream: of every
 * record its flat numbers as an object with sorted keys, of every plain metric `name: number`. Left
 * out is what depends on the machine's mood: `progress`, `calibrated_steps`, and names that are or
 * end in a unit of time, rate or memory (the table in stream_canonical.c).  For `reproduce`.
 */
int stream_canonical(struct str *out, const char *dir, struct err *err);

#endif
