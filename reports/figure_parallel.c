/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parallel coordinates: every experiment as a line through its parameters, the best in colour. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "chart.h"
#include "figure.h"
#include "mem.h"
#include "panels.h"

extern const struct figure figure_parallel;

struct line {
    size_t index;
    double loss;
};

/* The worst first, so that the best lie above; equal ones by number. */
static int by_loss(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    if (x->loss < y->loss || x->loss > y->loss)
        return x->loss > y->loss ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static size_t sort_lines(struct line *out, const struct record *record, const struct thin *shown)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_experiments; i++) {
        double mean = record_summary(record, (int64_t)i + 1).mean;
        if (thin_shows(shown, i) && isfinite(mean))
            out[n++] = (struct line){i, record->study.maximize ? -mean : mean};
    }
    qsort(out, n, sizeof *out, by_loss);
    return n;
}

/* One block, lines apart by an empty one; columns: axis, place, rank from 0 (worst) to 1 (best). */
static void data(struct str *out, const struct record *record, const struct line *lines, size_t n,
                 const size_t *axes, size_t n_axes)
{
    str_add(out, "$data << EOD\n");
    for (size_t i = 0; i < n; i++) {
        const struct value *config = record->experiments[lines[i].index].config;
        for (size_t a = 0; a < n_axes; a++) {
            bool active = config[axes[a]].type != VALUE_NONE;
            str_addf(out, "%zu", a);
            figure_number(out, ' ',
                          active
                              ? param_encode(&record->study.space.params[axes[a]], &config[axes[a]])
                              : (double)NAN,
                          "NaN");
            figure_number(out, ' ', n > 1 ? (double)i / (double)(n - 1) : 1, "NaN");
            str_add(out, "\n");
        }
        str_add(out, "\n");
    }
    str_add(out, "EOD\n");
}

/* The ends of an axis, below and above it. */
static void label_axis(struct str *out, const struct param *param, size_t a)
{
    for (int end = 0; end < 2; end++) {
        struct value value = param_decode(param, end);
        struct str text = {0};
        value_print(&text, &value);
        str_add(out, "set label ");
        figure_quote(out, str_text(&text));
        str_addf(out, " at %zu,%s center tc '#57606a' font ',11'\n", a,
                 end == 0 ? "-0.06" : "1.06");
        str_clear(&text);
    }
    str_addf(out, "set arrow from %zu,0 to %zu,1 nohead lc '#57606a' lw 1 front\n", a, a);
}

/* Names in two rows, so that long ones do not run into each other. */
static void name_axes(struct str *out, const struct space *space, const size_t *axes, size_t n)
{
    str_add(out, "unset xtics\n");
    for (size_t a = 0; a < n; a++) {
        str_add(out, "set label ");
        figure_quote(out, space->params[axes[a]].name);
        str_addf(out, " at %zu,%s center\n", a, a % 2 == 0 ? "-0.15" : "-0.22");
        label_axis(out, &space->params[axes[a]], a);
    }
}

static void plot(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct record *record = facts->record;
    size_t axes[PANELS], n_axes = panels_choose(axes, &record->study.space);
    struct line *lines = mem_new(record->n_experiments, sizeof *lines);
    size_t n = sort_lines(lines, record, shown);

    if (n >= 3 && n_axes >= 2) {
        data(out, record, lines, n, axes, n_axes);
        name_axes(out, &record->study.space, axes, n_axes);
        str_addf(out,
                 "unset key\nunset ytics\nunset border\nunset grid\nset xrange [-0.3:%zu.3]\n"
                 "set yrange [-0.25:1.1]\nset bmargin 1\n"
                 "set palette defined (0 '#e4e8ec', 0.6 '#c9d6e4', 0.85 '#7ea6cf', 0.95 '#d9a441', "
                 "1 '#c8621b')\nset cbrange [0:1]\n"
                 "set cblabel 'rank of the mean'\nset cbtics ('worst' 0, 'best' 1)\n"
                 "plot $data using 1:2:3 with lines lc palette lw 1\n",
                 n_axes - 1);
    }
    free(lines);
}

const struct figure figure_parallel = {
    .name = "parallel",
    .title = "Every experiment as a line through the values of its parameters",
    .section = "parameters",
    .width = 960,
    .height = 420,
    .csv = NULL,
    .plot = plot,
    .most = 400,
    .data = "slices",
};
