/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "block.h"
#include "mem.h"
#include "ops.h"
#include "optimizer.h"

#define SPAN ((size_t)1 << 16) /* weights of one task */

extern const struct optimizer optimizer_adamw, optimizer_muon, optimizer_lion, optimizer_sgd;

const struct optimizer *const optimizers[] = {
    &optimizer_adamw, &optimizer_muon, &optimizer_lion, &optimizer_sgd, NULL,
};

struct span {
    size_t at, n;
    bool gain;         /* part of a vector, which `decay: matrices` leaves alone */
    size_t rows, cols; /* of a whole matrix, for step_matrix(); else 0 */
};

struct descent {
    const struct optimizer *optimizer;
    size_t n_weights;
    real *state[STATES_MOST];
    struct span *spans;
    size_t n_spans;
    double *square_sums; /* [n_spans] */
    size_t threads;
    real **scratch; /* [threads] for step_matrix(); NULL where there is none */
    long t;
};

const struct optimizer *optimizer_find(const char *name)
{
    for (size_t i = 0; optimizers[i] != NULL; i++)
        if (strcmp(optimizers[i]->name, name) == 0)
            return optimizers[i];
    return NULL;
}

static bool is_hidden_matrix(const struct tensor *t)
{
    return t->role == ROLE_MATRIX || t->role == ROLE_RESIDUAL;
}

static void add_span(struct descent *d, struct span span)
{
    d->spans = mem_room(d->spans, d->n_spans, sizeof *d->spans);
    d->spans[d->n_spans++] = span;
}

static void add_spans(struct descent *d, const struct tensor *t)
{
    size_t size = tensor_size(t);

    if (d->optimizer->step_matrix != NULL && is_hidden_matrix(t)) {
        add_span(d, (struct span){
                        .at = t->at, .n = size, .rows = (size_t)t->rows, .cols = (size_t)t->cols});
        return;
    }
    for (size_t at = 0; at < size; at += SPAN)
        add_span(d, (struct span){.at = t->at + at,
                                  .n = size - at < SPAN ? size - at : SPAN,
                                  .gain = !tensor_is_matrix(t)});
}

/* Scratch of one thread: what the matrix that wants most of it wants. */
static size_t scratch_reals(const struct optimizer *optimizer, const struct model *model)
{
    size_t most = 0;

    for (size_t i = 0; optimizer->step_matrix != NULL && i < model->n_tensors; i++) {
        const struct tensor *t = &model->tensors[i];
        size_t n;
        if (!is_hidden_matrix(t))
            continue;
        n = optimizer->matrix_scratch((size_t)t->rows, (size_t)t->cols);
        most = n > most ? n : most;
    }
    return most;
}

size_t descent_reals(const struct optimizer *optimizer, const struct model *model, size_t threads)
{
    return optimizer->states * model->n_weights + threads * scratch_reals(optimizer, model);
}

struct descent *descent_new(const struct optimizer *optimizer, const struct model *model,
                            size_t threads)
{
    struct descent *d = mem_new(1, sizeof *d);
    size_t scratch = scratch_reals(optimizer, model);

    d->optimizer = optimizer;
    d->n_weights = model->n_weights;
    d->threads = threads;
    d->scratch = mem_new(threads, sizeof *d->scratch);
    for (size_t i = 0; i < optimizer->states; i++)
        d->state[i] = block_new(model->n_weights);
    for (size_t i = 0; scratch > 0 && i < threads; i++)
        d->scratch[i] = block_new(scratch);
    for (size_t i = 0; i < model->n_tensors; i++)
        add_spans(d, &model->tensors[i]);
    d->square_sums = mem_new(d->n_spans, sizeof *d->square_sums);
    return d;
}

void descent_free(struct descent *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < STATES_MOST; i++)
        free(d->state[i]);
    for (size_t i = 0; i < d->threads; i++)
        free(d->scratch[i]);
    free(d->scratch);
    free(d->square_sums);
    free(d->spans);
    free(d);
}

void descent_reset(struct descent *d)
{
    for (size_t i = 0; d->t > 0 && i < d->optimizer->states; i++)
        memset(d->state[i], 0, d->n_weights * sizeof(real));
    d->t = 0;
}

size_t descent_states(real *states[STATES_MOST], const struct descent *d)
{
    for (size_t i = 0; i < d->optimizer->states; i++)
        states[i] = d->state[i];
    return d->optimizer->states;
}

void descent_continue(struct descent *d, long done)
{
    d->t = done;
}

struct norm_job {
    struct descent *d;
    const real *gradient;
};

static void norm_of_span(void *arg, size_t worker, size_t index)
{
    struct norm_job *job = arg;
    const struct span *span = &job->d->spans[index];

    (void)worker;
    job->d->square_sums[index] = block_square_sum(job->gradient + span->at, span->n);
}

double descent_norm(struct descent *d, const real *gradient, struct pool *pool)
{
    struct norm_job job = {d, gradient};
    double sum = 0;

    pool_run(pool, norm_of_span, &job, d->n_spans);
    for (size_t i = 0; i < d->n_spans; i++)
        sum += d->square_sums[i];
    return sqrt(sum);
}

struct step_job {
    const struct descent *d;
    real *weights;
    const real *gradient;
    const struct optimizer_rule *rule;
    double scale;
};

static void step_span(void *arg, size_t worker, size_t index)
{
    const struct step_job *job = arg;
    const struct descent *d = job->d;
    const struct span *span = &d->spans[index];
    real *weights = job->weights + span->at, *state[STATES_MOST] = {NULL};
    const real *gradient = job->gradient + span->at;
    double decay = span->gain && !job->rule->decay_all ? 0 : job->rule->weight_decay;

    for (size_t i = 0; i < d->optimizer->states; i++)
        state[i] = d->state[i] + span->at;
    if (span->rows > 0)
        d->optimizer->step_matrix(weights, gradient, state, span->rows, span->cols, job->rule,
                                  job->scale, decay, d->scratch[worker]);
    else
        d->optimizer->step(weights, gradient, state, span->n, job->rule, job->scale, decay, d->t);
}

void descent_step(struct descent *d, real *weights, const real *gradient,
                  const struct optimizer_rule *rule, double scale, struct pool *pool)
{
    struct step_job job = {d, weights, gradient, rule, scale};

    assert(pool_threads(pool) <= d->threads);
    d->t++;
    pool_run(pool, step_span, &job, d->n_spans);
}
