/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * yardstick.h - what a training step is measured against: this machine at its best, on work that a
 * step cannot avoid.  Each measurement is one go on all threads of a trainer and takes turns with
 * the trainer's steps, so that a neighbour on the machine slows all of them alike.
 */
#ifndef TRAINER_YARDSTICK_H
#define TRAINER_YARDSTICK_H

#include <stddef.h>

#include "trainer.h"

struct yardstick {
    struct trainer *t; /* borrowed; its gradient is written to, its weights are not changed */
    real *blocks;      /* [threads, each] operands */
    size_t threads, each;
    real factor; /* 1, out of the compiler's sight: a pass over memory must not be optimised away */
};

/* Touches what it takes.  yardstick_clear() frees. */
void yardstick_init(struct yardstick *y, struct trainer *t);
void yardstick_clear(struct yardstick *y);

/* Large square products, each thread its own: what BLAS gives at best on all threads at once. */
double yardstick_squares_s(struct yardstick *y);
double yardstick_squares_flops(const struct yardstick *y);

/*
 * A step's own matrix products and nothing else: the same calls with the same shapes, forward and
 * backward, in the same micro-batches on the same threads; attention's are not among them.
 */
double yardstick_products_s(struct yardstick *y);

/*
 * One optimizer step with a learning rate of 0, on the gradient that is there; the norm is not part
 * of it.
 */
double yardstick_optimizer_s(struct yardstick *y);

/*
 * A pass that reads and writes back every block that AdamW touches: weights, gradient and both
 * moments.  AdamW must read all four and write three of them, 28 bytes for each weight of float.
 */
double yardstick_traffic_s(struct yardstick *y);
double yardstick_traffic_bytes(const struct yardstick *y);
double yardstick_adamw_bytes(const struct yardstick *y);

/*
 * Memory that training cannot well do without [bytes]:
 *     weights + (threads + 1) gradients + optimizer state
 *     + activations of one micro-batch for each thread + one tile of logits,
 * where activations are what a backward pass reads: for each token and layer the residual stream
 * before and behind both norms (4 dim), queries, keys and values, attention's output, and gate, up
 * and their product (3 hidden); behind the last layer 2 dim.
 */
double yardstick_memory(const struct trainer *t);

#endif
