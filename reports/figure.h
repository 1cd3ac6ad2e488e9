/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figure.h - one chart of the report: its data for people (CSV) and how gnuplot draws it.  To add
 * one: figure_<name>.c and a row in figure.c.
 *
 * gnuplot's language can start programs, so no text from outside stands in a script but through
 * figure_quote(), and the data that stands in it is numbers alone.
 */
#ifndef REPORTS_FIGURE_H
#define REPORTS_FIGURE_H

#include <stdbool.h>

#include "facts.h"
#include "str.h"
#include "thin.h"

struct figure {
    const char *name;    /* of its files: data/<name>.csv, figures/<name>.svg */
    const char *title;   /* for those who cannot see it */
    const char *section; /* that it stands in, by name */
    int width, height;   /* [px] */
    /* Every number in the chart, with names of columns, said once: what is the same in each row of
     * an experiment, or stands in another file under its number, is not repeated.  Unknown is
     * empty.  `shown` NULL: of every experiment; NULL where `data` names another figure. */
    void (*csv)(struct str *out, const struct facts *facts, const struct thin *shown);
    /* The same as the live chart wants it, each row with all that it tells of a mark; NULL: as it
     * is. */
    void (*rows)(struct str *out, const struct facts *facts, const struct thin *shown);
    /* The commands that draw it; nothing where there is nothing to draw. */
    void (*plot)(struct str *out, const struct facts *facts, const struct thin *shown);
    size_t most;      /* experiments that it draws (thin.h); 0: it is not about experiments */
    const char *data; /* the figure whose CSV it draws; NULL: its own */
};
enum { FIGURES_MOST = 16 };
extern const struct figure *const figures[]; /* NULL-terminated, at most FIGURES_MOST */

/* The whole script of a figure, which prints SVG; empty where there is nothing to draw. */
void figure_script(struct str *out, const struct figure *figure, const struct facts *facts,
                   const struct thin *shown);

/* Text from outside as a string of gnuplot's in which nothing has a meaning. */
void figure_quote(struct str *out, const char *text);

/* Numbers, one after the other with `between` in front; empty (CSV) or NaN (script) if unknown. */
void figure_number(struct str *out, char between, double x, const char *unknown);

/* Text as a field of CSV (RFC 4180), without anything in front. */
void figure_field(struct str *out, const char *text);

/* Half the width of a mean's 95 % interval (Student's t); NAN below two seeds. */
double figure_half_width(const struct summary *summary);

#endif
