/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream.h - what a trainer printed, read by the trainer contract: JSON objects are records,
 * `name: number` alone on a line is a metric, anything else is log.
 */
#ifndef HARNESS_STREAM_H
#define HARNESS_STREAM_H

#include <stdint.h>

#include <jansson.h>

#include "err.h"
#include "space.h"
#include "store.h"

struct stream {
    struct metric *metrics;  /* [n_metrics] last value of each name, in order of first appearance */
    size_t n_metrics;
    json_t *config;          /* the effective config, NULL where none was printed */
    int64_t calibrated_steps; /* -1: not printed */
    int64_t steps;            /* -1: not printed */
    size_t lines, records;
};

/* Reads RUN_STREAM of a run directory; lines longer than 64 KiB and a last line without its end
 * are log.  NaN and Infinity are understood in both forms.  The caller clears. */
int stream_read(struct stream *out, const char *dir, struct err *err);
void stream_clear(struct stream *stream);

/* The value of a metric; NAN with *found false when it was never printed. */
double stream_metric(const struct stream *stream, const char *name, bool *found);

/*
 * True when every parameter that was asked for is in the effective config with the value asked for
 * (numbers compared as numbers), or when no effective config was printed.  Else false and one line
 * in why [size].
 */
bool stream_config_agrees(const struct stream *stream, const struct space *space,
                          const struct value *config, char *why, size_t size);

/* The last {"progress": x} in the file so far, NAN when there is none: cheap, reads the tail. */
double stream_progress(const char *dir);

/*
 * The records that a repetition must give again, as canonical lines: every record's numbers but
 * `progress` and those whose key ends in a unit of time, rate or memory (_s, _ms, _seconds, _per_s,
 * _mib, _gib, _kib), and plain metrics likewise (training_seconds, peak_vram_mb …).  For
 * `reproduce`.
 */
int stream_canonical(struct str *out, const char *dir, struct err *err);

#endif
