/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chart_script.h - the script that makes a report's charts live: Vega from Debian's libjs-vega and
 * share/charts/, put together when the program is built (share/charts/script.sh).
 *
 * It is part of the program, so that a report depends on its record alone and not on what happens
 * to be installed where it is written.  Its first line is a comment that says which Vega it is.
 */
#ifndef REPORTS_CHART_SCRIPT_H
#define REPORTS_CHART_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

extern const char chart_script[];       /* [chart_script_len], not terminated */
extern const uint64_t chart_script_len; /* 0: built where there was no libjs-vega */

#endif
