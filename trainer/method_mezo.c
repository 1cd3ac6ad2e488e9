/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method_mezo.c - MeZO: Malladi et al. 2023, "Fine-tuning language models with just forward
 * passes", arXiv:2305.17333, algorithm 1; the estimate is Spall's (1992, SPSA):
 *
 *     g = (L(w + eps z) - L(w - eps z)) / (2 eps),   w <- w - lr g z.
 *
 * With z standard normal in d dimensions and no curvature E[g z] is the gradient, and
 * E|g z|^2 = (d + 2) |gradient|^2; with signs instead of normals it is d |gradient|^2.  With n
 * directions (n-SPSA) the mean of n such steps is taken.
 *
 * Beside the weights nothing is kept: the memory is that of a forward pass.  `loss` is the mean of
 * the 2n losses, `norm` the root mean square of g, which estimates the gradient's norm.
 */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "zeroth.h"

static double mezo_passes(const struct config *config)
{
    return 2 * (double)zeroth_directions(config, 1);
}

/* Weights back to w; the slope and the loss of one direction. */
static double probe(double *loss, struct trainer *t, const struct tokens *tokens,
                    const struct direction *d)
{
    struct zeroth_pair pair = zeroth_both(t, tokens, d);

    zeroth_move(t, d, t->config->zo_eps);
    *loss += (pair.up + pair.down) / 2;
    return zeroth_slope(t, &pair);
}

/* One direction: the way back and the step are one addition. */

static struct step_result several(struct trainer *t, const struct tokens *tokens, uint64_t step,
                                  double lr, size_t n)
{
    double *g = mem_new(n, sizeof *g), squares = 0;
    struct step_result result = {0};

    for (size_t i = 0; i < n; i++) {
        struct direction d = zeroth_direction(t, step, i);
        g[i] = probe(&result.loss, t, tokens, &d);
        squares += g[i] * g[i];
    }
    result.loss /= (double)n;
    result.norm = sqrt(squares / (double)n);
    if (isfinite(result.norm))
        zeroth_decay(t, lr * t->config->weight_decay);
    for (size_t i = 0; i < n && isfinite(result.norm); i++) {
        struct direction d = zeroth_direction(t, step, i);
        zeroth_move(t, &d, -lr * g[i] * zeroth_clip(t, result.norm) / (double)n);
    }
    free(g);
    return result;
}

static struct step_result mezo_step(struct trainer *t, const struct tokens *tokens, uint64_t step,
                                    double lr)
{
    size_t n = zeroth_directions(t->config, 1);

    if (n > 1)
        return several(t, tokens, step, lr, n);
    struct direction d = zeroth_direction(t, step, 0);
    return zeroth_along(t, tokens, &d, lr);
}

const struct method method_mezo = {
    .name = "mezo",
    .summary = "two losses along a random direction, in place; memory of a forward pass",
    .passes = mezo_passes,
    .step = mezo_step,
};
