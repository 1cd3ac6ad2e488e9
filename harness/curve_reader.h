/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * curve_reader.h - the curves of a run (curve.h) from what its trainer prints, also while it runs.
 *
 * A record is a point where it has a place (`progress`, else `step`) beside the study's metric or
 * train_loss.  Only whole lines are taken, and none twice.
 */
#ifndef HARNESS_CURVE_READER_H
#define HARNESS_CURVE_READER_H

#include "curve.h"
#include "err.h"
#include "study.h"

struct curve_reader {
    const char *metric; /* borrowed */
    bool maximize;
    int64_t offset; /* bytes of the stream that were read */
    size_t lines;
    struct run_curves curves;
};

void curve_reader_init(struct curve_reader *out, const struct study *study);
void curve_reader_clear(struct curve_reader *reader);

/* Takes in what stands in DIR/RUN_STREAM since the last call. */
int curve_reader_read(struct curve_reader *reader, const char *dir, struct err *err);

#endif
