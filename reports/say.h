/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * say.h - numbers as people read them, the same in every table: unknown is a dash, and nothing
 * depends on the locale.
 */
#ifndef REPORTS_SAY_H
#define REPORTS_SAY_H

#include <stdint.h>

#include "record.h"
#include "str.h"

void say_value(struct str *out, double x);  /* a metric: six significant digits */
void say_rough(struct str *out, double x);  /* an SD, a bound: three significant digits */
void say_effect(struct str *out, double x); /* three significant digits, always with a sign */
void say_id(struct str *out, int64_t id);   /* a dash for 0 */

/* "3.2841 ± 0.0031", without the error where it is unknown. */
void say_mean(struct str *out, const struct summary *summary);

/* "[+0.001, +0.02]", a dash where it is unknown. */
void say_interval(struct str *out, double low, double high);

/* "+0.012 [+0.001, +0.02]"; only the mean where there is no interval. */
void say_measured(struct str *out, double mean, double low, double high);

/* A share with its interval, in percent: "4.2 % [1.1, 9.8]". */
void say_share(struct str *out, double share, double low, double high);

/* Text that was made with the functions above, in one call: say_text(say_value, x).  Caller frees.
 */
char *say_text(void (*say)(struct str *out, double x), double x);

#endif
