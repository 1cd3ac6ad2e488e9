/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * panels.h - what figures with one panel a parameter share.
 */
#ifndef REPORTS_PANELS_H
#define REPORTS_PANELS_H

#include <stddef.h>

#include "space.h"
#include "str.h"

enum { PANELS = 12 };

/* The parameters that have a panel: the first searched ones.  Returns how many. */
size_t panels_choose(size_t out[PANELS], const struct space *space);

/* Where a value stands on the axis: itself, or the number of the choice; NAN where inactive. */
double panels_place(const struct param *param, const struct value *value);

/* "linear", "log" or "choice". */
const char *panels_scale(const struct param *param);

/* gnuplot's axis of a parameter: choices by name, else a plain or logarithmic one; and the grid of
 * n panels. */
void panels_ticks(struct str *out, const struct param *param);
void panels_layout(struct str *out, size_t n);

#endif
