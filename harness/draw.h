/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * draw.h - the report's figures, drawn by gnuplot where it is installed.
 */
#ifndef HARNESS_DRAW_H
#define HARNESS_DRAW_H

#include "err.h"
#include "str.h"

/*
 * Runs `gnuplot -d -` on a script, without the user's settings and with no environment but PATH: 0 and what it printed; 0 and nothing where there is no gnuplot; -1 where it
 * failed or took longer than DRAW_LIMIT_S.
 */
#define DRAW_LIMIT_S 60
int draw(struct str *svg, const char *script, struct err *err);

#endif
