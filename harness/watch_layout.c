/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "say.h"
#include "sparkline.h"
#include "table.h"
#include "watch_layout.h"

enum { TALL = 20, LABEL = 11, MARGIN = 1 };
enum { BAR = 20, BAR_NARROW = 12, CURVE = 24, CURVE_LEAST = 6, BROAD = 100 };

/* --- lines ---------------------------------------------------------------------------------- */

static int put_line(struct screen *s, int row, int column, enum paint paint, const char *text)
{
    int width = s->columns - column - MARGIN;
    char *cut = text_shorten(text, width > 1 ? (size_t)width : 1);
    int end = screen_put(s, row, column, paint, cut);

    free(cut);
    return end;
}

static void put_title(struct screen *s, const struct watch_model *m)
{
    struct str text = {0};

    str_addf(&text, "%s · %s · %s", m->study, m->state, m->count);
    if (m->left[0] != '\0')
        str_addf(&text, " · %s", m->left);
    put_line(s, 0, MARGIN, PAINT_TITLE, str_text(&text));
    screen_paint_row(s, 0, PAINT_TITLE);
    str_clear(&text);
}

/* --- runs ------------------------------------------------------------------------------------ */

/* What it has done where it says so, else its time beside that of the runs before it. */
static double share_done(const struct watch_run *run)
{
    if (isfinite(run->done))
        return run->done;
    return isfinite(run->usual_s) && run->usual_s > 0 ? fmin(0.99, run->took_s / run->usual_s)
                                                      : (double)NAN;
}

static void put_run(struct screen *s, int row, int names, const struct watch_run *run)
{
    struct str text = {0};
    char took[CLOCK_TEXT];
    double share = share_done(run);
    int at = MARGIN + 1 + names + 2;

    put_line(s, row, MARGIN + 1, PAINT_PLAIN, run->what);
    bar_write(&text, share, s->columns < BROAD ? BAR_NARROW : BAR, s->ascii);
    at = screen_put(s, row, at, PAINT_LINE, str_text(&text)) + 1;
    str_clear(&text);
    duration_text(took, run->took_s);
    if (isfinite(share))
        str_addf(&text, "%3.0f %%%s  %s", 100 * share, isfinite(run->done) ? "" : "?", took);
    else
        str_addf(&text, "  -    %s", took);
    at = screen_put(s, row, at, PAINT_PLAIN, str_text(&text)) + 2;
    str_clear(&text);
    at = put_line(s, row, at, PAINT_PLAIN, run->value) + 1;
    int room = s->columns - MARGIN - at;
    if (run->n_curve > 1 && room >= CURVE_LEAST) {
        sparkline_write(&text, run->curve, run->n_curve, room < CURVE ? room : CURVE, s->ascii);
        screen_put(s, row, at, PAINT_LINE, str_text(&text));
        str_clear(&text);
    }
}

static int put_runs(struct screen *s, int row, const struct watch_model *m, int most)
{
    int names = 0, shown = (int)m->n_runs < most ? (int)m->n_runs : most;
    struct str more = {0};

    for (int i = 0; i < shown; i++)
        names = (int)text_width(m->runs[i].what) > names ? (int)text_width(m->runs[i].what) : names;
    for (int i = 0; i < shown; i++)
        put_run(s, row++, names, &m->runs[i]);
    if (m->n_runs > (size_t)shown) {
        str_addf(&more, "and %zu more under way", m->n_runs - (size_t)shown);
        put_line(s, row++, MARGIN + 1, PAINT_DIM, str_text(&more));
        str_clear(&more);
    }
    if (m->n_runs == 0)
        put_line(s, row++, MARGIN + 1, PAINT_DIM,
                 m->running ? "no run is under way just now" : "nothing runs: nightshift run");
    return row;
}

static int put_facts(struct screen *s, int row, const struct watch_model *m)
{
    for (size_t i = 0; i < m->n_facts; i++, row++) {
        enum paint paint = m->facts[i].bad ? PAINT_BAD : PAINT_PLAIN;
        put_line(s, row, MARGIN + 1, m->facts[i].bad ? PAINT_BAD : PAINT_DIM, m->facts[i].label);
        put_line(s, row, MARGIN + 1 + LABEL, paint, m->facts[i].text);
    }
    return row;
}

/* --- panes ----------------------------------------------------------------------------------- */

static enum paint decision_paint(const struct watch_decision *d)
{
    if (d->verdict == OUTCOME_FAILED)
        return PAINT_BAD;
    return d->verdict == OUTCOME_KEEP ? PAINT_GOOD : PAINT_PLAIN;
}

/* Numbers stand to the right of their columns; what it changed stands behind the widest effect. */
static void put_decision(struct screen *s, int row, const struct watch_decision *d, int effects)
{
    static const struct {
        int column, width; /* 0: to the left */
    } columns[] = {{2, 6}, {10, 0}, {18, 6}, {26, 0}, {38, 0}};

    for (size_t i = 0; i < 5; i++) {
        int pad = columns[i].width - (int)text_width(d->cells[i]);
        put_line(s, row, columns[i].column + (pad > 0 ? pad : 0), decision_paint(d), d->cells[i]);
    }
    put_line(s, row, columns[4].column + effects + 2, decision_paint(d), d->cells[5]);
}

static void put_decisions(struct screen *s, int row, const struct watch_model *m, size_t first,
                          size_t page)
{
    size_t end = first + page < m->n_decisions ? first + page : m->n_decisions;
    int effects = 0;

    for (size_t i = first; i < end; i++) {
        int width = (int)text_width(m->decisions[i].cells[4]);
        effects = width > effects ? width : effects;
    }
    for (size_t i = first; i < end; i++)
        put_decision(s, row++, &m->decisions[i], effects);
}

static void put_list(struct screen *s, int row, const struct watch_model *m,
                     const struct watch_place *place, size_t page)
{
    bool decisions = place->pane == PANE_DECISIONS;

    if ((decisions ? m->n_decisions : m->n_troubles) == 0)
        put_line(s, row, MARGIN + 1, PAINT_DIM,
                 decisions ? "none so far" : "nothing went wrong so far");
    else if (decisions)
        put_decisions(s, row, m, place->first, page);
    else
        for (size_t i = 0; i < page && place->first + i < m->n_troubles; i++)
            put_line(s, row + (int)i, MARGIN + 1, PAINT_BAD, m->troubles[place->first + i]);
}

static void put_chart(struct screen *s, int row, const struct watch_model *m, int height)
{
    struct plot_area area = {
        .row = row, .column = 12, .height = height - 1, .width = s->columns - 13};
    double low, high;
    struct str text = {0};

    if (area.height < 2 || area.width < 10 || m->n_best == 0) {
        put_line(s, row, MARGIN + 1, PAINT_DIM, "nothing to draw yet");
        return;
    }
    plot_put(s, &area, m->best, m->n_best, &low, &high);
    say_value(&text, high);
    screen_put(s, row, MARGIN + 1, PAINT_DIM, str_text(&text));
    str_clear(&text);
    say_value(&text, low);
    screen_put(s, row + area.height - 1, MARGIN + 1, PAINT_DIM, str_text(&text));
    str_clear(&text);
    str_addf(&text, "%s of what the search goes on from, experiments 1 to %zu", m->metric,
             m->n_best);
    put_line(s, row + area.height, area.column, PAINT_DIM, str_text(&text));
    str_clear(&text);
}

static void put_help(struct screen *s, int row)
{
    static const char *const lines[] = {
        "tab          the next pane: decisions, trouble, chart",
        "down, j      older decisions        up, k       newer ones",
        "space        a page on              b           a page back",
        "home, g      the newest             end, G      the oldest",
        "q            quit; the study goes on",
        "s            how to stop the study: watch itself only reads",
        "",
        "+ keep: the search goes on from it; + verified: a test kept it; - revert; x failed",
        "An effect is how much better it is, with its interval; positive is better.",
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        put_line(s, row + (int)i, MARGIN + 1, PAINT_PLAIN, lines[i]);
}

static void put_tabs(struct screen *s, int row, const struct watch_model *m,
                     const struct watch_place *place)
{
    struct str text = {0};
    int at = MARGIN;

    for (int i = 0; i < WATCH_PANES; i++) {
        bool on = !place->help && i == (int)place->pane;
        str_addf(&text, on ? "[%s" : " %s",
                 i == PANE_DECISIONS ? "decisions"
                 : i == PANE_TROUBLE ? "trouble"
                                     : "chart");
        if (i == PANE_DECISIONS)
            str_addf(&text, " %zu", m->all_decisions);
        else if (i == PANE_TROUBLE && m->n_troubles > 0)
            str_addf(&text, " %zu%s", m->n_troubles, m->n_troubles == WATCH_TROUBLES ? "+" : "");
        str_add(&text, on ? "]" : " ");
        at = screen_put(s, row, at, on ? PAINT_HEAD : PAINT_DIM, str_text(&text)) + 1;
        str_clear(&text);
    }
}

static void put_pane(struct screen *s, int row, const struct watch_model *m,
                     struct watch_place *place, size_t *page)
{
    int height = s->rows - 1 - row - 1;
    size_t n = place->pane == PANE_DECISIONS ? m->n_decisions
               : place->pane == PANE_TROUBLE ? m->n_troubles
                                             : 0;

    *page = height > 0 ? (size_t)height : 1;
    if (place->first + *page > n)
        place->first = n > *page ? n - *page : 0;
    put_tabs(s, row, m, place);
    if (place->help)
        put_help(s, row + 1);
    else if (place->pane == PANE_CHART)
        put_chart(s, row + 1, m, height);
    else
        put_list(s, row + 1, m, place, *page);
}

void watch_layout(struct screen *s, const struct watch_model *m, struct watch_place *place,
                  size_t *page)
{
    bool tall = s->rows >= TALL;
    int row = 1;

    put_title(s, m);
    put_line(s, row++, MARGIN, PAINT_PLAIN, m->tally);
    row += tall;
    row = put_runs(s, row, m, tall ? s->rows / 4 : 1);
    row += tall;
    if (s->rows >= 14)
        row = put_facts(s, row, m);
    row += tall;
    put_pane(s, row, m, place, page);
    screen_paint_row(s, s->rows - 1, PAINT_PLAIN);
    for (int c = 0; c < s->columns; c++)
        screen_put(s, s->rows - 1, c, PAINT_PLAIN, " ");
    put_line(s, s->rows - 1, MARGIN, place->error != NULL ? PAINT_BAD : PAINT_DIM,
             place->error != NULL ? place->error
                                  : "q quit   tab pane   up/down scroll   ? help   s stop");
}
