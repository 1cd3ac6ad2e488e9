/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each parameter's share of the variance, the largest above; then the pairs. */
#include <math.h>

#include "figure.h"
#include "importance.h"

extern const struct figure figure_importance;

enum { BARS = 16 };

static void csv_value(struct str *out, const struct fanova_value *value)
{
    figure_number(out, ',', value->mean, "");
    figure_number(out, ',', value->low, "");
    figure_number(out, ',', value->high, "");
    str_add(out, "\n");
}

static void csv(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct importance *all = facts->importance;
    const struct param *params = facts->record->study.space.params;

    (void)shown;
    str_add(out, "parameter,with,share,low,high\n");
    for (size_t i = 0; all != NULL && i < all->n_params; i++) {
        figure_field(out, params[all->params[i].param].name);
        str_add(out, ",");
        csv_value(out, &all->params[i].share);
    }
    for (size_t i = 0; all != NULL && i < all->n_pairs; i++) {
        figure_field(out, params[all->pairs[i].a].name);
        str_add(out, ",");
        figure_field(out, params[all->pairs[i].b].name);
        csv_value(out, &all->pairs[i].share);
    }
}

/* Columns: row from below, share, low, high [%]. */
static size_t data(struct str *out, const struct importance *all)
{
    size_t n = all->n_params < BARS ? all->n_params : BARS;

    str_add(out, "$data << EOD\n");
    for (size_t i = 0; i < n; i++) {
        const struct fanova_value *share = &all->params[i].share;
        str_addf(out, "%zu", n - i);
        figure_number(out, ' ', 100 * share->mean, "NaN");
        figure_number(out, ' ', 100 * share->low, "NaN");
        figure_number(out, ' ', 100 * share->high, "NaN");
        str_add(out, "\n");
    }
    str_add(out, "EOD\n");
    return n;
}

static void plot(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct importance *all = facts->importance;

    (void)shown;
    if (all == NULL || !all->known)
        return;
    size_t n = data(out, all);
    str_add(out, "unset key\nset yrange [0.4:");
    str_addf(out, "%zu.6]\nset xrange [0:*]\nset xlabel 'share of the variance, %%'\n", n);
    str_add(out, "set grid noytics xtics lc '#e4e8ec' lt 1\nset ytics (");
    for (size_t i = 0; i < n; i++) {
        str_add(out, i > 0 ? ", " : "");
        figure_quote(out, facts->record->study.space.params[all->params[i].param].name);
        str_addf(out, " %zu", n - i);
    }
    str_add(out, ")\nset style fill solid 0.75 noborder\n"
                 "plot $data using ($2/2):1:($2/2):(0.32) with boxxyerror lc '#2f6fb3', \\\n"
                 "     $data using 2:1:3:4 with xerrorbars pt 7 ps 0.3 lc '#24292f'\n");
}

const struct figure figure_importance = {
    .name = "importance",
    .title = "The share of the metric's variance that each parameter explains, with its interval",
    .section = "importance",
    .width = 960,
    .height = 320,
    .csv = csv,
    .plot = plot,
};
