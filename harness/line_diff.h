/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * line_diff.h - two texts of equally many lines, of which some differ, as a unified diff.
 */
#ifndef HARNESS_LINE_DIFF_H
#define HARNESS_LINE_DIFF_H

#include <stdbool.h>

#include "str.h"

/* Nothing where they are equal.  Three lines around each change; `name` in both heads. */
void line_diff(struct str *out, const char *name, const char *before, const char *after,
               bool colour);

#endif
