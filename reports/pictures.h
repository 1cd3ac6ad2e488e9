/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pictures.h - the figures of one report, drawn.
 *
 * Who draws them is given by the caller, since this layer starts no programs.
 */
#ifndef REPORTS_PICTURES_H
#define REPORTS_PICTURES_H

#include "err.h"
#include "facts.h"
#include "figure.h"
#include "str.h"

/* Runs a gnuplot script: 0 and its SVG, or 0 and nothing where there is no gnuplot; -1. */
typedef int pictures_artist(struct str *svg, const char *script, struct err *err);

struct pictures {               /* parallel to figures[] */
    char *csv[FIGURES_MOST];    /* of every experiment; NULL: it shares another's */
    char *drawn[FIGURES_MOST];  /* what the live chart is given; NULL: the same as csv */
    char *svg[FIGURES_MOST];    /* NULL: nothing to draw, or nobody who could */
    char *remark[FIGURES_MOST]; /* what is left out of the chart, in Markdown; NULL: nothing */
};

/* Draws all; with `artist` NULL none.  A figure that cannot be drawn is left out aloud: the report
 * of a night does not hang on its pictures.  Free with pictures_clear(). */
void pictures_draw(struct pictures *out, const struct facts *facts, pictures_artist *artist);
void pictures_clear(struct pictures *pictures);

/* Writes data/<name>.csv and figures/<name>.svg below `dir`; a figure of earlier that is not
 * there any more is removed. */
int pictures_write(const struct pictures *pictures, const char *dir, struct err *err);

/* The pictures of a section as Markdown, each a paragraph of one line that begins with it, with
 * files in figures/. */
void pictures_link(struct str *out, const struct pictures *pictures, const char *section);

/* The whole picture of a figure as an address (RFC 2397). */
void pictures_inline(struct str *out, const char *svg);

#endif
