/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method_hizoo.c - HiZOO: Zhao et al. 2024, arXiv:2402.15173: MeZO along directions z / sqrt(h),
 * where h estimates the diagonal of the Hessian from a third loss:
 *
 *     D = L(w + eps z/sqrt(h)) + L(w - eps z/sqrt(h)) - 2 L(w)
 *     w <- w - lr g z / sqrt(h)
 *     h <- (1 - alpha) h + alpha |D| / (2 eps^2) h z^2,   alpha = hizoo_alpha, h begins at 1.
 *
 * The step is taken along the very direction that the losses were measured on, and h changes behind
 * it; so E[g z / sqrt(h)] is the gradient over h.  (The forerunner changes h in between.)  h is
 * held in [1e-8, 1e6].  Memory: one more block as long as what is trained.
 */
#include <math.h>

#include "zeroth.h"

#define LEAST 1e-8f
#define MOST  1e6f

static size_t hizoo_kept(const struct config *config, const struct model *trained)
{
    (void)config;
    return trained->n_weights;
}

static double hizoo_passes(const struct config *config)
{
    (void)config;
    return 3;
}

static void hizoo_start(struct trainer *t)
{
    for (size_t i = 0; i < trainer_reals(t); i++)
        t->kept[i] = 1;
}

static void by_curvature(const struct trainer *t, real *z, const struct zeroth_part *part)
{
    const real *h = t->kept + part->tensor->at + part->at;

    for (size_t i = 0; i < part->n; i++)
        z[i] /= sqrtf(h[i]);
}

struct learning {
    real *kept;
    real old, new; /* h <- h (old + new z^2) */
};

static void learn(void *context, const struct zeroth_part *part, real *w, const real *z)
{
    const struct learning *l = context;
    real *h = l->kept + part->tensor->at + part->at;

    (void)w;
    for (size_t i = 0; i < part->n; i++) {
        real x = h[i] * (l->old + l->new *z[i] * z[i]);
        h[i] = x < LEAST ? LEAST : x > MOST ? MOST : x;
    }
}

static struct step_result hizoo_step(struct trainer *t, const struct tokens *tokens, uint64_t step,
                                     double lr)
{
    const struct config *c = t->config;
    struct direction draws = zeroth_direction(t, step, 0), d = draws;
    struct step_result result = {.loss = trainer_loss(t, tokens)};
    struct zeroth_pair pair;
    struct learning learning;
    double g, curvature;

    d.shape = by_curvature;
    pair = zeroth_both(t, tokens, &d);
    g = zeroth_slope(t, &pair);
    result.norm = fabs(g);
    if (!isfinite(g) || !isfinite(result.loss)) {
        zeroth_move(t, &d, c->zo_eps);
        return result;
    }
    zeroth_step(t, &d, c->zo_eps, lr * c->weight_decay, -lr * g * zeroth_clip(t, g));
    curvature = fabs(pair.up + pair.down - 2 * result.loss) / (2 * c->zo_eps * c->zo_eps);
    learning =
        (struct learning){t->kept, (real)(1 - c->hizoo_alpha), (real)(c->hizoo_alpha * curvature)};
    zeroth_walk(t, &draws, learn, &learning);
    return result;
}

const struct method method_hizoo = {
    .name = "hizoo",
    .summary = "MeZO along directions that an estimate of the curvature scales",
    .kept = hizoo_kept,
    .start = hizoo_start,
    .passes = hizoo_passes,
    .step = hizoo_step,
};
