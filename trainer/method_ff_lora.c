/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method_ff_lora.c - Forward-Forward for adapters: Hinton 2022, arXiv:2212.13345.  Each adapted
 * matrix learns by itself to give larger outputs for right text than for wrong text, with no
 * gradient from what stands behind it:
 *
 *     good = mean y^2 over all tokens and outputs,   right text, and text of which `ff_corrupt` of
 *                                                    the tokens are replaced at random,
 *     loss = log(1 + e^(threshold - good right)) + log(1 + e^(good wrong - threshold)).
 *
 * threshold is ff_threshold times the goodness of right text in the first step, kept from then on.
 * An optimizer follows the sum of these local gradients.  Two forward passes, and the memory of
 * one: beside the adapters' gradients nothing is kept of a layer.  `loss` is the model's loss on
 * the right text, `norm` that of the local gradients.
 */
#include <math.h>

#include "ops.h"
#include "rng.h"
#include "trainer.h"

enum text { RIGHT, WRONG };

/* Adapted matrices: each has two tensors. */
static size_t matrices(const struct model *trained)
{
    return trained->n_tensors / 2;
}

static size_t ff_kept(const struct config *config, const struct model *trained)
{
    (void)config;
    return matrices(trained) + 1;
}

/* Goodness of both texts, and of one micro-batch of each thread. */
static size_t ff_scratch(const struct config *config, const struct model *trained)
{
    (void)config;
    return (2 + POOL_MOST) * matrices(trained);
}

static double ff_passes(const struct config *config)
{
    (void)config;
    return 2;
}

struct job {
    struct trainer *t;
    const struct tokens *tokens;
    uint64_t step;
    enum text text;
};

/* Replaces tokens of what is read; each sequence of a step has a stream of its own. */
static void corrupt(const struct job *job, uint32_t *ids, size_t sequence)
{
    const struct trainer *t = job->t;
    struct rng rng;

    rng_init(&rng, t->seed, "corrupt", job->step * (uint64_t)t->config->batch + sequence);
    for (size_t i = 0; i < (size_t)t->config->seq; i++) {
        bool replaced = rng_uniform(&rng) < t->config->ff_corrupt;
        uint32_t id = (uint32_t)rng_below(&rng, (uint64_t)t->model.shape.vocab);
        ids[i] = replaced ? id : ids[i];
    }
}

static struct batch texts(const struct job *job, size_t worker, size_t index)
{
    const struct trainer *t = job->t;
    struct batch batch = trainer_batch(t, job->tokens, worker, index);
    uint32_t *ids = t->ids + worker * 2 * t->rows;

    for (size_t i = 0; job->text == WRONG && i < batch.sequences; i++)
        corrupt(job, ids + i * batch.seq, index * t->micro + i);
    return batch;
}

static void micro_batch(void *arg, size_t worker, size_t index)
{
    const struct job *job = arg;
    struct trainer *t = job->t;
    size_t n = trainer_reals(t), m = matrices(t->trained);
    struct batch batch = texts(job, worker, index);
    real *sum = t->gradient + job->text * n, *gradient = index == 0 ? sum : t->partial[worker];
    real *good = t->scratch + (2 + worker) * m, *total = t->scratch + job->text * m;

    t->model.arch->goodness(&t->model, t->losses + index * t->rows, good, gradient, t->weights,
                            &t->works[worker], &batch, 1 / (real)trainer_step_tokens(t));
    turn_wait(&t->turn, index);
    block_add(total, good, m);
    if (index > 0)
        block_add(sum, gradient, n);
    turn_pass(&t->turn);
}

/* Goodness and its gradients; returns the model's loss. */
static double read_text(struct trainer *t, const struct tokens *tokens, uint64_t step,
                        enum text text)
{
    struct job job = {t, tokens, step, text};
    size_t m = matrices(t->trained);

    memset(t->scratch + text * m, 0, m * sizeof *t->scratch);
    turn_reset(&t->turn);
    pool_run(t->pool, micro_batch, &job, t->n_micro);
    return trainer_mean_loss(t);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void set_thresholds(struct trainer *t)
{
    size_t m = matrices(t->trained);

    for (size_t i = 0; i < m; i++)
        t->kept[i] = (real)t->config->ff_threshold * t->scratch[RIGHT * m + i];
}

/* The gradients of the local losses, matrix by matrix, in the place of those of `good right`. */
static void combine(struct trainer *t)
{
    size_t m = matrices(t->trained), n = trainer_reals(t);

    for (size_t i = 0; i < m; i++) {
        const struct tensor *a = &t->trained->tensors[2 * i], *b = a + 1;
        double right = (double)t->scratch[i], wrong = (double)t->scratch[m + i];
        double threshold = (double)t->kept[i];
        real up = (real)sigmoid(threshold - right), down = (real)sigmoid(wrong - threshold);
        for (size_t k = a->at; k < b->at + tensor_size(b); k++)
            t->gradient[k] = down * t->gradient[n + k] - up * t->gradient[k];
    }
}

static struct step_result ff_step(struct trainer *t, const struct tokens *tokens, uint64_t step,
                                  double lr)
{
    struct step_result result;

    result.loss = read_text(t, tokens, step, RIGHT);
    if (step == 0)
        set_thresholds(t);
    (void)read_text(t, tokens, step, WRONG);
    combine(t);
    result.norm = trainer_descend(t, lr, result.loss);
    return result;
}

const struct method method_ff_lora = {
    .name = "ff_lora",
    .summary = "each adapted matrix by itself: larger outputs for right text than for wrong",
    .local = true,
    .adapters = true,
    .gradients = 2,
    .kept = ff_kept,
    .scratch = ff_scratch,
    .passes = ff_passes,
    .step = ff_step,
};
