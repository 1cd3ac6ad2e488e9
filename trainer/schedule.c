/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "schedule.h"

static double cosine(double x)
{
    return 0.5 * (1 + cos(3.14159265358979323846 * x));
}

static double linear_decay(double x)
{
    return 1 - x;
}

static double constant(double x)
{
    (void)x;
    return 1;
}

static const struct schedule schedule_cosine = {
    "cosine", "half a cosine from lr to min_lr_fraction * lr", cosine};
static const struct schedule schedule_linear = {
    "linear", "a straight line from lr to min_lr_fraction * lr", linear_decay};
static const struct schedule schedule_constant = {"constant", "lr to the end", constant};

const struct schedule *const schedules[] = {
    &schedule_cosine,
    &schedule_linear,
    &schedule_constant,
    NULL,
};

const struct schedule *schedule_find(const char *name)
{
    for (size_t i = 0; schedules[i] != NULL; i++)
        if (strcmp(schedules[i]->name, name) == 0)
            return schedules[i];
    return NULL;
}

double schedule_lr(const struct schedule *schedule, double lr, double warmup, double floor,
                   long step, long steps)
{
    double p = ((double)step + 0.5) / (double)steps;

    if (p < warmup)
        return lr * p / warmup;
    return lr * (floor + (1 - floor) * schedule->shape((p - warmup) / (1 - warmup)));
}
