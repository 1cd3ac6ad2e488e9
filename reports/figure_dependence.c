/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the forest says of each parameter: the metric's mean over all others, with its interval. */
#include <math.h>

#include "figure.h"
#include "importance.h"
#include "panels.h"

extern const struct figure figure_dependence;

/* The places of a parameter that are shown: its levels where they are few, else the cells. */
static size_t places(const struct param *param)
{
    double levels = param_levels(param);

    return levels <= FANOVA_CELLS ? (size_t)levels : FANOVA_CELLS;
}

static struct value value_at(const struct param *param, size_t k)
{
    if (param_levels(param) <= FANOVA_CELLS)
        return param_nth(param, (double)k);
    return param_decode(param, ((double)k + 0.5) / FANOVA_CELLS);
}

static const struct fanova_value *marginal_at(const struct importance_param *one,
                                              const struct param *param, const struct value *value)
{
    double unit = param_encode(param, value);
    size_t cell = unit > 0 ? (size_t)(unit * FANOVA_CELLS) : 0;

    return &one->marginal[cell < FANOVA_CELLS ? cell : FANOVA_CELLS - 1];
}

static void csv_row(struct str *out, const struct importance_param *one, const struct param *param,
                    size_t k)
{
    struct value value = value_at(param, k);
    const struct fanova_value *mean = marginal_at(one, param, &value);
    struct str text = {0};

    value_print(&text, &value);
    figure_field(out, param->name);
    str_addf(out, ",%s,", panels_scale(param));
    figure_field(out, str_text(&text));
    figure_number(out, ',', mean->mean, "");
    figure_number(out, ',', mean->low, "");
    figure_number(out, ',', mean->high, "");
    str_add(out, "\n");
    str_clear(&text);
}

static void csv(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct importance *all = facts->importance;

    (void)shown;
    str_add(out, "parameter,scale,value,mean,low,high\n");
    for (size_t i = 0; all != NULL && i < all->n_params; i++) {
        const struct param *param = &facts->record->study.space.params[all->params[i].param];
        for (size_t k = 0; k < places(param); k++)
            csv_row(out, &all->params[i], param, k);
    }
}

/* One block a parameter; columns: place, mean, low, high. */
static void data(struct str *out, const struct importance_param *one, const struct param *param,
                 size_t panel)
{
    str_addf(out, "$p%zu << EOD\n", panel);
    for (size_t k = 0; k < places(param); k++) {
        struct value value = value_at(param, k);
        const struct fanova_value *mean = marginal_at(one, param, &value);
        figure_number(out, ' ', panels_place(param, &value), "NaN");
        figure_number(out, ' ', mean->mean, "NaN");
        figure_number(out, ' ', mean->low, "NaN");
        figure_number(out, ' ', mean->high, "NaN");
        str_add(out, "\n");
    }
    str_add(out, "EOD\n");
}

/* The next 1, 2 or 5 times a power of ten. */
static double nice_step(double step)
{
    double power = pow(10, floor(log10(step)));

    return step <= 2 * power ? 2 * power : step <= 5 * power ? 5 * power : 10 * power;
}

static void panel(struct str *out, const struct param *param, size_t i)
{
    panels_ticks(out, param);
    if (param->distribution != NULL && !param->distribution->log && param->max > param->min) {
        str_add(out, "set xtics");
        figure_number(out, ' ', nice_step((param->max - param->min) / 5), "autofreq");
        str_add(out, "\n");
    }
    str_add(out, "set title ");
    figure_quote(out, param->name);
    if (param_is_choice(param))
        str_addf(out,
                 " offset 0,-0.6\nplot $p%zu using 1:2:3:4 with yerrorbars pt 7 ps 0.6 lc "
                 "'#2f6fb3'\n",
                 i);
    else
        str_addf(out,
                 " offset 0,-0.6\nplot $p%zu using 1:3:4 with filledcurves fs solid 0.2 noborder "
                 "lc '#2f6fb3', $p%zu using 1:2 with lines lw 1.6 lc '#2f6fb3'\n",
                 i, i);
}

/* One range for all panels: what they have in common is how far they reach. */
static void write_range(struct str *out, const struct importance *all, size_t n)
{
    double low = INFINITY, high = -(double)INFINITY;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < FANOVA_CELLS; k++) {
            low = fmin(low, all->params[i].marginal[k].low);
            high = fmax(high, all->params[i].marginal[k].high);
        }
    double room = 0.05 * (high - low);
    str_add(out, "unset key\nset yrange [");
    figure_number(out, ' ', low - room, "*");
    figure_number(out, ':', high + room, "*");
    str_add(out, "]\n");
}

static void plot(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct importance *all = facts->importance;
    const struct param *params = facts->record->study.space.params;

    (void)shown;
    if (all == NULL || !all->known)
        return;
    size_t n = all->n_params < PANELS ? all->n_params : PANELS;
    for (size_t i = 0; i < n; i++)
        data(out, &all->params[i], &params[all->params[i].param], i);
    write_range(out, all, n);
    panels_layout(out, n);
    for (size_t i = 0; i < n; i++)
        panel(out, &params[all->params[i].param], i);
    str_add(out, "unset multiplot\n");
}

const struct figure figure_dependence = {
    .name = "dependence",
    .title = "What the metric does along each parameter, averaged over all others, as the forest "
             "has learnt it",
    .section = "importance",
    .width = 960,
    .height = 640,
    .csv = csv,
    .plot = plot,
};
