/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * optimizer_lion.c - steps by the sign of an interpolated momentum.  Chen et al. 2023, "Symbolic
 * Discovery of Optimization Algorithms", arXiv:2302.06675, algorithm 2:
 *     c = beta1 m + (1 - beta1) g,  w -= lr (sign(c) + decay w),  m = beta2 m + (1 - beta2) g
 */
#include "optimizer.h"

KERNEL static void lion_span(real *restrict w, const real *restrict g, real *restrict m, size_t n,
                             real scale, real beta1, real beta2, real keep, real lr)
{
    for (size_t i = 0; i < n; i++) {
        real gi = g[i] * scale, c = beta1 * m[i] + (1 - beta1) * gi;
        real sign = (real)(c > 0) - (real)(c < 0);
        w[i] = keep * w[i] - lr * sign;
        m[i] = beta2 * m[i] + (1 - beta2) * gi;
    }
}

static void lion_step(real *weights, const real *gradient, real *const *state, size_t n,
                      const struct optimizer_rule *rule, double scale, double decay, long t)
{
    (void)t;
    lion_span(weights, gradient, state[0], n, (real)scale, (real)rule->beta1, (real)rule->beta2,
              (real)(1 - rule->lr * decay), (real)rule->lr);
}

const struct optimizer optimizer_lion = {
    .name = "lion",
    .summary = "steps of one size by the sign of the momentum",
    .states = 1,
    .step = lion_step,
};
