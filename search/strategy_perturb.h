/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strategy_perturb.h - Gaussian steps around the head.
 */
#ifndef SEARCH_STRATEGY_PERTURB_H
#define SEARCH_STRATEGY_PERTURB_H

#include "strategy.h"

extern const struct strategy strategy_perturb;

#define PERTURB_STEP_START 0.25
#define PERTURB_STEP_MIN   0.05
#define PERTURB_STEP_MAX   0.5

/*
 * The standard deviation of the next step, in units of the cube, from the decided history alone:
 * the 1/5 rule (Rechenberg 1973; Kern et al. 2004, doi 10.1023/B:NACO.0000023416.59689.4e), which
 * multiplies by a after a success and by a^(-1/4) after anything else, so that the step stands
 * still where one step in five succeeds.
 *
 * Here a = 1.1 and the step stays above 0.05.  Under noise an effect that is too small to be seen
 * counts as no success, so a quick rule would shrink the step into the noise: on noisy quadratics
 * of 6, 8 and 14 parameters a = 1.1 left 0.6 of the regret of a = 1.5 (geometric mean of 60 runs
 * of 40 to 100 proposals), at the price of 1.6 times as much without noise.
 *
 * A success is a config that became the head.  The baseline, what is pending, and copies of the
 * head (placebos) say nothing about the step and do not count.
 */
double perturb_step(const struct space *space, const struct history *history);

#endif
