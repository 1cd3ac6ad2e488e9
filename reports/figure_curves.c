/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The learning curves of the baseline and of what was found: each seed, their mean, its interval.
 */
#include <inttypes.h>
#include <math.h>

#include "figure.h"
#include "learning.h"

extern const struct figure figure_curves;

static void csv_seed(struct str *out, const struct learning *l, const struct learning_side *side,
                     size_t seed)
{
    for (size_t p = 0; p < LEARNING_PLACES; p++) {
        if (!isfinite(side->values[seed][p]))
            continue;
        str_addf(out, "%" PRId64 ",%s,%" PRIu32, side->experiment, side->which, side->seeds[seed]);
        figure_number(out, ',', l->places[p], "");
        figure_number(out, ',', side->values[seed][p], "");
        str_add(out, ",,\n");
    }
}

static void csv_mean(struct str *out, const struct learning *l, const struct learning_side *side)
{
    for (size_t p = 0; p < LEARNING_PLACES; p++) {
        struct learning_band band = learning_band(side, p);
        if (band.n == 0)
            continue;
        str_addf(out, "%" PRId64 ",%s,", side->experiment, side->which);
        figure_number(out, ',', l->places[p], "");
        figure_number(out, ',', band.mean, "");
        figure_number(out, ',', band.low, "");
        figure_number(out, ',', band.high, "");
        str_add(out, "\n");
    }
}

static void csv(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct learning *l = facts->learning;

    (void)shown;
    str_addf(out, "experiment,which,seed,%s,%s,low,high\n",
             l != NULL && l->kind == PLACE_STEP ? "step" : "progress",
             l != NULL && l->train ? "train_loss" : "value");
    for (size_t s = 0; l != NULL && l->kind != PLACE_NONE && s < l->n_sides; s++) {
        csv_mean(out, l, &l->sides[s]);
        for (size_t i = 0; i < l->sides[s].n; i++)
            csv_seed(out, l, &l->sides[s], i);
    }
}

/* A block a side: place, mean, low, high, then each seed's value. */
static void data(struct str *out, const struct learning *l, size_t s)
{
    const struct learning_side *side = &l->sides[s];

    str_addf(out, "$s%zu << EOD\n", s);
    for (size_t p = 0; p < LEARNING_PLACES; p++) {
        struct learning_band band = learning_band(side, p);
        figure_number(out, ' ', l->places[p], "NaN");
        figure_number(out, ' ', band.mean, "NaN");
        figure_number(out, ' ', band.low, "NaN");
        figure_number(out, ' ', band.high, "NaN");
        for (size_t i = 0; i < side->n; i++)
            figure_number(out, ' ', side->values[i][p], "NaN");
        str_add(out, "\n");
    }
    str_add(out, "EOD\n");
}

static void plot_side(struct str *out, const struct learning *l, size_t s)
{
    static const char *const colours[] = {"#24292f", "#c8621b"};
    const struct learning_side *side = &l->sides[s];

    str_addf(out,
             "%s$s%zu using 1:3:4 with filledcurves fs solid 0.18 noborder lc '%s' notitle, \\\n",
             s > 0 ? ", \\\n     " : "plot ", s, colours[s]);
    for (size_t i = 0; i < side->n; i++)
        str_addf(out, "     $s%zu using 1:%zu with lines lw 0.5 lc '%s' dt 3 notitle, \\\n", s,
                 i + 5, colours[s]);
    str_addf(out, "     $s%zu using 1:2 with lines lw 2 lc '%s' title '%s (%" PRId64 ")'", s,
             colours[s], side->which, side->experiment);
}

static void plot(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct learning *l = facts->learning;
    double low, high;

    (void)shown;
    if (l == NULL || !learning_range(&low, &high, l))
        return;
    for (size_t s = 0; s < l->n_sides; s++)
        data(out, l, s);
    str_addf(out, "set xlabel '%s'\nset ylabel ", l->kind == PLACE_STEP ? "step" : "progress");
    figure_quote(out, l->train ? "train_loss" : facts->record->study.metric);
    str_add(out, "\nset yrange [");
    figure_number(out, ' ', low - 0.05 * (high - low), "*");
    figure_number(out, ':', high + 0.05 * (high - low), "*");
    str_add(out, "]\n");
    for (size_t s = 0; s < l->n_sides; s++)
        plot_side(out, l, s);
    str_add(out, "\n");
}

const struct figure figure_curves = {
    .name = "curves",
    .title = "How the baseline and what was found have learnt: each seed, their mean, and its 95 % "
             "interval",
    .section = "curves",
    .width = 960,
    .height = 380,
    .csv = csv,
    .plot = plot,
};
