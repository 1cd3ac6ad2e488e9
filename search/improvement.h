/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * improvement.h - what it is worth to run a config, by what is believed of the space.
 *
 * Augmented expected improvement (Huang, Allen, Notz & Zeng 2006, doi 10.1007/s10898-005-2454-3),
 *     (best - m) Phi(z) + s phi(z),  z = (best - m) / s,   times 1 - noise / sqrt(s^2 + noise^2),
 * where `best` is the posterior mean of the best config that ran, never a raw loss.  It is
 * computed as a logarithm, which does not vanish far from the best (Ament et al. 2023,
 * arXiv:2310.20708).
 *
 * It is multiplied by the probability that the process of failures is above SURE, to the power of
 * CAUTION.  With 1/2, 1 and a noise that is learnt (a single failure passes for noise) six times as
 * many runs were lost in the test's space, and the regret was the same.
 */
#ifndef SEARCH_IMPROVEMENT_H
#define SEARCH_IMPROVEMENT_H

#include "surrogate.h"

/* The logarithm, up to a constant. */
double improvement_log(const struct surrogate *surrogate, const struct value *config);

#endif
