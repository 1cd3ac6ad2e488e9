/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * optimizer.h - how weights follow their gradient.
 *
 * An optimizer sees spans of the block, each within one tensor, so that spans can be worked on in
 * any order and by any thread with the same result.  One that treats hidden matrices as matrices
 * gets each of them whole.
 *
 * To add one: optimizer_name.c with a `struct optimizer`, and a row in optimizer.c.
 */
#ifndef TRAINER_OPTIMIZER_H
#define TRAINER_OPTIMIZER_H

#include <stddef.h>

#include "model.h"
#include "pool.h"

struct optimizer_rule {
    double lr;           /* of this step */
    double beta1, beta2; /* decay of the moment estimates */
    double eps;
    double weight_decay; /* decoupled: a step takes lr * weight_decay * weight off */
    bool decay_all;      /* false: matrices and embeddings alone, no gains or biases */
    double matrix_lr;    /* of this step, for what step_matrix() moves */
    double momentum;     /* of step_matrix() */
};

struct optimizer {
    const char *name, *summary;
    size_t states; /* blocks of state, each as long as the weights, zero at the start */
    /*
     * One step over a span of n weights.
     *   state  [states] pointers to the span's part of each block
     *   scale  what the gradient is multiplied by (clipping)
     *   decay  the weight decay of this span
     *   t      steps done, this one among them: 1, 2, …
     */
    void (*step)(real *weights, const real *gradient, real *const *state, size_t n,
                 const struct optimizer_rule *rule, double scale, double decay, long t);
    /*
     * NULL, or one step over a whole hidden matrix [rows, cols], instead of step().
     *   scratch  [matrix_scratch(rows, cols)] anything; the worker's own
     */
    void (*step_matrix)(real *weights, const real *gradient, real *const *state, size_t rows,
                        size_t cols, const struct optimizer_rule *rule, double scale, double decay,
                        real *scratch);
    size_t (*matrix_scratch)(size_t rows, size_t cols); /* NULL where step_matrix is */
};
extern const struct optimizer *const optimizers[];        /* ends in NULL */
const struct optimizer *optimizer_find(const char *name); /* or NULL */

/* Norm and step over all tensors of a model, on the threads of a pool. */
struct descent;
struct descent *descent_new(const struct optimizer *optimizer, const struct model *model,
                            size_t threads);
/* What descent_new() takes [reals]. */
size_t descent_reals(const struct optimizer *optimizer, const struct model *model, size_t threads);
void descent_free(struct descent *descent);
void descent_reset(struct descent *descent); /* as new: state zero, no step done */

/* The blocks of state, each as long as the weights; returns how many. */
#define STATES_MOST 4
size_t descent_states(real *states[STATES_MOST], const struct descent *descent);
/* After `done` steps, whose state has been put into those blocks. */
void descent_continue(struct descent *descent, long done);

/* Euclidean norm of the whole gradient, in double, the same for any number of threads. */
double descent_norm(struct descent *descent, const real *gradient, struct pool *pool);

/* One optimizer step; the gradient is taken times `scale`.  The pool has at most `threads`. */
void descent_step(struct descent *descent, real *weights, const real *gradient,
                  const struct optimizer_rule *rule, double scale, struct pool *pool);

#endif
