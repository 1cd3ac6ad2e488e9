/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For each searched parameter, every experiment's mean over the value that it had. */
#include <inttypes.h>
#include <math.h>

#include "chart.h"
#include "fate.h"
#include "figure.h"
#include "panels.h"

extern const struct figure figure_slices;

static void write_value(struct str *out, const struct value *value)
{
    struct str text = {0};

    if (value->type != VALUE_NONE)
        value_print(&text, value);
    figure_field(out, str_text(&text));
    str_clear(&text);
}

static void write_heads(struct str *out, const struct space *space)
{
    str_add(out, "experiment,mean");
    for (size_t p = 0; p < space->n; p++)
        if (param_is_searched(&space->params[p])) {
            str_add(out, ",");
            figure_field(out, space->params[p].name);
        }
    str_add(out, "\n");
}

/* A row an experiment, a column a parameter; empty where it has no place. */
static void csv(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct record *record = facts->record;
    const struct space *space = &record->study.space;

    write_heads(out, space);
    for (size_t i = 0; i < record->n_experiments; i++) {
        const struct experiment *e = &record->experiments[i];
        if (!thin_shows(shown, i))
            continue;
        str_addf(out, "%" PRId32, e->id);
        figure_number(out, ',', record_summary(record, e->id).mean, "");
        for (size_t p = 0; p < space->n; p++)
            if (param_is_searched(&space->params[p])) {
                str_add(out, ",");
                write_value(out, &e->config[p]);
            }
        str_add(out, "\n");
    }
}

/* Its place is that in the unit cube, where the strategies see it. */
static void write_row(struct str *out, const struct record *record, const struct experiment *e,
                      size_t p)
{
    const struct param *param = &record->study.space.params[p];
    struct summary summary = record_summary(record, e->id);

    figure_field(out, param->name);
    str_addf(out, ",%s,", panels_scale(param));
    write_value(out, &e->config[p]);
    figure_number(out, ',', param_encode(param, &e->config[p]), "");
    str_addf(out, ",%" PRId32 ",%s", e->id, fate_name(fate_of(record, e->id), &record->study));
    figure_number(out, ',', summary.mean, "");
    str_add(out, "\n");
}

static void rows(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct record *record = facts->record;

    str_add(out, "parameter,scale,value,place,experiment,became,mean\n");
    for (size_t p = 0; p < record->study.space.n; p++)
        for (size_t i = 0; i < record->n_experiments; i++)
            if (param_is_searched(&record->study.space.params[p]) && thin_shows(shown, i) &&
                record->experiments[i].config[p].type != VALUE_NONE)
                write_row(out, record, &record->experiments[i], p);
}

/* One block a parameter; columns: place, mean, 1 where the search went on from it. */
static void data(struct str *out, const struct record *record, size_t p, const struct thin *shown)
{
    const struct param *param = &record->study.space.params[p];

    str_addf(out, "$p%zu << EOD\n", p);
    for (size_t i = 0; i < record->n_experiments; i++) {
        const struct experiment *e = &record->experiments[i];
        enum fate fate = fate_of(record, e->id);
        double place = panels_place(param, &e->config[p]);
        if (!isfinite(place) || !thin_shows(shown, i))
            continue;
        figure_number(out, ' ', place, "NaN");
        figure_number(out, ' ', record_summary(record, e->id).mean, "NaN");
        str_addf(out, " %d\n", fate == FATE_MOVED || fate == FATE_VERIFIED);
    }
    str_add(out, "EOD\n");
}

static void panel(struct str *out, const struct record *record, size_t p)
{
    const struct param *param = &record->study.space.params[p];

    panels_ticks(out, param);
    str_add(out, "set title ");
    figure_quote(out, param->name);
    str_addf(out,
             " offset 0,-0.6\nplot $p%zu using 1:($3 == 0 ? $2 : NaN) with points pt 7 ps 0.4 lc "
             "'#9aa5b1' notitle, $p%zu using 1:($3 == 1 ? $2 : NaN) with points pt 7 ps 0.55 lc "
             "'#2f6fb3' notitle\n",
             p, p);
}

static void plot(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct record *record = facts->record;
    struct chart_range range = chart_range(facts);
    size_t panels[PANELS], n = panels_choose(panels, &record->study.space);

    if (range.shown < 3 || n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        data(out, record, panels[i], shown);
    double room = 0.05 * (range.high - range.low);
    str_add(out, "unset key\nset yrange [");
    figure_number(out, ' ', range.low - room, "*");
    figure_number(out, ':', range.high + room, "*");
    str_add(out, "]\n");
    panels_layout(out, n);
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
    .rows = rows,
    .plot = plot,
    .most = 400,
};
