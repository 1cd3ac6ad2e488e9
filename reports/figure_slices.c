/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For each searched parameter, every experiment's mean over the value that it had. */
#include <inttypes.h>
#include <math.h>

#include "chart.h"
#include "fate.h"
#include "figure.h"
#include "panels.h"

extern const struct figure figure_slices;

/* Its place is that in the unit cube, where the strategies see it. */
static void csv_row(struct str *out, const struct record *record, const struct experiment *e,
                    size_t p)
{
    const struct param *param = &record->study.space.params[p];
    struct summary summary = record_summary(record, e->id);
    struct str value = {0};

    value_print(&value, &e->config[p]);
    figure_field(out, param->name);
    str_addf(out, ",%s,", panels_scale(param));
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
    .plot = plot,
    .most = 400,
};
