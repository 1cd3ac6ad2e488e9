/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "chart.h"
#include "fate.h"
#include "mem.h"
#include "say.h"

enum { COLUMNS = 64, ROWS = 10 };

struct dot {
    double y; /* better is larger; NAN: nothing here */
    enum fate fate;
};

struct chart {
    struct dot dots[COLUMNS];
    char tests[COLUMNS];   /* a mark or a blank */
    size_t columns, shown; /* shown: experiments with a mean */
    double low, high;      /* of the scale, in y */
};

/* What the search went on from counts before the others, and what was verified before that. */
static int rank_of(enum fate fate)
{
    if (fate == FATE_VERIFIED)
        return 2;
    return fate == FATE_MOVED || fate == FATE_BASELINE;
}

static bool covers(const struct dot *old, const struct dot *new)
{
    int a = rank_of(old->fate), b = rank_of(new->fate);

    if (!isfinite(old->y))
        return true;
    return a != b ? b > a : new->y > old->y;
}

static size_t column_of(const struct record *record, size_t e)
{
    size_t n = record->n_experiments;

    return n <= COLUMNS ? e : e * COLUMNS / n;
}

static void fill(struct chart *chart, const struct facts *facts)
{
    const struct record *record = facts->record;
    size_t n = record->n_experiments;

    chart->columns = n < COLUMNS ? n : COLUMNS;
    for (size_t i = 0; i < COLUMNS; i++)
        chart->dots[i] = (struct dot){NAN, FATE_PENDING};
    for (size_t e = 0; e < n; e++) {
        struct summary s = record_summary(facts->record, (int64_t)e + 1);
        struct dot dot = {record->study.maximize ? s.mean : -s.mean,
                          fate_of(record, (int64_t)e + 1)};
        size_t at = column_of(record, e);
        chart->shown += isfinite(s.mean);
        if (isfinite(s.mean) && covers(&chart->dots[at], &dot))
            chart->dots[at] = dot;
    }
}

static char test_mark(const struct decision *d)
{
    if (d->kind == DECISION_PLACEBO)
        return 'o';
    if (d->kind == DECISION_CONFIRM)
        return 'c';
    return d->verdict == OUTCOME_KEEP ? 'T' : 't';
}

/* Each test below the last experiment that had been decided; a keep is shown before any other. */
static void fill_tests(struct chart *chart, const struct record *record)
{
    int64_t decided = 1;

    for (size_t i = 0; i < COLUMNS; i++)
        chart->tests[i] = ' ';
    for (size_t i = 0; i < record->n_decisions; i++) {
        const struct decision *d = &record->decisions[i];
        if (record->experiments[d->experiment - 1].decision == d->number) {
            decided = d->experiment;
            continue;
        }
        char *at = &chart->tests[column_of(record, (size_t)decided - 1)];
        *at = *at == 'T' ? 'T' : test_mark(d);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* From the lowest quarter of the reverts (they may lie far off), or the lowest that was kept, to
 * the top. */
static void scale(struct chart *chart)
{
    double all[COLUMNS] = {0}, keep = INFINITY;
    size_t n = 0;

    for (size_t i = 0; i < chart->columns; i++) {
        if (!isfinite(chart->dots[i].y))
            continue;
        all[n++] = chart->dots[i].y;
        if (rank_of(chart->dots[i].fate) > 0)
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
    return fate_mark(dot->fate);
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

static void write_line(struct str *out, const char *label, const char *row, size_t len)
{
    while (len > 0 && row[len - 1] == ' ')
        len--;
    str_addf(out, "%10s |", label);
    str_addn(out, row, len);
    str_add(out, "\n");
}

/* A row with its label: the scale's ends only, in the metric as printed. */
static void write_row(struct str *out, const struct chart *chart, const char *row, size_t at,
                      bool maximize)
{
    struct str label = {0};

    if (at == 0 || at == ROWS - 1) {
        double y = at == 0 ? chart->high : chart->low;
        say_value(&label, maximize ? y : -y);
    }
    write_line(out, str_text(&label), row, chart->columns);
    str_clear(&label);
}

static void write_legend(struct str *out, const struct record *record)
{
    bool greedy = record->study.procedure == PROCEDURE_GREEDY;

    str_addf(out, "%10s  experiment 1 to %zu: = baseline, %s, - reverted, o placebo,\n", "",
             record->n_experiments,
             greedy ? "> kept, never tested" : "> head moved, + verified by a test");
    str_addf(out, "%10s  v below the scale\n", "");
}

static void write_tests(struct str *out, const struct chart *chart)
{
    bool any = false;

    for (size_t i = 0; i < COLUMNS; i++)
        any |= chart->tests[i] != ' ';
    if (!any)
        return;
    write_line(out, "tests", chart->tests, chart->columns);
    str_addf(out, "%10s  T kept, t not kept, o of a placebo, c confirmation\n", "");
}

void chart_history(struct str *out, const struct facts *facts)
{
    struct chart chart = {.shown = 0};
    char rows[ROWS][COLUMNS];

    fill(&chart, facts);
    fill_tests(&chart, facts->record);
    if (chart.shown < 3)
        return;
    scale(&chart);
    draw(rows, &chart);
    str_add(out, "```text\n");
    for (size_t i = 0; i < ROWS; i++)
        write_row(out, &chart, rows[i], i, facts->record->study.maximize);
    write_legend(out, facts->record);
    write_tests(out, &chart);
    str_add(out, "```\n\n");
}

struct chart_range chart_range(const struct facts *facts)
{
    struct chart chart = {.shown = 0};

    fill(&chart, facts);
    if (chart.shown < 1)
        return (struct chart_range){NAN, NAN, 0};
    scale(&chart);
    if (facts->record->study.maximize)
        return (struct chart_range){chart.low, chart.high, chart.shown};
    return (struct chart_range){-chart.high, -chart.low, chart.shown};
}
