/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "mem.h"
#include "model.h"
#include "ops.h"
#include "rng.h"

#define ROPE_MOST (1u << 28) /* reals: 1 GiB */

extern const struct architecture architecture_llama, architecture_qwen2, architecture_qwen3;

const struct architecture *const architectures[] = {
    &architecture_llama,
    &architecture_qwen2,
    &architecture_qwen3,
    NULL,
};

const char *const operator_names[OPERATORS] = {
    [OP_EMBEDDING] = "embedding",
    [OP_NORM] = "norm",
    [OP_QKV] = "qkv",
    [OP_ROPE] = "rope",
    [OP_ATTENTION] = "attention",
    [OP_OUT] = "attention_out",
    [OP_GATE_UP] = "gate_up",
    [OP_SWIGLU] = "swiglu",
    [OP_DOWN] = "down",
    [OP_CLASSIFIER] = "classifier",
    [OP_REDUCE] = "gradient_sum",
    [OP_OPTIMIZER] = "optimizer",
};

void laps_start(struct laps *laps)
{
    laps->last = clock_s();
}

void laps_mark(struct laps *laps, enum op which)
{
    double now = clock_s();

    laps->seconds[which] += now - laps->last;
    laps->last = now;
}

const struct architecture *architecture_find(const char *name)
{
    for (size_t i = 0; architectures[i] != NULL; i++)
        if (strcmp(architectures[i]->name, name) == 0)
            return architectures[i];
    return NULL;
}

/* Of what is added to and divided by: in a smaller one's place a file keeps 0. */
static int check_single(const char *name, double x, struct err *err)
{
    if (x >= (double)FLT_MIN && x <= (double)FLT_MAX)
        return 0;
    return err_usage(err, "%s %g is not a positive number of single precision", name, x);
}

int model_list(struct model *model, const struct architecture *arch, const struct shape *shape,
               struct err *err)
{
    size_t width;

    *model = (struct model){.arch = arch, .shape = *shape};
    if (arch->check(shape, err) != 0 || check_single("norm_eps", shape->norm_eps, err) != 0 ||
        check_single("rope_theta", shape->rope_theta, err) != 0)
        return -1;
    if (shape->head_dim == 0)
        model->shape.head_dim = shape->dim / shape->heads;
    width = (size_t)model->shape.head_dim;
    if ((size_t)shape->seq * width > ROPE_MOST)
        return err_usage(err, "seq %d with heads of width %zu: the table of positions is too large",
                         shape->seq, width);
    arch->list(model);
    return 0;
}

size_t model_positions_reals(const struct model *model)
{
    return (size_t)model->shape.seq * (size_t)model->shape.head_dim;
}

void model_positions_of(struct model *model, size_t length)
{
    size_t width = (size_t)model->shape.head_dim;

    model->rope = mem_new(length * width, sizeof *model->rope);
    rope_table(model->rope, length, width, model->shape.rope_theta);
}

void model_positions(struct model *model)
{
    model_positions_of(model, (size_t)model->shape.seq);
}

int model_init(struct model *model, const struct architecture *arch, const struct shape *shape,
               struct err *err)
{
    if (model_list(model, arch, shape, err) != 0)
        return -1;
    model_positions(model);
    return 0;
}

void model_clear(struct model *model)
{
    free(model->tensors);
    free(model->rope);
    *model = (struct model){0};
}

void model_add(struct model *model, enum role role, int rows, int cols, const char *name)
{
    struct tensor t = {.role = role, .rows = rows, .cols = cols, .at = model->n_weights};

    snprintf(t.name, sizeof t.name, "%s", name);
    model->tensors = mem_room(model->tensors, model->n_tensors, sizeof t);
    model->tensors[model->n_tensors++] = t;
    model->n_weights += tensor_size(&t);
}

void model_add_layer(struct model *model, enum role role, int rows, int cols, int layer,
                     const char *name)
{
    char full[sizeof model->tensors->name];

    snprintf(full, sizeof full, "model.layers.%d.%s", layer, name);
    model_add(model, role, rows, cols, full);
}

const struct tensor *model_find(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->n_tensors; i++)
        if (strcmp(model->tensors[i].name, name) == 0)
            return &model->tensors[i];
    return NULL;
}

double residual_scale(const struct shape *shape)
{
    return shape->deepnet ? 1 / sqrt(2.0 * shape->layers) : 1;
}

static size_t chunks_of(const struct tensor *t)
{
    return (tensor_size(t) + START_CHUNK - 1) / START_CHUNK;
}

size_t model_start_chunks(const struct model *model)
{
    size_t n = 0;

    for (size_t i = 0; i < model->n_tensors; i++)
        n += chunks_of(&model->tensors[i]);
    return n;
}

/* A number in (-1, 1) from 32 bits, symmetric about 0 and never 0. */
static double centred(uint32_t bits)
{
    return ((double)bits - 0x1p31 + 0.5) * 0x1p-31;
}

/*
 * Two independent standard normals: Marsaglia & Bray 1964, the polar method, with one draw of 64
 * bits for each point of the square.  None beyond 9.4 can come.
 */
static void normal_pair(double out[2], struct rng *rng)
{
    double x, y, square, factor;

    do {
        uint64_t bits = rng_next(rng);
        x = centred((uint32_t)(bits >> 32));
        y = centred((uint32_t)bits);
        square = x * x + y * y;
    } while (square >= 1);
    factor = sqrt(-2 * log(square) / square);
    out[0] = factor * x;
    out[1] = factor * y;
}

static void fill_normal(real *w, size_t n, double std, struct rng *rng)
{
    double pair[2];

    for (size_t i = 0; i < n; i++) {
        if (i % 2 == 0)
            normal_pair(pair, rng);
        w[i] = (real)(std * pair[i % 2]);
    }
}

static void fill_same(real *w, size_t n, real x)
{
    for (size_t i = 0; i < n; i++)
        w[i] = x;
}

static double start_std(const struct model *model, const struct tensor *t, double std)
{
    bool small = t->role == ROLE_RESIDUAL && !model->shape.deepnet;

    return small ? std / sqrt(2.0 * model->shape.layers) : std;
}

void model_start_chunk(const struct model *model, real *weights, uint64_t seed, double std,
                       size_t chunk)
{
    const struct tensor *t = model->tensors;
    size_t at, n;
    struct rng rng;

    for (; chunk >= chunks_of(t); t++)
        chunk -= chunks_of(t);
    at = chunk * START_CHUNK;
    n = tensor_size(t) - at < START_CHUNK ? tensor_size(t) - at : START_CHUNK;
    rng_init(&rng, seed, t->name, chunk);
    if (tensor_is_matrix(t))
        fill_normal(weights + t->at + at, n, start_std(model, t, std), &rng);
    else
        fill_same(weights + t->at + at, n, t->role == ROLE_NORM ? 1 : 0);
}

void model_start(const struct model *model, real *weights, uint64_t seed, double std)
{
    for (size_t i = 0; i < model_start_chunks(model); i++)
        model_start_chunk(model, weights, seed, std, i);
}

double model_scratch(const struct model *model, size_t rows, bool gradient)
{
    const size_t many = 1 << 16; /* from here on it grows by the row, as no tile does any more */
    double one, two;

    if (rows <= many)
        return (double)model->arch->scratch(model, rows, gradient);
    one = (double)model->arch->scratch(model, many, gradient);
    two = (double)model->arch->scratch(model, 2 * many, gradient);
    return one + (two - one) / (double)many * (double)(rows - many);
}

double model_step_flops(const struct model *model, size_t tokens, size_t seq)
{
    return 3 * model->arch->flops(model, seq) * (double)tokens;
}
