/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "learning.h"

/* The curves of one experiment's first runs that ended well. */
struct reading {
    struct run_curves curves[LEARNING_SEEDS];
    uint32_t seeds[LEARNING_SEEDS];
    size_t n;
};

static void reading_make(struct reading *out, const struct facts *facts, int64_t experiment)
{
    const struct record *record = facts->record;
    size_t e = (size_t)experiment;

    out->n = 0;
    for (size_t i = facts->run_first[e - 1]; i < facts->run_first[e]; i++) {
        const struct run *run = &record->runs[facts->run_at[i]];
        if (out->n == LEARNING_SEEDS || run->class != CLASS_OK || run->variant != RUN_OWN ||
            record_run(record, experiment, run->seed) != run)
            continue;
        struct run_curves *curves = &out->curves[out->n];
        facts->files->curves(curves, facts->files->from, record, run);
        if (curves->kind == PLACE_NONE)
            run_curves_clear(curves);
        else
            out->seeds[out->n++] = run->seed;
    }
}

static void reading_clear(struct reading *reading)
{
    for (size_t i = 0; i < reading->n; i++)
        run_curves_clear(&reading->curves[i]);
}

static bool has_way(const struct curve *curve)
{
    return curve->n >= 3;
}

/* Every run of both must have one, for a comparison of like with like. */
static bool metric_has_way(const struct reading *reading, size_t n)
{
    for (size_t s = 0; s < n; s++)
        for (size_t i = 0; i < reading[s].n; i++)
            if (!has_way(&reading[s].curves[i].metric))
                return false;
    return true;
}

static const struct curve *curve_of(const struct learning *l, const struct run_curves *curves)
{
    return l->train ? &curves->train : &curves->metric;
}

/* From the first place of any curve to the last one. */
static void set_places(struct learning *l, const struct reading *reading)
{
    double first = INFINITY, last = -(double)INFINITY;

    for (size_t s = 0; s < l->n_sides; s++)
        for (size_t i = 0; i < reading[s].n; i++) {
            const struct curve *curve = curve_of(l, &reading[s].curves[i]);
            if (curve->n == 0)
                continue;
            first = fmin(first, curve->points[0].place);
            last = fmax(last, curve->points[curve->n - 1].place);
        }
    for (size_t p = 0; p < LEARNING_PLACES; p++)
        l->places[p] = first + (last - first) * (double)p / (LEARNING_PLACES - 1);
}

static void take_side(struct learning *l, size_t side, const struct reading *reading, bool maximize)
{
    struct learning_side *out = &l->sides[side];

    out->n = reading->n;
    for (size_t i = 0; i < reading->n; i++) {
        out->seeds[i] = reading->seeds[i];
        for (size_t p = 0; p < LEARNING_PLACES; p++) {
            double value = curve_at(curve_of(l, &reading->curves[i]), l->places[p]);
            out->values[i][p] = maximize && !l->train ? -value : value;
        }
    }
}

/* The baseline, and what was found, or else where the search is. */
static void choose(struct learning *out, const struct facts *facts)
{
    int64_t baseline = facts_baseline(facts), best = facts_verified(facts);
    int64_t head = record_head(facts->record);

    out->sides[out->n_sides++] =
        (struct learning_side){.experiment = baseline, .which = "baseline"};
    if (best > 0 && best != baseline)
        out->sides[out->n_sides++] =
            (struct learning_side){.experiment = best, .which = "verified"};
    else if (head > 0 && head != baseline)
        out->sides[out->n_sides++] =
            (struct learning_side){.experiment = head, .which = "search head"};
}

void learning_measure(struct learning *out, const struct facts *facts)
{
    struct reading reading[2] = {{.n = 0}, {.n = 0}};

    *out = (struct learning){.kind = PLACE_NONE};
    if (facts->files == NULL || facts->record->n_experiments == 0)
        return;
    choose(out, facts);
    for (size_t s = 0; s < out->n_sides; s++)
        reading_make(&reading[s], facts, out->sides[s].experiment);
    for (size_t s = 0; s < out->n_sides; s++)
        if (reading[s].n > 0)
            out->kind = reading[s].curves[0].kind;
    if (out->kind != PLACE_NONE) {
        out->train = !metric_has_way(reading, out->n_sides);
        set_places(out, reading);
        for (size_t s = 0; s < out->n_sides; s++)
            take_side(out, s, &reading[s], facts->record->study.maximize);
        if (!(out->places[LEARNING_PLACES - 1] > out->places[0]))
            out->kind = PLACE_NONE;
    }
    for (size_t s = 0; s < out->n_sides; s++)
        reading_clear(&reading[s]);
}

struct learning_band learning_band(const struct learning_side *side, size_t place)
{
    struct learning_band band = {0, NAN, NAN, NAN};
    double sum = 0, squares = 0;

    for (size_t i = 0; i < side->n; i++)
        if (isfinite(side->values[i][place])) {
            sum += side->values[i][place];
            band.n++;
        }
    if (band.n == 0)
        return band;
    band.mean = sum / (double)band.n;
    for (size_t i = 0; i < side->n; i++)
        if (isfinite(side->values[i][place]))
            squares += (side->values[i][place] - band.mean) * (side->values[i][place] - band.mean);
    if (band.n < 2)
        return band;
    double df = (double)band.n - 1, se = sqrt(squares / df / (double)band.n);
    band.low = band.mean - gsl_cdf_tdist_Qinv(0.025, df) * se;
    band.high = band.mean + gsl_cdf_tdist_Qinv(0.025, df) * se;
    return band;
}

bool learning_range(double *low, double *high, const struct learning *l)
{
    *low = INFINITY;
    *high = -(double)INFINITY;
    for (size_t s = 0; s < l->n_sides && l->kind != PLACE_NONE; s++)
        for (size_t p = LEARNING_PLACES / 7; p < LEARNING_PLACES; p++) {
            struct learning_band band = learning_band(&l->sides[s], p);
            *low = fmin(fmin(*low, band.mean), band.low);
            *high = fmax(fmax(*high, band.mean), band.high);
        }
    return *high > *low;
}
