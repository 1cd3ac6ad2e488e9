/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "schedule.h"

static double cosine(double x, double tail)
{
    (void)tail;
    return 0.5 * (1 + cos(3.14159265358979323846 * x));
}

static double linear_decay(double x, double tail)
{
    (void)tail;
    return 1 - x;
}

static double constant(double x, double tail)
{
    (void)x;
    (void)tail;
    return 1;
}

/* Hu et al. 2024, MiniCPM, arXiv:2404.06395, section 4; the decay a straight line. */
static double warmup_stable_decay(double x, double tail)
{
    return x <= 1 - tail ? 1 : (1 - x) / tail;
}

static const struct schedule schedule_cosine = {
    "cosine", "half a cosine from lr to min_lr_fraction * lr", cosine};
static const struct schedule schedule_linear = {
    "linear", "a straight line from lr to min_lr_fraction * lr", linear_decay};
static const struct schedule schedule_wsd = {
    "wsd", "lr, and over the last wsd_decay of the budget a straight line to min_lr_fraction * lr",
    warmup_stable_decay};
static const struct schedule schedule_constant = {"constant", "lr to the end", constant};

const struct schedule *const schedules[] = {
    &schedule_cosine, &schedule_linear, &schedule_wsd, &schedule_constant, NULL,
};

const struct schedule *schedule_find(const char *name)
{
    for (size_t i = 0; schedules[i] != NULL; i++)
        if (strcmp(schedules[i]->name, name) == 0)
            return schedules[i];
    return NULL;
}

double schedule_lr(const struct schedule_rule *rule, long step, long steps)
{
    double p = ((double)step + 0.5) / (double)steps, warmup = rule->warmup, left = 1 - warmup;
    double tail = rule->decay < left ? rule->decay / left : 1;

    if (p < warmup)
        return rule->lr * p / warmup;
    return rule->lr *
           (rule->floor + (1 - rule->floor) * rule->schedule->shape((p - warmup) / left, tail));
}
