/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "figure.h"

extern const struct figure figure_importance;
extern const struct figure figure_dependence;
extern const struct figure figure_history;
extern const struct figure figure_curves;
extern const struct figure figure_parallel;
extern const struct figure figure_runs;
extern const struct figure figure_slices;
extern const struct figure figure_tests;

const struct figure *const figures[] = {
    &figure_importance, &figure_dependence, &figure_history, &figure_curves, &figure_slices,
    &figure_parallel,   &figure_tests,      &figure_runs,    NULL,
};

void figure_script(struct str *out, const struct figure *figure, const struct facts *facts,
                   const struct thin *shown)
{
    struct str plot = {0};

    figure->plot(&plot, facts, shown);
    if (plot.len > 0)
        str_addf(out,
                 "set encoding utf8\n"
                 "set terminal svg size %d,%d dynamic noenhanced name '%s' font 'sans-serif,13' "
                 "background '#ffffff'\n"
                 "set datafile missing 'NaN'\n"
                 "set border 3 lc '#57606a'\nset tics nomirror out textcolor '#24292f'\n"
                 "set grid ytics lc '#e4e8ec' lt 1\nset key outside top center horizontal\n%s",
                 figure->width, figure->height, figure->name, str_text(&plot));
    str_clear(&plot);
}

void figure_quote(struct str *out, const char *text)
{
    struct str plain = {0};

    str_add_printable(&plain, text, strlen(text), 80);
    str_add(out, "'");
    for (const char *c = str_text(&plain); *c != '\0'; c++)
        str_add(out, *c == '\'' ? "''" : (const char[]){*c, '\0'});
    str_add(out, "'");
    str_clear(&plain);
}

void figure_number(struct str *out, char between, double x, const char *unknown)
{
    char text[NUMBER_TEXT];

    str_addn(out, &between, 1);
    str_add(out, isfinite(x) ? number_text(text, x) : unknown);
}

void figure_field(struct str *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        str_add(out, text);
        return;
    }
    str_add(out, "\"");
    for (const char *c = text; *c != '\0'; c++)
        str_add(out, *c == '"' ? "\"\"" : (const char[]){*c, '\0'});
    str_add(out, "\"");
}

double figure_half_width(const struct summary *summary)
{
    if (summary->n < 2)
        return NAN;
    return gsl_cdf_tdist_Qinv(0.025, (double)(summary->n - 1)) * summary_se(summary);
}
