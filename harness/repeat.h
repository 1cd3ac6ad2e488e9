/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repeat.h - a logged run, run again and compared bit for bit.
 */
#ifndef HARNESS_REPEAT_H
#define HARNESS_REPEAT_H

#include "executor.h"
#include "launch.h"
#include "record.h"
#include "str.h"

/* What the repetition must give.  All borrowed. */
struct expected {
    enum run_class class;
    double value;                 /* of the study's metric, where class is ok */
    const struct artifact *files; /* [n_files] recorded hashes; NULL: none are known */
    size_t n_files;
    const char *dir; /* the original's directory; NULL or gone: not compared */
};

/*
 * Runs `launch` (whose dir is a fresh scratch directory) to its end and writes one line about it:
 * "bit-identical (…)" or "differs: …", with the first step at which it does, where records tell
 * steps.  *value is the metric that came out, NAN where it failed.  1: identical, 0: it differs,
 * -1: it could not be run.
 * The original of CLASS_STOPPED was ended early: the repetition, which is not, must print the same
 * as far as that came.
 */
int repeat_run(struct str *verdict, double *value, const struct launch *launch,
               const struct site *site, const struct expected *expected, struct err *err);

/* -0 is not 0, but any NAN is any other: which one it is depends on the processor. */
bool repeat_same_bits(double a, double b);

#endif
