/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "block.h"
#include "mem.h"
#include "ops.h"
#include "optimizer.h"

#define SPAN        ((size_t)1 << 16) /* weights of one task */
#define STATES_MOST 4

extern const struct optimizer optimizer_adamw;

const struct optimizer *const optimizers[] = {
    &optimizer_adamw,
    NULL,
};

struct span {
    size_t at, n;
    bool gain; /* part of a vector, which `decay: matrices` leaves alone */
};

struct descent {
    const struct optimizer *optimizer;
    size_t n_weights;
    real *state[STATES_MOST];
    struct span *spans;
    size_t n_spans;
    double *square_sums; /* [n_spans] */
    long t;
};

const struct optimizer *optimizer_find(const char *name)
{
    for (size_t i = 0; optimizers[i] != NULL; i++)
        if (strcmp(optimizers[i]->name, name) == 0)
            return optimizers[i];
    return NULL;
}

static void add_spans(struct descent *d, const struct tensor *t)
{
    size_t size = tensor_size(t);

    for (size_t at = 0; at < size; at += SPAN) {
        d->spans = mem_room(d->spans, d->n_spans, sizeof *d->spans);
        d->spans[d->n_spans++] = (struct span){.at = t->at + at,
                                               .n = size - at < SPAN ? size - at : SPAN,
                                               .gain = t->role == ROLE_NORM};
    }
}

struct descent *descent_new(const struct optimizer *optimizer, const struct model *model)
{
    struct descent *d = mem_new(1, sizeof *d);

    d->optimizer = optimizer;
    d->n_weights = model->n_weights;
    for (size_t i = 0; i < optimizer->states; i++)
        d->state[i] = block_new(model->n_weights);
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
    real *state[STATES_MOST] = {NULL};
    bool spared = span->gain && !job->rule->decay_all;

    (void)worker;
    for (size_t i = 0; i < d->optimizer->states; i++)
        state[i] = d->state[i] + span->at;
    d->optimizer->step(job->weights + span->at, job->gradient + span->at, state, span->n, job->rule,
                       job->scale, spared ? 0 : job->rule->weight_decay, d->t);
}

void descent_step(struct descent *d, real *weights, const real *gradient,
                  const struct optimizer_rule *rule, double scale, struct pool *pool)
{
    struct step_job job = {d, weights, gradient, rule, scale};

    d->t++;
    pool_run(pool, step_span, &job, d->n_spans);
}
