/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "block.h"
#include "gemm.h"
#include "mem.h"
#include "ops.h"
#include "trainer.h"
#include "zeroth.h"

#define AVERAGE_CHUNK ((size_t)1 << 16) /* weights of one task */

static size_t micro_batches(const struct config *config)
{
    size_t micro = config_micro_batch(config);

    return ((size_t)config->batch + micro - 1) / micro;
}

/* The targets are valid: config_check() has seen them. */
static void lora_of(struct lora *lora, const struct config *config, const struct model *model)
{
    bool adapts[LORA_TARGETS];
    struct err none = {0};

    (void)lora_targets_read(adapts, config->lora_targets, &none);
    lora_init(lora, &model->shape, adapts, (size_t)config->lora_rank, config->lora_alpha);
}

/* What a method and its optimizer keep from step to step, and draw or work in. */
static size_t own_reals(const struct method *method, const struct config *config,
                        const struct model *trained, size_t threads)
{
    size_t n = threads * ZEROTH_CHUNK;

    if (method->gradients > 0)
        n = descent_reals(optimizer_find(config->optimizer), trained, threads);
    n += method->kept != NULL ? method->kept(config, trained) : 0;
    return n + (method->scratch != NULL ? method->scratch(config, trained) : 0);
}

static double memory_of(const struct config *config, const struct model *model,
                        const struct model *trained, size_t threads)
{
    size_t rows = config_micro_batch(config) * (size_t)config->seq;
    const struct method *method = method_find(config->method);
    size_t partials = method->gradients > 0 && micro_batches(config) > 1 ? threads : 0;
    size_t blocks = 1 + method->gradients + partials + (config->ema > 0 ? 1 : 0);
    size_t frozen = trained == model ? 0 : model->n_weights * (config->zo_merge ? 2 : 1);
    double descent = (double)own_reals(method, config, trained, threads);
    double local = method->local ? (double)model->arch->local_scratch(model, rows) : 0;
    double scratch = (model_scratch(model, rows, method->backward) + local) * (double)threads;
    double rest =
        (double)config->batch * (double)config->seq + (double)model_positions_reals(model);

    return sizeof(real) * ((double)frozen + (double)trained->n_weights * (double)blocks + descent +
                           scratch + rest);
}

double trainer_memory(const struct config *config, const struct model *model, size_t threads)
{
    struct model adapted = *model;
    struct lora lora = {0};
    double bytes;

    if (config->lora_rank == 0)
        return memory_of(config, model, model, threads);
    lora_of(&lora, config, model);
    adapted.lora = &lora;
    bytes = memory_of(config, &adapted, &lora.list, threads);
    lora_clear(&lora);
    return bytes;
}

static size_t scratch_reals(const struct method *method, const struct model *model, size_t rows)
{
    size_t local = method->local ? model->arch->local_scratch(model, rows) : 0;

    return model->arch->scratch(model, rows, method->backward) + local;
}

/* Gradients and an optimizer, or directions; and what the method asks for. */
static void take_method_memory(struct trainer *t, size_t threads)
{
    const struct method *m = t->method;
    size_t n = t->trained->n_weights;

    t->n_kept = m->kept != NULL ? m->kept(t->config, t->trained) : 0;
    t->kept = t->n_kept > 0 ? block_new(t->n_kept) : NULL;
    t->scratch = m->scratch != NULL ? block_new(m->scratch(t->config, t->trained)) : NULL;
    t->partial = mem_new(threads, sizeof *t->partial);
    if (m->gradients == 0) {
        t->draws = block_new(threads * ZEROTH_CHUNK);
        return;
    }
    t->gradient = block_new(m->gradients * n);
    t->descent = descent_new(optimizer_find(t->config->optimizer), t->trained, threads);
    for (size_t i = 0; i < threads && t->n_micro > 1; i++)
        t->partial[i] = block_new(n);
}

static void take_memory(struct trainer *t, size_t threads)
{
    size_t n = t->trained->n_weights, step = trainer_step_tokens(t);

    t->weights = block_new(t->model.n_weights);
    t->moved = t->trained == &t->model ? t->weights : block_new(n);
    t->lora.weights = t->moved;
    t->average = t->config->ema > 0 ? block_new(n) : NULL;
    t->merged = t->config->zo_merge ? block_new(t->model.n_weights) : NULL;
    take_method_memory(t, threads);
    t->works = mem_new(threads, sizeof *t->works);
    for (size_t i = 0; i < threads; i++)
        t->works[i].block = block_new(scratch_reals(t->method, &t->model, t->rows));
    t->starts = mem_new((size_t)t->config->batch, sizeof *t->starts);
    t->ids = mem_new(threads * 2 * t->rows, sizeof *t->ids);
    t->losses = mem_new(step, sizeof *t->losses);
}

/* What of the model is trained. */
static void choose_trained(struct trainer *t)
{
    t->trained = &t->model;
    if (t->config->lora_rank == 0)
        return;
    lora_of(&t->lora, t->config, &t->model);
    t->model.lora = &t->lora;
    t->trained = &t->lora.list;
}

int trainer_open(struct trainer **out, const struct config *config, size_t vocab, size_t threads,
                 uint64_t seed, struct err *err)
{
    struct trainer *t = mem_new(1, sizeof *t);
    struct shape shape = config_shape(config, vocab);

    *t = (struct trainer){.config = config,
                          .seed = seed,
                          .method = method_find(config->method),
                          .micro = config_micro_batch(config),
                          .n_micro = micro_batches(config)};
    t->rows = t->micro * (size_t)config->seq;
    turn_init(&t->turn);
    gemm_single_threaded();
    if (model_list(&t->model, architecture_find(config->model), &shape, err) != 0 ||
        block_check_memory(trainer_memory(config, &t->model, threads), threads, err) != 0 ||
        pool_open(&t->pool, threads, err) != 0) {
        trainer_close(t);
        return -1;
    }
    model_positions(&t->model);
    choose_trained(t);
    take_memory(t, threads);
    *out = t;
    return 0;
}

static void free_threads_memory(struct trainer *t)
{
    for (size_t i = 0; t->works != NULL && i < pool_threads(t->pool); i++) {
        free(t->partial[i]);
        free(t->works[i].block);
    }
    free(t->partial);
    free(t->works);
}

void trainer_close(struct trainer *t)
{
    if (t == NULL)
        return;
    free_threads_memory(t);
    pool_close(t->pool);
    turn_clear(&t->turn);
    free(t->losses);
    free(t->ids);
    free(t->starts);
    descent_free(t->descent);
    free(t->gradient);
    free(t->kept);
    free(t->scratch);
    free(t->draws);
    free(t->merged);
    free(t->average);
    if (t->moved != t->weights)
        free(t->moved);
    free(t->weights);
    lora_clear(&t->lora);
    model_clear(&t->model);
    free(t);
}

static void start_chunk(void *arg, size_t worker, size_t index)
{
    const struct trainer *t = arg;

    (void)worker;
    model_start_chunk(&t->model, t->weights, t->seed, t->config->init_std, index);
}

void trainer_start(struct trainer *t)
{
    pool_run(t->pool, start_chunk, t, model_start_chunks(&t->model));
    if (t->lora.rank > 0)
        lora_start(&t->lora, t->moved, t->seed);
    if (t->descent != NULL)
        descent_reset(t->descent);
    if (t->kept != NULL)
        memset(t->kept, 0, t->n_kept * sizeof *t->kept);
    if (t->method->start != NULL)
        t->method->start(t);
    if (t->average != NULL)
        memset(t->average, 0, trainer_reals(t) * sizeof *t->average);
}

size_t trainer_reals(const struct trainer *t)
{
    return t->trained->n_weights;
}

size_t trainer_blocks(struct trainer_block blocks[TRAINER_BLOCKS], const struct trainer *t)
{
    size_t n = 0, states, reals = trainer_reals(t);
    real *state[STATES_MOST];

    blocks[n++] = (struct trainer_block){t->moved, reals};
    states = t->descent != NULL ? descent_states(state, t->descent) : 0;
    for (size_t i = 0; i < states; i++)
        blocks[n++] = (struct trainer_block){state[i], reals};
    if (t->kept != NULL)
        blocks[n++] = (struct trainer_block){t->kept, t->n_kept};
    if (t->average != NULL)
        blocks[n++] = (struct trainer_block){t->average, reals};
    return n;
}

void trainer_continue(struct trainer *t, int64_t done)
{
    if (t->descent != NULL)
        descent_continue(t->descent, (long)done);
}

const real *trainer_adapters(const struct trainer *t)
{
    if (t->lora.rank == 0)
        return NULL;
    return t->average != NULL ? t->average : t->moved;
}

const real *trainer_weights(const struct trainer *t)
{
    return t->average != NULL && t->lora.rank == 0 ? t->average : t->weights;
}

void trainer_finish(struct trainer *t)
{
    if (t->lora.rank == 0)
        return;
    lora_merge(t->weights, &t->model, &t->lora, trainer_adapters(t));
    t->model.lora = NULL;
}

size_t trainer_step_tokens(const struct trainer *t)
{
    return (size_t)t->config->batch * (size_t)t->config->seq;
}

struct batch trainer_batch(const struct trainer *t, const struct tokens *tokens, size_t worker,
                           size_t index)
{
    size_t seq = (size_t)t->config->seq, first = index * t->micro;
    size_t left = (size_t)t->config->batch - first, n = left < t->micro ? left : t->micro;
    uint32_t *inputs = t->ids + worker * 2 * t->rows, *targets = inputs + t->rows;

    for (size_t i = 0; i < n; i++) {
        tokens_copy(inputs + i * seq, tokens, t->starts[first + i], seq);
        tokens_copy(targets + i * seq, tokens, t->starts[first + i] + 1, seq);
    }
    return (struct batch){inputs, targets, n, seq};
}

double trainer_mean_loss(const struct trainer *t)
{
    size_t n = trainer_step_tokens(t);
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)t->losses[i];
    return sum / (double)n;
}

static void descend(struct trainer *t, double lr, double norm)
{
    const struct config *c = t->config;
    const struct optimizer_rule rule = {.lr = lr,
                                        .beta1 = c->beta1,
                                        .beta2 = c->beta2,
                                        .eps = c->eps,
                                        .weight_decay = c->weight_decay,
                                        .decay_all = strcmp(c->decay, "all") == 0,
                                        .matrix_lr = lr * c->muon_lr_ratio,
                                        .momentum = c->muon_momentum};
    double scale = c->clip > 0 && norm > c->clip ? c->clip / norm : 1;

    descent_step(t->descent, t->moved, t->gradient, &rule, scale, t->pool);
}

double trainer_descend(struct trainer *t, double lr, double loss)
{
    double norm;

    laps_start(&t->laps);
    norm = descent_norm(t->descent, t->gradient, t->pool);
    if (isfinite(loss) && isfinite(norm))
        descend(t, lr, norm);
    laps_mark(&t->laps, OP_OPTIMIZER);
    return norm;
}

struct loss_job {
    struct trainer *t;
    const struct tokens *tokens;
};

static void losses_of(void *arg, size_t worker, size_t index)
{
    const struct loss_job *job = arg;
    struct trainer *t = job->t;
    struct batch batch = trainer_batch(t, job->tokens, worker, index);

    t->model.arch->losses(&t->model, t->losses + index * t->rows,
                          t->merged != NULL ? t->merged : t->weights, &t->works[worker], &batch);
}

double trainer_loss(struct trainer *t, const struct tokens *tokens)
{
    struct loss_job job = {t, tokens};

    if (t->merged != NULL) {
        memcpy(t->merged, t->weights, t->model.n_weights * sizeof *t->merged);
        lora_merge(t->merged, &t->model, &t->lora, t->moved);
        t->model.lora = NULL;
    }
    pool_run(t->pool, losses_of, &job, t->n_micro);
    if (t->merged != NULL)
        t->model.lora = &t->lora;
    return trainer_mean_loss(t);
}

/* mean = (1 - rate) mean + rate w */
KERNEL static void mix(real *restrict mean, const real *restrict w, size_t n, real rate)
{
    for (size_t i = 0; i < n; i++)
        mean[i] = (1 - rate) * mean[i] + rate * w[i];
}

struct average_job {
    struct trainer *t;
    real rate;
};

static void average_chunk(void *arg, size_t worker, size_t index)
{
    const struct average_job *job = arg;
    size_t at = index * AVERAGE_CHUNK, left = trainer_reals(job->t) - at;

    (void)worker;
    mix(job->t->average + at, job->t->moved + at, left < AVERAGE_CHUNK ? left : AVERAGE_CHUNK,
        job->rate);
}

/* After `done` steps. */
static void average(struct trainer *t, uint64_t done)
{
    double ema = t->config->ema;
    struct average_job job = {t, (real)((1 - ema) / (1 - pow(ema, (double)done)))};

    if (t->average == NULL)
        return;
    pool_run(t->pool, average_chunk, &job, (trainer_reals(t) + AVERAGE_CHUNK - 1) / AVERAGE_CHUNK);
}

struct step_result trainer_step(struct trainer *t, const struct tokens *tokens, uint64_t step,
                                double lr)
{
    struct step_result result;

    data_draw(t->starts, (size_t)t->config->batch, tokens, (size_t)t->config->seq, t->seed, step);
    result = t->method->step(t, tokens, step, lr);
    laps_start(&t->laps);
    if (isfinite(result.loss) && isfinite(result.norm))
        average(t, step + 1);
    laps_mark(&t->laps, OP_OPTIMIZER);
    return result;
}

double trainer_step_flops(const struct trainer *t)
{
    size_t tokens = trainer_step_tokens(t), seq = (size_t)t->config->seq;
    double forward = model_step_flops(&t->model, tokens, seq) / 3;
    double adapters = t->lora.rank > 0 ? lora_flops(&t->lora) * (double)tokens : 0;

    if (t->method->backward && t->lora.rank > 0)
        return 2 * forward + 3 * adapters;
    return t->method->passes(t->config) * (forward + adapters);
}

void trainer_seconds(double out[OPERATORS], const struct trainer *t)
{
    for (int op = 0; op < OPERATORS; op++) {
        out[op] = t->laps.seconds[op];
        for (size_t i = 0; i < pool_threads(t->pool); i++)
            out[op] += t->works[i].laps.seconds[op];
    }
}
