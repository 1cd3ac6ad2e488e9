/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every test's effect with its interval, beside the smallest gain that a test would see. */
#include <inttypes.h>
#include <math.h>

#include "figure.h"
#include "noise_floor.h"

extern const struct figure figure_tests;

static bool was_test(const struct decision *d)
{
    return isfinite(d->alpha) && isfinite(d->low) && isfinite(d->high);
}

/* What a test would see; NAN: unknown. */
static double visible_gain(const struct facts *facts)
{
    struct noise_floor floor;
    struct err err = {0};

    return noise_floor_measure(&floor, facts, &err) == 0 ? floor.visible : (double)NAN;
}

static void csv(struct str *out, const struct facts *facts, const struct thin *shown)
{
    double visible = visible_gain(facts);

    (void)shown;
    str_add(out, "decision,kind,experiment,against,verdict,alpha,pairs,effect,low,high,visible\n");
    for (size_t i = 0; i < facts->record->n_decisions; i++) {
        const struct decision *d = &facts->record->decisions[i];
        if (!was_test(d))
            continue;
        str_addf(out, "%" PRId32 ",%s,%" PRId32 ",%" PRId32 ",%s", d->number,
                 decision_kind_names[d->kind], d->experiment, d->against, outcome_name(d->verdict));
        figure_number(out, ',', d->alpha, "");
        str_addf(out, ",%d", d->n);
        figure_number(out, ',', d->mean, "");
        figure_number(out, ',', d->low, "");
        figure_number(out, ',', d->high, "");
        figure_number(out, ',', visible, "");
        str_add(out, "\n");
    }
}

/* Columns: row, decision, kind, kept, effect, low, high. */
static size_t data(struct str *out, const struct facts *facts)
{
    size_t n = 0;

    str_add(out, "$data << EOD\n");
    for (size_t i = 0; i < facts->record->n_decisions; i++) {
        const struct decision *d = &facts->record->decisions[i];
        if (!was_test(d))
            continue;
        str_addf(out, "%zu %" PRId32 " %d %d", ++n, d->number, (int)d->kind,
                 d->verdict == OUTCOME_KEEP);
        figure_number(out, ' ', d->mean, "NaN");
        figure_number(out, ' ', d->low, "NaN");
        figure_number(out, ' ', d->high, "NaN");
        str_add(out, "\n");
    }
    str_add(out, "EOD\n");
    return n;
}

static void write_floor(struct str *out, const struct facts *facts)
{
    double visible = visible_gain(facts);

    if (!isfinite(visible))
        return;
    str_add(out, ", \\\n     ");
    figure_number(out, ' ', visible, "NaN");
    str_add(out, " with lines dt 2 lc '#57606a' title 'seen in 80 % of tests'");
}

static void plot(struct str *out, const struct facts *facts, const struct thin *shown)
{
    (void)shown;
    struct str rows = {0};
    size_t n = data(&rows, facts);

    if (n > 0) {
        str_add(out, str_text(&rows));
        str_addf(out, "set xrange [0:%zu]\nset xlabel 'test'\nset ylabel ", n + 1);
        figure_quote(out, facts->record->study.metric);
        str_add(out, "\nset label 1 'gain' at graph 0.005, graph 0.97 tc '#57606a'\n"
                     "set xzeroaxis lc '#57606a' lt 1\nset xtics 1\n"
                     "plot $data using 1:($4 == 0 && $3 != 2 ? $5 : NaN):6:7 with yerrorbars pt 7 "
                     "ps 0.6 lc '#9aa5b1' title 'not kept', \\\n"
                     "     $data using 1:($4 == 1 && $3 != 2 ? $5 : NaN):6:7 with yerrorbars pt 9 "
                     "ps 1 lc '#c8621b' title 'kept or confirmed', \\\n"
                     "     $data using 1:($3 == 2 ? $5 : NaN):6:7 with yerrorbars pt 6 ps 0.8 "
                     "lc '#2f6fb3' title 'placebo'");
        write_floor(out, facts);
        str_add(out, "\n");
    }
    str_clear(&rows);
}

const struct figure figure_tests = {
    .name = "tests",
    .title = "The gain that each test saw, with its interval, and the noise floor",
    .section = "noise",
    .width = 960,
    .height = 320,
    .csv = csv,
    .plot = plot,
};
