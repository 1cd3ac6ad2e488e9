/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "curve.h"
#include "mem.h"

static void add(struct curve *curve, double spacing, double place, double value, size_t line)
{
    bool beyond = curve->n == 0 || place >= curve->points[curve->n - 1].place + spacing;

    if (!isfinite(value) || !beyond || curve->n >= CURVE_MAX)
        return;
    if (curve->n > 0 && !(place > curve->points[curve->n - 1].place))
        return;
    curve->points = mem_room(curve->points, curve->n, sizeof *curve->points);
    curve->points[curve->n++] = (struct curve_point){place, value, line};
}

void run_curves_add(struct run_curves *curves, const struct curve_record *record)
{
    if (curves->kind == PLACE_NONE && (isfinite(record->metric) || isfinite(record->train)))
        curves->kind = isfinite(record->progress) ? PLACE_PROGRESS
                       : isfinite(record->step)   ? PLACE_STEP
                                                  : PLACE_NONE;
    bool share = curves->kind == PLACE_PROGRESS;
    double place = share ? record->progress : record->step;
    if (curves->kind == PLACE_NONE || !isfinite(place) || place < 0)
        return;
    add(&curves->metric, share ? CURVE_SPACING : 0, place, record->metric, record->line);
    add(&curves->train, share ? CURVE_SPACING : 0, place, record->train, record->line);
}

static void copy(struct curve *out, const struct curve *from)
{
    *out = (struct curve){mem_new(from->n, sizeof *out->points), from->n};
    if (from->n > 0)
        memcpy(out->points, from->points, from->n * sizeof *out->points);
}

void run_curves_copy(struct run_curves *out, const struct run_curves *from)
{
    out->kind = from->kind;
    copy(&out->metric, &from->metric);
    copy(&out->train, &from->train);
}

static void cut(struct curve *curve, double place)
{
    while (curve->n > 0 && curve->points[curve->n - 1].place > place)
        curve->n--;
}

void run_curves_cut(struct run_curves *curves, double place)
{
    cut(&curves->metric, place);
    cut(&curves->train, place);
}

static double last_place(const struct curve *curve)
{
    return curve->n > 0 ? curve->points[curve->n - 1].place : (double)NAN;
}

double run_curves_end(const struct run_curves *curves)
{
    return fmax(last_place(&curves->metric), last_place(&curves->train));
}

void run_curves_clear(struct run_curves *curves)
{
    free(curves->metric.points);
    free(curves->train.points);
    *curves = (struct run_curves){.kind = PLACE_NONE};
}

/* The first point at `place` or beyond it. */
static size_t first_from(const struct curve *curve, double place)
{
    size_t low = 0, high = curve->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (curve->points[middle].place < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double curve_at(const struct curve *curve, double place)
{
    size_t at = first_from(curve, place);

    if (at == curve->n || isnan(place))
        return NAN;
    const struct curve_point *right = &curve->points[at];
    if (!(right->place > place))
        return right->value;
    if (at == 0)
        return NAN;
    const struct curve_point *left = right - 1;
    double share = (place - left->place) / (right->place - left->place);
    return left->value + share * (right->value - left->value);
}
