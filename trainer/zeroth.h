/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zeroth.h - what methods without a backward pass are made of: directions through all that is
 * trained, steps along them in place, and losses.
 *
 * A direction z is (seed, step, number); it is drawn again wherever it is needed (Malladi et al.
 * 2023, MeZO, arXiv:2305.17333, section 2.1), a piece of ZEROTH_CHUNK numbers at a time and by any
 * thread, so that neither it nor the weights are ever kept twice.  Each piece has a stream by its
 * tensor's name.
 *
 * w + eps z, w - eps z and back to w are three additions in binary32, each of which rounds by half
 * a unit in the last place at most: the weights come back to within 1.5 units in the last place of
 * the largest of the three, not exactly.  The step itself is part of the third addition.
 */
#ifndef TRAINER_ZEROTH_H
#define TRAINER_ZEROTH_H

#include "direction.h"
#include "trainer.h"

#define ZEROTH_CHUNK ((size_t)1 << 14)

/* A piece of one tensor. */
struct zeroth_part {
    const struct tensor *tensor;
    size_t at, n; /* in the tensor [reals] */
};

struct direction {
    uint64_t key;
    enum draw kind;
    /* NULL, or what makes the method's direction of the draws z [n], in place. */
    void (*shape)(const struct trainer *t, real *z, const struct zeroth_part *part);
};

/* Direction `number` of a step, of the kind that the config asks for. */
struct direction zeroth_direction(const struct trainer *t, uint64_t step, uint64_t number);

/* The draws z [part->n] of one piece, shaped as the direction says. */
void zeroth_draw(const struct trainer *t, const struct direction *d, real *z,
                 const struct zeroth_part *part);

/*
 * Calls `visit` for every piece, on all threads: w is the piece of what is trained, z its part of
 * the direction.
 */
void zeroth_walk(struct trainer *t, const struct direction *d,
                 void (*visit)(void *context, const struct zeroth_part *part, real *w,
                               const real *z),
                 void *context);

/* w += by z */
void zeroth_move(struct trainer *t, const struct direction *d, double by);

/* w = (w + back z) (1 - decay) + by z; gains and biases decay where the option `decay` says so. */
void zeroth_step(struct trainer *t, const struct direction *d, double back, double decay,
                 double by);

/* w *= 1 - decay, as above: where a step has several directions. */
void zeroth_decay(struct trainer *t, double decay);

/* Two losses, of w + eps z and w - eps z. */
struct zeroth_pair {
    double up, down;
};

/* Leaves the weights at w - eps z. */
struct zeroth_pair zeroth_both(struct trainer *t, const struct tokens *tokens,
                               const struct direction *d);

/* (up - down) / (2 eps): the derivative along z, up to O(eps^2). */
double zeroth_slope(const struct trainer *t, const struct zeroth_pair *pair);

/* The factor of `clip` for a projected gradient g: |g| estimates the norm of the gradient. */
double zeroth_clip(const struct trainer *t, double g);

/*
 * A whole step along one direction: both losses, and from w - eps z back and down the slope in one
 * walk.  Where a loss is not finite the weights are put back and nothing else is done.
 */
struct step_result zeroth_along(struct trainer *t, const struct tokens *tokens,
                                const struct direction *d, double lr);

/* Directions of a step: as asked, or what the method has by itself. */
size_t zeroth_directions(const struct config *config, size_t otherwise);

#endif
