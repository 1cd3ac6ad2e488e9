/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sparkline.h - numbers as small pictures made of characters: a bar, a line one row high, a chart
 * of braille dots.  Each also in plain ASCII.  What is unknown (NAN) leaves a blank.
 */
#ifndef HARNESS_SPARKLINE_H
#define HARNESS_SPARKLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "screen.h"

/* `share` (0 … 1; NAN: unknown, empty) of `width` columns, by eighths of a column. */
void bar_write(struct str *out, double share, int width, bool ascii);

/* Where [n] values stand, evenly spaced, in `width` columns of eight heights (U+2581 … U+2588):
 * each column shows the mean of those that fall into it. */
void sparkline_write(struct str *out, const double *values, size_t n, int width, bool ascii);

/*
 * The values, evenly spaced, as a line in rows [row, row + height) and columns [column, column +
 * width) of a screen: two by four dots a cell (U+2800 …), in ASCII one '*'.  The largest value is
 * at the top.  *low and *high: what bottom and top mean; NAN where no value is known.
 */
struct plot_area {
    int row, column, height, width;
};
void plot_put(struct screen *screen, const struct plot_area *area, const double *values, size_t n,
              double *low, double *high);

#endif
