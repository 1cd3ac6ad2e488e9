/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * optimizer_sgd.c - gradient descent with momentum:  m = beta1 m + g,  w -= lr m  (Polyak 1964, in
 * the form of PyTorch's SGD), with the weight decay decoupled as in AdamW.
 */
#include "optimizer.h"

KERNEL static void sgd_span(real *restrict w, const real *restrict g, real *restrict m, size_t n,
                            real scale, real beta1, real keep, real lr)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = beta1 * m[i] + g[i] * scale;
        w[i] = keep * w[i] - lr * m[i];
    }
}

static void sgd_step(real *weights, const real *gradient, real *const *state, size_t n,
                     const struct optimizer_rule *rule, double scale, double decay, long t)
{
    (void)t;
    sgd_span(weights, gradient, state[0], n, (real)scale, (real)rule->beta1,
             (real)(1 - rule->lr * decay), (real)rule->lr);
}

const struct optimizer optimizer_sgd = {
    .name = "sgd",
    .summary = "gradient descent with momentum beta1 and decoupled weight decay",
    .states = 1,
    .step = sgd_step,
};
