/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trainer.h - a model with all that its training needs in memory, and one optimizer step.
 *
 * A step's sequences are cut into micro-batches.  Each thread takes whole micro-batches and works
 * out their gradients alone, with serial BLAS; the gradients are summed in the order of the
 * micro-batches.  So losses and weights are the same, bit for bit, for any number of threads.
 * Everything is allocated by trainer_open().
 *
 * Where a step's change comes from is a method's (method.h): the above is backprop's; one without a
 * backward pass has neither gradient nor optimizer, and its losses are worked out in the same way.
 *
 * What is trained are all weights, or adapters (lora.h) beside them: then gradient, optimizer state
 * and running mean are the adapters', and of the weights there is one block alone.
 */
#ifndef TRAINER_TRAINER_H
#define TRAINER_TRAINER_H

#include "config.h"
#include "data.h"
#include "lora.h"
#include "method.h"
#include "model.h"
#include "optimizer.h"
#include "pool.h"

struct trainer {
    const struct config *config; /* borrowed */
    struct model model;
    const struct method *method;
    uint64_t seed;
    struct lora lora;            /* rank 0: all weights are trained */
    const struct model *trained; /* the tensors that a step moves: the model's, or the adapters' */
    real *weights;               /* of the model */
    real *moved;                 /* what a step moves: the weights, or the adapters */
    real *average;               /* running mean of what is moved; NULL where the option ema is 0 */
    real *gradient; /* of the whole step; the method's others behind it; NULL where it has none */
    real **partial; /* [threads] of one micro-batch; NULL where a step has one only */
    real *kept;     /* [n_kept] what the method keeps from step to step */
    size_t n_kept;
    real *merged;       /* the weights with the adapters in them; NULL but where zo_merge is set */
    real *scratch;      /* the method's, for one step */
    real *draws;        /* [threads, ZEROTH_CHUNK] pieces of a direction */
    struct work *works; /* [threads] */
    struct descent *descent; /* NULL where there is no gradient */
    struct pool *pool;
    size_t micro; /* sequences of a micro-batch; the last one may have fewer */
    size_t n_micro;
    size_t rows;    /* tokens of a full micro-batch */
    size_t *starts; /* [batch] where this step's sequences begin */
    uint32_t *ids;  /* [threads, 2, rows] inputs, then targets */
    real *losses;   /* [batch, seq] of this step */
    struct turn turn;
    struct laps laps; /* the optimizer's time */
};

/* Memory that trainer_open() takes [bytes]. */
double trainer_memory(const struct config *config, const struct model *model, size_t threads);

/* Refuses a shape that cannot be built, and one that is larger than the machine (exit 2). */
int trainer_open(struct trainer **out, const struct config *config, size_t vocab, size_t threads,
                 uint64_t seed, struct err *err);
void trainer_close(struct trainer *t); /* NULL is fine */

/* The weights as the seed starts them, the optimizer as new. */
void trainer_start(struct trainer *t);

/*
 * All that a step changes, as blocks: what is moved [trainer_reals()], optimizer state, what the
 * method keeps, mean.  Returns how many.
 */
#define TRAINER_BLOCKS (3 + STATES_MOST)
struct trainer_block {
    real *at;
    size_t n;
};
size_t trainer_reals(const struct trainer *t);
size_t trainer_blocks(struct trainer_block blocks[TRAINER_BLOCKS], const struct trainer *t);

/* Instead of trainer_start(): `done` steps are done, and the blocks are as those left them. */
void trainer_continue(struct trainer *t, int64_t done);

/*
 * What a run evaluates and keeps: the weights, or their running mean over the steps t = 1, 2, …:
 *     mean += rate (w - mean),  rate = (1 - ema) / (1 - ema^t)
 * which is the exponential mean without its bias towards the start (Kingma & Ba 2014, section 3).
 */
const real *trainer_weights(const struct trainer *t);

/*
 * The end of training, before trainer_weights(): adapters go into the weights, so that what is
 * evaluated is what a merged model has.  No step may follow.
 */
void trainer_finish(struct trainer *t);

/* The adapters that trainer_finish() takes, or their running mean; NULL where there are none. */
const real *trainer_adapters(const struct trainer *t);

/*
 * One step on the sequences that (seed, step) draws.  The weights stay as they were where the loss
 * or the gradient is not finite.
 */
struct step_result trainer_step(struct trainer *t, const struct tokens *tokens, uint64_t step,
                                double lr);

size_t trainer_step_tokens(const struct trainer *t);

/* --- for methods --- */

/*
 * Micro-batch `index` of the step as ids of that worker's; its first sequence is number
 * index * micro of the step.
 */
struct batch trainer_batch(const struct trainer *t, const struct tokens *tokens, size_t worker,
                           size_t index);

/* The mean loss of the step's tokens by a forward pass, or of what stands in t->losses. */
double trainer_loss(struct trainer *t, const struct tokens *tokens);
double trainer_mean_loss(const struct trainer *t);

/*
 * The optimizer follows t->gradient, unless that or the loss is not finite; returns the gradient's
 * norm.
 */
double trainer_descend(struct trainer *t, double lr, double loss);

/* --- */

/*
 * Floating-point operations of one step: the method's passes; a backward pass counts as two, and
 * beside adapters as one, because the frozen matrices have no gradient.
 */
double trainer_step_flops(const struct trainer *t);

/* Seconds by operator since the start, of all threads. */
void trainer_seconds(double out[OPERATORS], const struct trainer *t);

#endif
