/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strategy_perturb.h - Gaussian steps around the head.
 */
#ifndef SEARCH_STRATEGY_PERTURB_H
#define SEARCH_STRATEGY_PERTURB_H

#include "strategy.h"

extern const struct strategy strategy_perturb;

#define PERTURB_STEP_START 0.2
#define PERTURB_STEP_MIN   0.02
#define PERTURB_STEP_MAX   0.5

/*
 * The standard deviation of the next step, in units of the cube, from the decided history alone:
 * the 1/5 rule (Rechenberg 1973; Kern et al. 2004, doi 10.1023/B:NACO.0000023416.59689.4e), which
 * multiplies by a after a success and by a^(-1/4) after anything else, so that the step stands
 * still where one step in five succeeds.  Here a = 1.25, since a night has few steps.
 *
 * A success is a config that became the head.  The baseline, what is pending, and copies of the
 * head (placebos) say nothing about the step and do not count.
 */
double perturb_step(const struct space *space, const struct history *history);

#endif
