/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "budget.h"
#include "clock.h"

#define CALIBRATION_STEPS 25 /* at most */
#define CALIBRATION_LEAST 3
#define CALIBRATION_SHARE 0.05 /* of the budget, at most */
#define STEPS_MOST        1e15

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median time of a step; the first, which touches the memory anew, is left out. */
static double step_seconds(struct trainer *t, const struct tokens *tokens, double budget_s,
                           const volatile sig_atomic_t *stop)
{
    double seconds[CALIBRATION_STEPS], begin = clock_s();
    size_t n = 0;

    trainer_start(t);
    trainer_step(t, tokens, 0, t->config->lr * 1e-3);
    while (n < CALIBRATION_STEPS && *stop == 0 &&
           (n < CALIBRATION_LEAST || clock_s() - begin < CALIBRATION_SHARE * budget_s)) {
        double before = clock_s();
        trainer_step(t, tokens, n + 1, t->config->lr * 1e-3);
        seconds[n++] = clock_s() - before;
    }
    if (n == 0)
        return budget_s;
    qsort(seconds, n, sizeof *seconds, by_size);
    return seconds[n / 2];
}

int64_t budget_steps(bool *calibrated, struct trainer *t, const struct tokens *tokens,
                     const volatile sig_atomic_t *stop)
{
    const struct config *c = t->config;
    size_t step_tokens = trainer_step_tokens(t);
    double steps;

    *calibrated = c->seconds > 0;
    if (c->steps > 0)
        return c->steps;
    if (c->tokens > 0)
        steps = (double)c->tokens / (double)step_tokens;
    else if (c->flops > 0)
        steps = c->flops / trainer_step_flops(t);
    else
        steps = c->seconds / step_seconds(t, tokens, c->seconds, stop);
    steps = steps < STEPS_MOST ? steps : STEPS_MOST;
    return steps < 1 ? 1 : (int64_t)steps;
}
