/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "figure.h"
#include "panels.h"

enum { A_ROW = 3 };

size_t panels_choose(size_t out[PANELS], const struct space *space)
{
    size_t n = 0;

    for (size_t i = 0; i < space->n && n < PANELS; i++)
        if (param_is_searched(&space->params[i]))
            out[n++] = i;
    return n;
}

double panels_place(const struct param *param, const struct value *value)
{
    if (param->distribution != NULL && value->type == VALUE_NUMBER)
        return value->number;
    for (size_t i = 0; i < param->n_values; i++)
        if (value_same(value, &param->values[i]))
            return (double)i;
    return NAN;
}

const char *panels_scale(const struct param *param)
{
    if (param->distribution == NULL)
        return "choice";
    return param->distribution->log ? "log" : "linear";
}

void panels_ticks(struct str *out, const struct param *param)
{
    bool log = param->distribution != NULL && param->distribution->log;

    str_addf(out, "%s logscale x\nset xtics autofreq font ',11'\nset format x '%%g'\n",
             log ? "set" : "unset");
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

void panels_layout(struct str *out, size_t n)
{
    str_addf(out, "set multiplot layout %zu,%d\n", (n + A_ROW - 1) / A_ROW, A_ROW);
}
