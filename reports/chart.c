/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "chart.h"
#include "mem.h"
#include "say.h"

enum { COLUMNS = 64, ROWS = 10 };

struct dot {
    double y; /* better is larger; NAN: nothing here */
    bool keep;
};

struct chart {
    struct dot dots[COLUMNS];
    size_t columns, shown; /* shown: experiments with a mean */
    double low, high;      /* of the scale, in y */
};

static bool covers(const struct dot *old, const struct dot *new)
{
    if (!isfinite(old->y))
        return true;
    return new->keep != old->keep ? new->keep : new->y > old->y;
}

static void fill(struct chart *chart, const struct facts *facts)
{
    const struct record *record = facts->record;
    size_t n = record->n_experiments;

    chart->columns = n < COLUMNS ? n : COLUMNS;
    for (size_t i = 0; i < COLUMNS; i++)
        chart->dots[i] = (struct dot){NAN, false};
    for (size_t e = 0; e < n; e++) {
        struct summary s = record_summary(facts->record, (int64_t)e + 1);
        struct dot dot = {record->study.maximize ? s.mean : -s.mean,
                          facts_outcome(facts, (int64_t)e + 1) == OUTCOME_KEEP};
        size_t at = n <= COLUMNS ? e : e * COLUMNS / n;
        chart->shown += isfinite(s.mean);
        if (isfinite(s.mean) && covers(&chart->dots[at], &dot))
            chart->dots[at] = dot;
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* From the lowest quarter of the reverts (they may lie far off), or the lowest keep, to the top. */
static void scale(struct chart *chart)
{
    double all[COLUMNS] = {0}, keep = INFINITY;
    size_t n = 0;

    for (size_t i = 0; i < chart->columns; i++) {
        if (!isfinite(chart->dots[i].y))
            continue;
        all[n++] = chart->dots[i].y;
        if (chart->dots[i].keep)
            keep = fmin(keep, chart->dots[i].y);
    }
    qsort(all, n, sizeof *all, by_size);
    chart->low = fmin(all[n / 4], keep);
    chart->high = all[n - 1];
    if (!(chart->high > chart->low))
        chart->high = chart->low + fmax(fabs(chart->low), 1) * 1e-6;
}

/* The row of a dot, 0 at the top. */
static size_t row_of(const struct chart *chart, double y)
{
    double part = (chart->high - y) / (chart->high - chart->low);

    return part <= 0 ? 0 : part >= 1 ? ROWS - 1 : (size_t)lround(part * (ROWS - 1));
}

static char mark_of(const struct chart *chart, const struct dot *dot)
{
    if (dot->y < chart->low)
        return 'v';
    return dot->keep ? '+' : '-';
}

static void draw(char rows[ROWS][COLUMNS], const struct chart *chart)
{
    for (size_t row = 0; row < ROWS; row++)
        for (size_t i = 0; i < COLUMNS; i++)
            rows[row][i] = ' ';
    for (size_t i = 0; i < chart->columns; i++) {
        const struct dot *dot = &chart->dots[i];
        if (isfinite(dot->y))
            rows[row_of(chart, dot->y)][i] = mark_of(chart, dot);
    }
}

/* A row with its label: the scale's ends only, in the metric as printed. */
static void write_row(struct str *out, const struct chart *chart, const char *row, size_t at,
                      bool maximize)
{
    size_t len = chart->columns;
    struct str label = {0};

    if (at == 0 || at == ROWS - 1) {
        double y = at == 0 ? chart->high : chart->low;
        say_value(&label, maximize ? y : -y);
    }
    while (len > 0 && row[len - 1] == ' ')
        len--;
    str_addf(out, "%10s |", str_text(&label));
    str_addn(out, row, len);
    str_add(out, "\n");
    str_clear(&label);
}

void chart_history(struct str *out, const struct facts *facts)
{
    struct chart chart = {.shown = 0};
    char rows[ROWS][COLUMNS];

    fill(&chart, facts);
    if (chart.shown < 3)
        return;
    scale(&chart);
    draw(rows, &chart);
    str_add(out, "```text\n");
    for (size_t i = 0; i < ROWS; i++)
        write_row(out, &chart, rows[i], i, facts->record->study.maximize);
    str_addf(out, "%10s  experiment 1 to %zu; + keep, - not kept, v below the scale\n", "",
             facts->record->n_experiments);
    str_add(out, "```\n\n");
}
