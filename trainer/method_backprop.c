/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method_backprop.c - the gradient by a backward pass, and an optimizer that follows it.
 *
 * Each thread takes whole micro-batches; their gradients are summed in order.
 */
#include <math.h>

#include "ops.h"
#include "trainer.h"

static double backprop_passes(const struct config *config)
{
    (void)config;
    return 3;
}

struct step_job {
    struct trainer *t;
    const struct tokens *tokens;
};

/* The first micro-batch's gradient begins the sum; each other waits for its turn to be added. */
static void micro_batch(void *arg, size_t worker, size_t index)
{
    const struct step_job *job = arg;
    struct trainer *t = job->t;
    struct batch batch = trainer_batch(t, job->tokens, worker, index);
    real *gradient = index == 0 ? t->gradient : t->partial[worker];
    real *losses = t->losses + index * t->rows;

    t->model.arch->gradient(&t->model, losses, gradient, t->weights, &t->works[worker], &batch,
                            1 / (real)trainer_step_tokens(t));
    turn_wait(&t->turn, index);
    if (index > 0)
        block_add(t->gradient, gradient, trainer_reals(t));
    turn_pass(&t->turn);
    laps_mark(&t->works[worker].laps, OP_REDUCE);
}

static struct step_result backprop_step(struct trainer *t, const struct tokens *tokens,
                                        uint64_t step, double lr)
{
    struct step_job job = {t, tokens};
    struct step_result result;

    (void)step;
    turn_reset(&t->turn);
    pool_run(t->pool, micro_batch, &job, t->n_micro);
    result.loss = trainer_mean_loss(t);
    result.norm = trainer_descend(t, lr, result.loss);
    return result;
}

const struct method method_backprop = {
    .name = "backprop",
    .summary = "the gradient by a backward pass; an optimizer follows it",
    .backward = true,
    .gradients = 1,
    .passes = backprop_passes,
    .step = backprop_step,
};
