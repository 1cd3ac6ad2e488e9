/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schedule.h - the learning rate over progress, so that a schedule always ends with its budget.
 *
 * To add one: a function and a row in schedule.c.
 */
#ifndef TRAINER_SCHEDULE_H
#define TRAINER_SCHEDULE_H

struct schedule {
    const char *name, *summary;
    double (*shape)(double x); /* 1 at x = 0 (warm-up just over), 0 at x = 1 (the end) */
};
extern const struct schedule *const schedules[];        /* ends in NULL */
const struct schedule *schedule_find(const char *name); /* or NULL */

/*
 * Learning rate of step `step` of `steps`, at the middle of the step:
 *     p = (step + 1/2) / steps
 *     p < warmup:  lr * p / warmup
 *     else         lr * (floor + (1 - floor) * shape((p - warmup) / (1 - warmup)))
 *
 *   warmup  share of the budget, 0 … 1
 *   floor   share of lr that is left at the end, 0 … 1
 */
double schedule_lr(const struct schedule *schedule, double lr, double warmup, double floor,
                   long step, long steps);

#endif
