/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * budget.h - how many steps a run does.  Every budget becomes a number of steps before the first
 * one, so that the schedule ends with it and every seed of a config does the same.
 */
#ifndef TRAINER_BUDGET_H
#define TRAINER_BUDGET_H

#include <signal.h>

#include "trainer.h"

/*
 * Steps of the config's one budget, at least 1: tokens and flops rounded down to whole steps;
 * seconds by calibration: some steps are made and timed, and the trainer is started anew.
 * *calibrated says whether that was done.  `stop` ends a calibration early.
 */
int64_t budget_steps(bool *calibrated, struct trainer *t, const struct tokens *tokens,
                     const volatile sig_atomic_t *stop);

#endif
