/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * points.h - experiments as the data of a Gaussian process.
 *
 * A loss above the median counts with the logarithm of what it is above it, in units of the way
 * from the best to the median: a run that blew up must not set the scale.
 *
 * The noise of a loss is the square of its standard error, half of it taken from the mean of all
 * such (a standard error of two or three seeds is itself a rough guess); where there is none, one
 * noise for all such is learnt.
 */
#ifndef SEARCH_POINTS_H
#define SEARCH_POINTS_H

#include "feature_map.h"
#include "gaussian_process.h"
#include "ranking.h"

struct points {
    size_t n;
    double *x, *y, *noise; /* [room, features], [room], [room] */
};

void points_init(struct points *points, size_t room, const struct features *features);
void points_clear(struct points *points);

void points_add(struct points *points, const struct features *features, const struct value *config,
                double y, double noise);

/* The losses of list [n], which is sorted by loss; n > 0. */
void points_add_losses(struct points *points, const struct features *features,
                       const struct history *history, const struct ranked *list, size_t n);

/* As the process takes them; borrowed. */
struct gp_data points_data(const struct points *points, const struct features *features);

#endif
