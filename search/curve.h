/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * curve.h - what a run said of itself on its way: a loss by place.
 *
 * A place is the share of the work that is done, where the trainer prints `progress` beside the
 * number, or else its `step`.  A run has one kind of place, that of its first point.  Points are in
 * the order of their places; what is told again (a run that was resumed) is left out.  The points
 * of a run that is under way are the first ones of the whole run's: nothing here looks ahead.
 */
#ifndef SEARCH_CURVE_H
#define SEARCH_CURVE_H

#include <stddef.h>
#include <stdint.h>

enum { CURVE_MAX = 4096 };        /* points of a curve; later ones are left out */
#define CURVE_SPACING (1.0 / 256) /* least distance of two points [progress] */

struct curve_point {
    double place;
    double value; /* lower is better; finite */
    size_t line;  /* of the stream, from 1; 0: not known */
};

struct curve {
    struct curve_point *points; /* [n] */
    size_t n;
};

enum place_kind { PLACE_NONE, PLACE_STEP, PLACE_PROGRESS };

/* Of one run: the study's metric (as a loss), and what the trainer calls train_loss. */
struct run_curves {
    enum place_kind kind;
    struct curve metric, train;
};

/* Takes in what one record says.  Not finite: it says none.  A record without a place of the run's
 * kind adds nothing. */
struct curve_record {
    double progress, step, metric, train;
    size_t line;
};
void run_curves_add(struct run_curves *curves, const struct curve_record *record);

void run_curves_copy(struct run_curves *out, const struct run_curves *from);
void run_curves_cut(struct run_curves *curves, double place); /* drops the points beyond it */
double run_curves_end(const struct run_curves *curves);       /* the last place; NAN: no point */
void run_curves_clear(struct run_curves *curves);

/* The value at a place, on the straight line between its neighbours; NAN outside. */
double curve_at(const struct curve *curve, double place);

#endif
