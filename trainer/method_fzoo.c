/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method_fzoo.c - FZOO: Dang et al. 2025, arXiv:2506.09034: N one-sided differences along vectors
 * of signs u_i, and a step that their spread makes long or short:
 *
 *     w <- w - lr / N sum_i (L(w + eps u_i) - L(w)) / sigma u_i,
 *     sigma^2 = 1/(N-1) sum_i (L(w + eps u_i) - mean)^2.
 *
 * sigma / eps estimates the gradient's norm, so the step is that of normalised descent, however
 * steep the loss.  The paper has 1/eps in its estimate; here lr is theirs divided by eps, so that
 * it is a length and eps can be searched by itself.  (The forerunner works sigma out, prints it,
 * and does not use it.)
 *
 * Its directions are always signs.  `norm` is sigma / eps.
 */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "zeroth.h"

#define DIRECTIONS 4

static double fzoo_passes(const struct config *config)
{
    return 1 + (double)zeroth_directions(config, DIRECTIONS);
}

static struct direction signs(const struct trainer *t, uint64_t step, uint64_t number)
{
    struct direction d = zeroth_direction(t, step, number);

    d.kind = DRAW_RADEMACHER;
    return d;
}

static double deviation(const double *x, size_t n)
{
    double mean = 0, squares = 0;

    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (double)(n - 1));
}

static struct step_result fzoo_step(struct trainer *t, const struct tokens *tokens, uint64_t step,
                                    double lr)
{
    size_t n = zeroth_directions(t->config, DIRECTIONS);
    double eps = t->config->zo_eps, *rise = mem_new(n, sizeof *rise), sigma;
    struct step_result result = {.loss = trainer_loss(t, tokens)};

    for (size_t i = 0; i < n; i++) {
        struct direction d = signs(t, step, i);
        zeroth_move(t, &d, eps);
        rise[i] = trainer_loss(t, tokens) - result.loss;
        zeroth_move(t, &d, -eps);
    }
    sigma = deviation(rise, n);
    result.norm = sigma / eps;
    if (isfinite(sigma) && sigma > 0) {
        zeroth_decay(t, lr * t->config->weight_decay);
        for (size_t i = 0; i < n; i++) {
            struct direction d = signs(t, step, i);
            zeroth_move(t, &d, -lr * rise[i] / (sigma * (double)n));
        }
    }
    free(rise);
    return result;
}

const struct method method_fzoo = {
    .name = "fzoo",
    .summary = "one-sided differences along signs, the step divided by their spread",
    .passes = fzoo_passes,
    .step = fzoo_step,
};
