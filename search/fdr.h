/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fdr.h - which of many effects may be listed as found.
 *
 * Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57, 289: with the p-values in increasing order, all
 * up to the largest k with p_(k) <= k q / n are selected.  In expectation at most the share q of
 * what is selected is null, where the p-values are independent (or positively dependent).
 */
#ifndef SEARCH_FDR_H
#define SEARCH_FDR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Selects among n p-values at the rate q and returns how many.
 *
 *   selected [n]  out
 *   p        [n]  NAN: not tested; it is never selected and does not count in n
 */
size_t fdr_select(bool *selected, const double *p, size_t n, double q);

#endif
