/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lond.h - the level of the next test, so that few of a study's keeps are luck.
 *
 * LOND (levels based on number of discoveries; Javanmard & Montanari 2015, arXiv:1502.06197; 2018,
 * Ann. Stat. 46, 526): the i-th test has the level
 *
 *     alpha_i = beta_i (D + 1),    beta_i = fdr i^-1.6 / zeta(1.6),
 *
 * D being the keeps among the tests before it.  The betas add up to fdr.  A false keep at test i is
 * one of at least D + 1 keeps, so it adds at most alpha_i / (D + 1) = beta_i to the expected share
 * of false keeps among all: that share, the false discovery rate, is at most fdr, whenever one
 * stops.  It takes no more than that each test holds its level given all that was seen before,
 * which fresh seeds make true.
 */
#ifndef SEARCH_LOND_H
#define SEARCH_LOND_H

#include <stdint.h>

/*
 * The level of test number `test` (from 1) after `keeps` keeps in the tests before it (0 … test-1;
 * more count as test-1).  So it is never above fdr / zeta(1.6) = 0.4375 fdr, the first test's.
 * NAN where fdr is outside 0 … 1 or test is below 1.
 */
double lond_level(double fdr, int64_t test, int64_t keeps);

#endif
