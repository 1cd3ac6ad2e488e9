/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "block.h"
#include "classifier.h"
#include "clock.h"
#include "gemm.h"
#include "ops.h"
#include "yardstick.h"

#define SQUARE   1024 /* side of the products that measure the machine */
#define PRODUCTS 4    /* of them in a row, of each thread */
#define CHUNK    ((size_t)1 << 16)

/* Matrices side by side in the block that are one product: x w' with w [out, in]. */
struct product {
    size_t at, out, in;
    size_t tile; /* rows at a time */
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static bool joins(const struct tensor *t, const struct tensor *next)
{
    return t->role == ROLE_MATRIX && next->role == ROLE_MATRIX && t->cols == next->cols &&
           t->at + tensor_size(t) == next->at;
}

static bool is_head(const struct model *model, const struct tensor *t)
{
    return t->role == (model->shape.tied ? ROLE_EMBEDDING : ROLE_HEAD);
}

/* The product that begins at tensor *i, which goes behind it; false: that tensor is in none. */
static bool next_product(struct product *p, const struct model *model, size_t rows, size_t *i)
{
    const struct tensor *t = &model->tensors[(*i)++];

    *p = (struct product){t->at, (size_t)t->rows, (size_t)t->cols, rows};
    if (is_head(model, t))
        p->tile = classifier_tile(rows, p->out);
    for (; *i < model->n_tensors && joins(&model->tensors[*i - 1], &model->tensors[*i]); (*i)++)
        p->out += (size_t)model->tensors[*i].rows;
    return is_head(model, t) || t->role == ROLE_MATRIX || t->role == ROLE_RESIDUAL;
}

/* Reals of a thread's operands: x and its gradient, then y. */
static void operand_sizes(size_t *x, size_t *y, const struct model *model, size_t rows)
{
    struct product p;

    *x = *y = 0;
    for (size_t i = 0; i < model->n_tensors;)
        if (next_product(&p, model, rows, &i)) {
            *x = larger(*x, rows * p.in);
            *y = larger(*y, p.tile * p.out);
        }
}

void yardstick_init(struct yardstick *y, struct trainer *t)
{
    size_t in, out, squares = (size_t)3 * SQUARE * SQUARE;

    operand_sizes(&in, &out, &t->model, t->rows);
    *y = (struct yardstick){.t = t, .threads = pool_threads(t->pool), .factor = 1};
    y->each = larger(squares, 2 * in + out);
    y->blocks = block_new(y->threads * y->each);
    for (size_t i = 0; i < y->threads * y->each; i++)
        y->blocks[i] = (real)(i % 17) - 8;
}

void yardstick_clear(struct yardstick *y)
{
    free(y->blocks);
    y->blocks = NULL;
}

static double seconds_of(struct yardstick *y, void (*task)(void *, size_t, size_t), size_t n)
{
    double begin = clock_s();

    pool_run(y->t->pool, task, y, n);
    return clock_s() - begin;
}

/* --- large squares --- */

static void square(void *arg, size_t worker, size_t index)
{
    const struct yardstick *y = arg;
    size_t n = (size_t)SQUARE * SQUARE;
    real *a = y->blocks + worker * y->each;

    (void)index;
    gemm(GEMM_NN, SQUARE, SQUARE, SQUARE, 1, a, SQUARE, a + n, SQUARE, 0, a + 2 * n, SQUARE);
}

double yardstick_squares_s(struct yardstick *y)
{
    return seconds_of(y, square, PRODUCTS * y->threads);
}

double yardstick_squares_flops(const struct yardstick *y)
{
    return 2.0 * SQUARE * SQUARE * SQUARE * PRODUCTS * (double)y->threads;
}

/* --- the step's own products --- */

/* As the model makes them: y = x w', dx = y w, dw = y' x, a tile of rows at a time. */
static void multiply(const struct product *p, const real *weights, real *gradient, real *x,
                     real *dx, real *y, size_t rows)
{
    const real *w = weights + p->at;
    real *dw = gradient + p->at;

    for (size_t at = 0; at < rows; at += p->tile) {
        size_t n = rows - at < p->tile ? rows - at : p->tile;
        linear(y, x + at * p->in, w, n, p->out, p->in, 0);
        linear_backward_input(dx + at * p->in, y, w, n, p->out, p->in, 0);
        linear_backward_weight(dw, y, x + at * p->in, n, p->out, p->in, at > 0 ? 1 : 0);
    }
}

static void micro_batch(void *arg, size_t worker, size_t index)
{
    const struct yardstick *y = arg;
    const struct trainer *t = y->t;
    size_t left = trainer_step_tokens(t) - index * t->rows, rows = left < t->rows ? left : t->rows;
    real *gradient = t->partial[worker] != NULL ? t->partial[worker] : t->gradient;
    real *x = y->blocks + worker * y->each;
    struct product p;
    size_t in, out;

    operand_sizes(&in, &out, &t->model, t->rows);
    for (size_t i = 0; i < t->model.n_tensors;)
        if (next_product(&p, &t->model, t->rows, &i))
            multiply(&p, t->weights, gradient, x, x + in, x + 2 * in, rows);
}

double yardstick_products_s(struct yardstick *y)
{
    return seconds_of(y, micro_batch, y->t->n_micro);
}

/* --- the optimizer, and memory --- */

double yardstick_optimizer_s(struct yardstick *y)
{
    const struct config *c = y->t->config;
    const struct optimizer_rule rule = {.beta1 = c->beta1,
                                        .beta2 = c->beta2,
                                        .eps = c->eps,
                                        .weight_decay = c->weight_decay,
                                        .momentum = c->muon_momentum};
    double begin = clock_s();

    descent_step(y->t->descent, y->t->weights, y->t->gradient, &rule, 1, y->t->pool);
    return clock_s() - begin;
}

/* x = factor x */
KERNEL static void pass_over(real *x, size_t n, real factor)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

static size_t touched_blocks(struct trainer_block blocks[TRAINER_BLOCKS + 1],
                             const struct trainer *t)
{
    size_t n = trainer_blocks(blocks, t);

    blocks[n] = (struct trainer_block){t->gradient, trainer_reals(t)};
    return n + 1;
}

static void pass_over_chunk(void *arg, size_t worker, size_t index)
{
    const struct yardstick *y = arg;
    size_t chunks = (y->t->model.n_weights + CHUNK - 1) / CHUNK, at = index % chunks * CHUNK;
    size_t left = y->t->model.n_weights - at;
    struct trainer_block blocks[TRAINER_BLOCKS + 1];

    (void)worker;
    touched_blocks(blocks, y->t);
    pass_over(blocks[index / chunks].at + at, left < CHUNK ? left : CHUNK, y->factor);
}

double yardstick_traffic_s(struct yardstick *y)
{
    size_t chunks = (y->t->model.n_weights + CHUNK - 1) / CHUNK;
    struct trainer_block blocks[TRAINER_BLOCKS + 1];

    return seconds_of(y, pass_over_chunk, touched_blocks(blocks, y->t) * chunks);
}

double yardstick_traffic_bytes(const struct yardstick *y)
{
    struct trainer_block blocks[TRAINER_BLOCKS + 1];
    size_t n = touched_blocks(blocks, y->t);

    return 2.0 * sizeof(real) * (double)n * (double)y->t->model.n_weights;
}

double yardstick_adamw_bytes(const struct yardstick *y)
{
    return 7.0 * sizeof(real) * (double)y->t->model.n_weights;
}

/* --- the least memory --- */

/* Reals of activations of one token. */
static double token_activations(const struct shape *s)
{
    double queries = (double)s->heads * s->head_dim, kv = (double)s->kv_heads * s->head_dim;
    double layer = 4.0 * s->dim + queries + 2 * kv + queries + 3.0 * s->hidden;

    return s->layers * layer + 2.0 * s->dim;
}

double yardstick_memory(const struct trainer *t)
{
    const struct shape *s = &t->model.shape;
    double n = (double)t->model.n_weights, threads = (double)pool_threads(t->pool);
    double states = (double)optimizer_find(t->config->optimizer)->states;
    double tile = (double)classifier_tile(t->rows, (size_t)s->vocab) * s->vocab;

    return sizeof(real) * (n * (1 + threads + 1 + states) +
                           threads * (double)t->rows * token_activations(s) + tile);
}
