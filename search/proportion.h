/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proportion.h - how well a rate is known that was seen k times in n.
 *
 * The exact interval of Clopper & Pearson 1934, Biometrika 26, 404: the p that a one-sided test of
 * k of n does not rule out at half the remaining level on either side,
 *
 *     low = Beta^-1(a; k, n-k+1),    high = Beta^-1(1-a; k+1, n-k),    a = (1 - confidence) / 2.
 *
 * It covers the true rate with at least `confidence`, however small n is.
 */
#ifndef SEARCH_PROPORTION_H
#define SEARCH_PROPORTION_H

#include <stdint.h>

/*
 * The interval of k of n (0 <= k <= n <= PROPORTION_MAX) at a confidence in (0, 1).  0 of 0 is 0 to
 * 1: nothing known. NAN, NAN for anything else.
 */
enum { PROPORTION_MAX = 100000 };
void proportion_interval(double *low, double *high, int64_t k, int64_t n, double confidence);

#endif
