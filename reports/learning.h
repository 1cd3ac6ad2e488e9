/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * learning.h - how the baseline and the config that was found have learnt: their runs' curves on
 * common places.
 *
 * The curve is that of the metric, as the trainer printed it on its way; where it printed that only
 * at the end, the train_loss's.  Read from the files of the runs (run_files.h), so that a run whose
 * stream is gone is left out.
 */
#ifndef REPORTS_LEARNING_H
#define REPORTS_LEARNING_H

#include <stdbool.h>
#include <stddef.h>

#include "curve.h"
#include "facts.h"

enum { LEARNING_PLACES = 65, LEARNING_SEEDS = 8 };

struct learning_side {
    int64_t experiment;
    const char *which; /* "baseline", "verified", "search head" */
    uint32_t seeds[LEARNING_SEEDS];
    double values[LEARNING_SEEDS][LEARNING_PLACES]; /* as printed; NAN outside of a run's curve */
    size_t n;
};

struct learning {
    struct learning_side sides[2];
    size_t n_sides;
    double places[LEARNING_PLACES];
    enum place_kind kind;
    bool train; /* of train_loss, not of the metric */
};

void learning_measure(struct learning *out, const struct facts *facts);

/* Over the seeds at one place: the mean and its 95 % interval (Student's t); NAN where unknown. */
struct learning_band {
    size_t n;
    double mean, low, high;
};
struct learning_band learning_band(const struct learning_side *side, size_t place);

/* The part of the scale that is worth seeing: of all means and intervals beyond the first seventh
 * of the places.  False where there is none. */
bool learning_range(double *low, double *high, const struct learning *learning);

#endif
