/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "ops.h"
#include "rng.h"
#include "zeroth.h"

struct direction zeroth_direction(const struct trainer *t, uint64_t step, uint64_t number)
{
    struct direction d = {.kind = strcmp(t->config->zo_draw, "rademacher") == 0 ? DRAW_RADEMACHER
                                                                                : DRAW_GAUSSIAN};
    struct rng rng;

    rng_init(&rng, t->seed, "direction", step);
    for (uint64_t i = 0; i <= number; i++)
        d.key = rng_next(&rng);
    return d;
}

struct walk {
    struct trainer *t;
    const struct direction *d;
    void (*visit)(void *context, const struct zeroth_part *part, real *w, const real *z);
    void *context;
};

static size_t pieces_of(const struct tensor *t)
{
    return (tensor_size(t) + ZEROTH_CHUNK - 1) / ZEROTH_CHUNK;
}

static size_t pieces(const struct model *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n_tensors; i++)
        n += pieces_of(&list->tensors[i]);
    return n;
}

static struct zeroth_part part_of(const struct model *list, size_t index)
{
    const struct tensor *t = list->tensors;
    size_t at, left;

    for (; index >= pieces_of(t); t++)
        index -= pieces_of(t);
    at = index * ZEROTH_CHUNK;
    left = tensor_size(t) - at;
    return (struct zeroth_part){t, at, left < ZEROTH_CHUNK ? left : ZEROTH_CHUNK};
}

void zeroth_draw(const struct trainer *t, const struct direction *d, real *z,
                 const struct zeroth_part *part)
{
    struct rng rng;

    rng_init(&rng, d->key, part->tensor->name, part->at);
    direction_draw(z, part->n, rng_next(&rng), d->kind);
    if (d->shape != NULL)
        d->shape(t, z, part);
}

static void walk_piece(void *arg, size_t worker, size_t index)
{
    const struct walk *walk = arg;
    struct trainer *t = walk->t;
    struct zeroth_part part = part_of(t->trained, index);
    real *z = t->draws + worker * ZEROTH_CHUNK;

    zeroth_draw(t, walk->d, z, &part);
    walk->visit(walk->context, &part, t->moved + part.tensor->at + part.at, z);
}

void zeroth_walk(struct trainer *t, const struct direction *d,
                 void (*visit)(void *context, const struct zeroth_part *part, real *w,
                               const real *z),
                 void *context)
{
    struct walk walk = {t, d, visit, context};

    pool_run(t->pool, walk_piece, &walk, pieces(t->trained));
}

/* --- steps ------------------------------------------------------------------------------------ */

struct stepping {
    const struct trainer *t;
    real back, by;
    double decay;
};

KERNEL static void add_draws(real *restrict w, const real *restrict z, size_t n, real by)
{
    for (size_t i = 0; i < n; i++)
        w[i] += by * z[i];
}

KERNEL static void step_draws(real *restrict w, const real *restrict z, size_t n, real back,
                              real keep, real by)
{
    for (size_t i = 0; i < n; i++)
        w[i] = (w[i] + back * z[i]) * keep + by * z[i];
}

static void visit_move(void *context, const struct zeroth_part *part, real *w, const real *z)
{
    const struct stepping *s = context;

    add_draws(w, z, part->n, s->by);
}

void zeroth_move(struct trainer *t, const struct direction *d, double by)
{
    struct stepping s = {.t = t, .by = (real)by};

    zeroth_walk(t, d, visit_move, &s);
}

static real keep_of(const struct trainer *t, const struct tensor *tensor, double decay)
{
    bool decays = tensor_is_matrix(tensor) || strcmp(t->config->decay, "all") == 0;

    return decays ? (real)(1 - decay) : 1;
}

static void visit_step(void *context, const struct zeroth_part *part, real *w, const real *z)
{
    const struct stepping *s = context;
    real keep = keep_of(s->t, part->tensor, s->decay);

    if (keep == 1) /* one addition: (w + back z) + by z would round twice */
        add_draws(w, z, part->n, s->back + s->by);
    else
        step_draws(w, z, part->n, s->back, keep, s->by);
}

void zeroth_step(struct trainer *t, const struct direction *d, double back, double decay, double by)
{
    struct stepping s = {.t = t, .back = (real)back, .by = (real)by, .decay = decay};

    zeroth_walk(t, d, visit_step, &s);
}

void zeroth_decay(struct trainer *t, double decay)
{
    for (size_t i = 0; decay > 0 && i < t->trained->n_tensors; i++) {
        const struct tensor *tensor = &t->trained->tensors[i];
        block_scale(t->moved + tensor->at, keep_of(t, tensor, decay), tensor_size(tensor));
    }
}

/* --- losses ----------------------------------------------------------------------------------- */

struct zeroth_pair zeroth_both(struct trainer *t, const struct tokens *tokens,
                               const struct direction *d)
{
    double eps = t->config->zo_eps;
    struct zeroth_pair pair;

    zeroth_move(t, d, eps);
    pair.up = trainer_loss(t, tokens);
    zeroth_move(t, d, -2 * eps);
    pair.down = trainer_loss(t, tokens);
    return pair;
}

double zeroth_slope(const struct trainer *t, const struct zeroth_pair *pair)
{
    return (pair->up - pair->down) / (2 * t->config->zo_eps);
}

double zeroth_clip(const struct trainer *t, double g)
{
    double clip = t->config->clip;

    return clip > 0 && fabs(g) > clip ? clip / fabs(g) : 1;
}

struct step_result zeroth_along(struct trainer *t, const struct tokens *tokens,
                                const struct direction *d, double lr)
{
    const struct config *c = t->config;
    struct zeroth_pair pair = zeroth_both(t, tokens, d);
    double g = zeroth_slope(t, &pair);

    if (!isfinite(g))
        zeroth_move(t, d, c->zo_eps);
    else
        zeroth_step(t, d, c->zo_eps, lr * c->weight_decay, -lr * g * zeroth_clip(t, g));
    return (struct step_result){(pair.up + pair.down) / 2, fabs(g)};
}

size_t zeroth_directions(const struct config *config, size_t otherwise)
{
    return config->zo_directions > 0 ? (size_t)config->zo_directions : otherwise;
}
