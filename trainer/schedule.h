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
    /* 1 at x = 0 (warm-up just over), 0 at x = 1 (the end); `tail`: share of x that is decay */
    double (*shape)(double x, double tail);
};
extern const struct schedule *const schedules[];        /* ends in NULL */
const struct schedule *schedule_find(const char *name); /* or NULL */

struct schedule_rule {
    const struct schedule *schedule;
    double lr;     /* at its peak */
    double warmup; /* share of the budget, 0 … 1 */
    double decay;  /* share of the budget at its end that `wsd` decays over, 0 … 1 */
    double floor;  /* share of lr that is left at the end, 0 … 1 */
};

/*
 * Learning rate of step `step` of `steps`, at the middle of the step:
 *     p = (step + 1/2) / steps
 *     p < warmup:  lr * p / warmup
 *     else         lr * (floor + (1 - floor) * shape((p - warmup) / (1 - warmup), tail))
 *     tail = decay / (1 - warmup), 1 at most
 */
double schedule_lr(const struct schedule_rule *rule, long step, long steps);

#endif
