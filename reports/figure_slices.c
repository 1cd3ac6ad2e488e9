/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For each searched parameter, every experiment's mean over the value that it had. */
#include <inttypes.h>
#include <math.h>

#include "chart.h"
#include "fate.h"
#include "figure.h"

extern const struct figure figure_slices;

enum { PANELS = 12, PANELS_A_ROW = 3 };

/* Where a value stands on the axis: itself, or the number of the choice; NAN where inactive. */
static double place_of(const struct param *param, const struct value *value)
{
    if (param->distribution != NULL && value->type == VALUE_NUMBER)
        return value->number;
    for (size_t i = 0; i < param->n_values; i++)
        if (value_same(value, &param->values[i]))
            return (double)i;
    return NAN;
}

static const char *scale_of(const struct param *param)
{
    if (param->distribution == NULL)
        return "choice";
    return param->distribution->log ? "log" : "linear";
}

/* Its place is that in the unit cube, where the strategies see it. */
static void csv_row(struct str *out, const struct record *record, const struct experiment *e,
                    size_t p)
{
    const struct param *param = &record->study.space.params[p];
    struct summary summary = record_summary(record, e->id);
    struct str value = {0};

    value_print(&value, &e->config[p]);
    figure_field(out, param->name);
    str_addf(out, ",%s,", scale_of(param));
    figure_field(out, str_text(&value));
    figure_number(out, ',', param_encode(param, &e->config[p]), "");
    str_addf(out, ",%" PRId64 ",%s", e->id, fate_name(fate_of(record, e->id), &record->study));
    figure_number(out, ',', summary.mean, "");
    str_add(out, "\n");
    str_clear(&value);
}

static void csv(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct record *record = facts->record;

    str_add(out, "parameter,scale,value,place,experiment,became,mean\n");
    for (size_t p = 0; p < record->study.space.n; p++)
        for (size_t i = 0; i < record->n_experiments; i++)
            if (param_is_searched(&record->study.space.params[p]) && thin_shows(shown, i) &&
                record->experiments[i].config[p].type != VALUE_NONE)
                csv_row(out, record, &record->experiments[i], p);
}

/* One block a parameter; columns: place, mean, 1 where the search went on from it. */
static void data(struct str *out, const struct record *record, size_t p, const struct thin *shown)
{
    const struct param *param = &record->study.space.params[p];

    str_addf(out, "$p%zu << EOD\n", p);
    for (size_t i = 0; i < record->n_experiments; i++) {
        const struct experiment *e = &record->experiments[i];
        enum fate fate = fate_of(record, e->id);
        double place = place_of(param, &e->config[p]);
        if (!isfinite(place) || !thin_shows(shown, i))
            continue;
        figure_number(out, ' ', place, "NaN");
        figure_number(out, ' ', record_summary(record, e->id).mean, "NaN");
        str_addf(out, " %d\n", fate == FATE_MOVED || fate == FATE_VERIFIED);
    }
    str_add(out, "EOD\n");
}

/* The choices' names below their numbers; a plain axis for a range. */
static void ticks(struct str *out, const struct param *param)
{
    bool log = param->distribution != NULL && param->distribution->log;

    str_addf(out, "%s logscale x\nset xtics autofreq\nset format x '%%g'\n", log ? "set" : "unset");
    if (param->distribution != NULL) {
        str_add(out, "set xrange [*:*]\n");
        return;
    }
    str_addf(out, "set xrange [-0.5:%zu.5]\nset xtics (", param->n_values - 1);
    for (size_t i = 0; i < param->n_values; i++) {
        struct str name = {0};
        value_print(&name, &param->values[i]);
        str_add(out, i > 0 ? ", " : "");
        figure_quote(out, str_text(&name));
        str_addf(out, " %zu", i);
        str_clear(&name);
    }
    str_add(out, ")\n");
}

static void panel(struct str *out, const struct record *record, size_t p)
{
    const struct param *param = &record->study.space.params[p];

    ticks(out, param);
    str_add(out, "set title ");
    figure_quote(out, param->name);
    str_addf(out,
             " offset 0,-0.6\nplot $p%zu using 1:($3 == 0 ? $2 : NaN) with points pt 7 ps 0.4 lc "
             "'#9aa5b1' notitle, $p%zu using 1:($3 == 1 ? $2 : NaN) with points pt 7 ps 0.55 lc "
             "'#2f6fb3' notitle\n",
             p, p);
}

/* The parameters that have a panel; returns how many. */
static size_t choose(size_t out[PANELS], const struct space *space)
{
    size_t n = 0;

    for (size_t i = 0; i < space->n && n < PANELS; i++)
        if (param_is_searched(&space->params[i]))
            out[n++] = i;
    return n;
}

static void plot(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct record *record = facts->record;
    struct chart_range range = chart_range(facts);
    size_t panels[PANELS], n = choose(panels, &record->study.space);

    if (range.shown < 3 || n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        data(out, record, panels[i], shown);
    double room = 0.05 * (range.high - range.low);
    str_add(out, "unset key\nset yrange [");
    figure_number(out, ' ', range.low - room, "*");
    figure_number(out, ':', range.high + room, "*");
    str_addf(out, "]\nset multiplot layout %zu,%d\n", (n + PANELS_A_ROW - 1) / PANELS_A_ROW,
             PANELS_A_ROW);
    for (size_t i = 0; i < n; i++)
        panel(out, record, panels[i]);
    str_add(out, "unset multiplot\n");
}

const struct figure figure_slices = {
    .name = "slices",
    .title = "The mean of every experiment over the value of each searched parameter",
    .section = "parameters",
    .width = 960,
    .height = 640,
    .csv = csv,
    .plot = plot,
    .most = 500,
};
