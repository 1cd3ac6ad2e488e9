/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every experiment's mean over its seeds from left to right, and the search head's. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "chart.h"
#include "fate.h"
#include "figure.h"

extern const struct figure figure_history;

/* The mean of what the search went on from after this experiment was decided. */
static double head_mean(const struct facts *facts, const struct experiment *e)
{
    const struct decision *decision = record_decision(facts->record, e->id);

    if (decision == NULL || decision->head == 0)
        return NAN;
    return record_summary(facts->record, decision->head).mean;
}

/* What an experiment became, and the mean over its seeds with its interval. */
static void write_outcome(struct str *out, const struct record *record, const struct experiment *e)
{
    struct summary summary = record_summary(record, e->id);
    double half = figure_half_width(&summary);

    str_addf(out, "%" PRId32 ",%s,%zu", e->id, fate_name(fate_of(record, e->id), &record->study),
             summary.n);
    figure_number(out, ',', summary.mean, "");
    figure_number(out, ',', summary.mean - half, "");
    figure_number(out, ',', summary.mean + half, "");
}

static void write_id(struct str *out, int64_t id)
{
    str_add(out, ",");
    if (id > 0)
        str_addf(out, "%" PRId64, id);
}

/* The head's mean stands in its own row; what was changed, in the rows of both in slices.csv. */
static void csv(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct record *record = facts->record;

    str_add(out, "experiment,became,seeds,mean,low,high,head,from\n");
    for (size_t i = 0; i < record->n_experiments; i++) {
        const struct experiment *e = &record->experiments[i];
        const struct decision *decision = record_decision(record, e->id);
        if (!thin_shows(shown, i))
            continue;
        write_outcome(out, record, e);
        write_id(out, decision != NULL ? decision->head : 0);
        write_id(out, facts_origin(facts, e->id));
        str_add(out, "\n");
    }
}

static void rows(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct record *record = facts->record;

    str_add(out, "experiment,became,seeds,mean,low,high,head,change\n");
    for (size_t i = 0; i < record->n_experiments; i++) {
        if (!thin_shows(shown, i))
            continue;
        const struct experiment *e = &record->experiments[i];
        char *change = facts_change(facts, e->id);
        write_outcome(out, record, e);
        figure_number(out, ',', head_mean(facts, e), "");
        str_add(out, ",");
        figure_field(out, change);
        str_add(out, "\n");
        free(change);
    }
}

/* Columns: experiment, fate, mean, half its interval, the head's mean. */
static void data(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct record *record = facts->record;

    str_add(out, "$data << EOD\n");
    for (size_t i = 0; i < record->n_experiments; i++) {
        if (!thin_shows(shown, i))
            continue;
        const struct experiment *e = &record->experiments[i];
        struct summary summary = record_summary(record, e->id);
        double half = figure_half_width(&summary);
        str_addf(out, "%" PRId32 " %d", e->id, (int)fate_of(record, e->id));
        figure_number(out, ' ', summary.mean, "NaN");
        figure_number(out, ' ', isfinite(half) ? half : 0, "NaN");
        figure_number(out, ' ', head_mean(facts, e), "NaN");
        str_add(out, "\n");
    }
    str_add(out, "EOD\n");
}

static const struct series {
    enum fate fate;
    const char *style;
} series[] = {
    {FATE_REVERTED, "pt 7 ps 0.45 lc '#9aa5b1'"}, {FATE_PLACEBO, "pt 6 ps 0.6 lc '#9aa5b1'"},
    {FATE_MOVED, "pt 7 ps 0.6 lc '#2f6fb3'"},     {FATE_BASELINE, "pt 5 ps 0.7 lc '#24292f'"},
    {FATE_VERIFIED, "pt 9 ps 1.1 lc '#c8621b'"},
};

static void plot(struct str *out, const struct facts *facts, const struct thin *shown)
{
    struct chart_range range = chart_range(facts);

    if (range.shown < 3)
        return;
    double room = 0.05 * (range.high - range.low);
    data(out, facts, shown);
    str_add(out, "set xlabel 'experiment'\nset ylabel ");
    figure_quote(out, facts->record->study.metric);
    str_add(out, "\nset yrange [");
    figure_number(out, ' ', range.low - room, "*");
    figure_number(out, ':', range.high + room, "*");
    str_addf(out, "]\nset xrange [0:%zu]\n%s", facts->record->n_experiments + 1,
             facts->record->n_experiments < 12 ? "set xtics 1\n" : "");
    str_add(out, "plot $data using 1:5 with steps lc '#2f6fb3' lw 1.2 title 'search head'");
    for (size_t i = 0; i < sizeof series / sizeof *series; i++)
        str_addf(
            out, ", \\\n     $data using 1:($2 == %d ? $3 : NaN):4 with yerrorbars %s title '%s'",
            (int)series[i].fate, series[i].style, fate_name(series[i].fate, &facts->record->study));
    str_add(out, "\n");
}

const struct figure figure_history = {
    .name = "history",
    .title = "The mean of every experiment, in order, and the search head",
    .section = "history",
    .width = 960,
    .height = 420,
    .csv = csv,
    .rows = rows,
    .plot = plot,
    .most = 700,
};
