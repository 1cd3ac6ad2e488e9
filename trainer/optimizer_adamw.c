/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * optimizer_adamw.c - Adam with decoupled weight decay.  Kingma & Ba 2014, arXiv:1412.6980,
 * algorithm 1; Loshchilov & Hutter 2017, arXiv:1711.05101, algorithm 2, with the decay scaled by
 * the learning rate as PyTorch does.
 */
#include <math.h>

#include "optimizer.h"

/* One pass over memory: 16 bytes read and 12 written per weight, in float. */
KERNEL static void adamw_span(real *restrict w, const real *restrict g, real *restrict m,
                              real *restrict v, size_t n, real scale, real beta1, real beta2,
                              real keep, real rate, real root2, real eps)
{
    for (size_t i = 0; i < n; i++) {
        real gi = g[i] * scale;
        m[i] = beta1 * m[i] + (1 - beta1) * gi;
        v[i] = beta2 * v[i] + (1 - beta2) * gi * gi;
        w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) * root2 + eps);
    }
}

static void adamw_step(real *weights, const real *gradient, real *const *state, size_t n,
                       const struct optimizer_rule *rule, double scale, double decay, long t)
{
    double unbias1 = 1 - pow(rule->beta1, (double)t), unbias2 = 1 - pow(rule->beta2, (double)t);

    adamw_span(weights, gradient, state[0], state[1], n, (real)scale, (real)rule->beta1,
               (real)rule->beta2, (real)(1 - rule->lr * decay), (real)(rule->lr / unbias1),
               (real)(1 / sqrt(unbias2)), (real)rule->eps);
}

const struct optimizer optimizer_adamw = {
    .name = "adamw",
    .summary = "Adam with decoupled weight decay",
    .states = 2,
    .step = adamw_step,
};
