/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model_llama.c - Llama (Touvron et al. 2023, arXiv:2302.13971; grouped queries as in
 * arXiv:2307.09288) and its descendants:
 *
 *     per layer  x += s * out(attention(rope(qk_norm(qkv(norm(x)) + bias)))),
 *                x += s * down(swiglu(gate_up(norm(x)))).
 *
 * Llama has neither qk_norm nor bias; Qwen2 (Yang et al. 2024, arXiv:2407.10671) has biases; Qwen3
 * (Yang et al. 2025, arXiv:2505.09388) normalises each head's query and key with a gain that the
 * heads share, before the rotary embedding.  s is residual_scale(), usually 1.
 *
 * Query, key and value matrices stand side by side in the block and are one product, their biases
 * one row; so are gate and up.
 *
 * Where the model has adapters (lora.h) they stand beside the products, the weights are frozen, and
 * the gradient is the adapters': no product is made for a weight's gradient, and nothing is worked
 * out below the lowest adapters.
 */
#include <assert.h>

#include "attention.h"
#include "classifier.h"
#include "lora.h"
#include "model.h"
#include "ops.h"

#define LAYERS_MOST 4096
#define WIDTH_MOST  (1 << 24) /* of all heads together */

/* The shape in the sizes that the operators want. */
struct sizes {
    size_t dim, layers, heads, kv_heads, width, queries, qkv, hidden, vocab;
    size_t bias;   /* qkv, or 0 without biases */
    size_t gain;   /* width, or 0 without norms of queries and keys */
    size_t turned; /* queries and keys of a row: what is normalised and turned */
};

/* One layer's weights, or their gradients. */
struct layer {
    size_t index;
    size_t norm1, qkv, bias, q_norm, k_norm, out, norm2, gate_up, down;
};

/* What one layer leaves for its backward pass. */
struct activations {
    real *x;        /* [rows, dim]         the residual stream at the layer's input */
    real *norm1;    /* [rows, dim] */
    real *rstd1;    /* [rows] */
    real *raw;      /* [rows, turned]      queries and keys before their norm; where there is one */
    real *raw_rstd; /* [rows, heads + kv_heads] */
    real *qkv;      /* [rows, qkv]         after rope */
    real *heads;    /* [rows, queries]     attention's output */
    real *lse;      /* [heads, rows] */
    real *middle;   /* [rows, dim]         the residual stream between the two halves */
    real *norm2;    /* [rows, dim] */
    real *rstd2;    /* [rows] */
    real *gate_up;  /* [rows, 2 hidden] */
    real *swiglu;   /* [rows, hidden] */
};

/* Gradients of activations; one set serves all layers. */
struct deltas {
    real *x;      /* [rows, dim]      of the residual stream */
    real *norm;   /* [rows, dim] */
    real *wide;   /* [rows, max(qkv, 2 hidden)] */
    real *narrow; /* [rows, max(queries, hidden)] */
    real *row;    /* [turned] */
    real *gain;   /* [max(dim, 2 width)]  gradients of frozen gains, which nobody reads */
};

/* What goodness() makes on the way. */
struct local {
    real *goodness; /* of the next adapted matrix */
    real *gradient; /* of all adapters */
    real *y;        /* [rows, dim]  what a half adds to the residual stream */
    real scale;
};

/* All scratch of one pass, cut from one block. */
struct pass {
    struct sizes s;
    const struct model *model;
    const real *weights;
    real *gradient; /* NULL in a pass without one */
    const struct batch *batch;
    struct laps *laps;
    real scale; /* of what a half adds to the residual stream */
    size_t rows;
    size_t stride;       /* from one layer's activations to the next; 0 where all share one set */
    real *layers;        /* activations of layer 0 */
    real *last;          /* [rows, dim]  the residual stream behind the last layer */
    real *last_norm;     /* [rows, dim] */
    real *last_rstd;     /* [rows] */
    real *scratch;       /* attention_scratch() */
    real *tile;          /* [classifier_tile(), vocab] */
    real *narrow;        /* [2, rows, rank]  of one adapter; where there are some */
    struct local *local; /* NULL but in llama_goodness() */
    struct deltas d;
};

static struct sizes sizes_of(const struct model *model)
{
    const struct shape *shape = &model->shape;
    struct sizes s = {.dim = (size_t)shape->dim,
                      .layers = (size_t)shape->layers,
                      .heads = (size_t)shape->heads,
                      .kv_heads = (size_t)shape->kv_heads,
                      .width = (size_t)shape->head_dim,
                      .hidden = (size_t)shape->hidden,
                      .vocab = (size_t)shape->vocab};

    s.queries = s.heads * s.width;
    s.turned = (s.heads + s.kv_heads) * s.width;
    s.qkv = s.turned + s.kv_heads * s.width;
    s.bias = model->arch->qkv_bias ? s.qkv : 0;
    s.gain = model->arch->qk_norm ? s.width : 0;
    return s;
}

static int check_width(const struct shape *shape, struct err *err)
{
    if (shape->head_dim == 0 && shape->dim % shape->heads != 0)
        return err_usage(err, "dim %d is not divisible by heads %d, and no head_dim is given",
                         shape->dim, shape->heads);
    if (shape->head_dim == 0 && shape->dim / shape->heads % 2 != 0)
        return err_usage(err, "dim %d / heads %d is odd: rotary embedding wants pairs", shape->dim,
                         shape->heads);
    if (shape->head_dim % 2 != 0)
        return err_usage(err, "head_dim %d is odd: rotary embedding wants pairs", shape->head_dim);
    if (shape->head_dim > WIDTH_MOST / shape->heads)
        return err_usage(err, "%d heads of width %d are wider than %d", shape->heads,
                         shape->head_dim, WIDTH_MOST);
    return 0;
}

static int llama_check(const struct shape *shape, struct err *err)
{
    if (shape->layers > LAYERS_MOST)
        return err_usage(err, "%d layers are more than %d", shape->layers, LAYERS_MOST);
    if (check_width(shape, err) != 0)
        return -1;
    if (shape->kv_heads > shape->heads || shape->heads % shape->kv_heads != 0)
        return err_usage(err, "heads %d is not a multiple of kv_heads %d", shape->heads,
                         shape->kv_heads);
    return 0;
}

static void list_attention(struct model *model, int layer)
{
    const struct shape *s = &model->shape;
    const struct architecture *arch = model->arch;
    int queries = s->heads * s->head_dim, kv = s->kv_heads * s->head_dim;

    model_add_layer(model, ROLE_MATRIX, queries, s->dim, layer, "self_attn.q_proj.weight");
    model_add_layer(model, ROLE_MATRIX, kv, s->dim, layer, "self_attn.k_proj.weight");
    model_add_layer(model, ROLE_MATRIX, kv, s->dim, layer, "self_attn.v_proj.weight");
    if (arch->qkv_bias) {
        model_add_layer(model, ROLE_BIAS, 1, queries, layer, "self_attn.q_proj.bias");
        model_add_layer(model, ROLE_BIAS, 1, kv, layer, "self_attn.k_proj.bias");
        model_add_layer(model, ROLE_BIAS, 1, kv, layer, "self_attn.v_proj.bias");
    }
    if (arch->qk_norm) {
        model_add_layer(model, ROLE_NORM, 1, s->head_dim, layer, "self_attn.q_norm.weight");
        model_add_layer(model, ROLE_NORM, 1, s->head_dim, layer, "self_attn.k_norm.weight");
    }
    model_add_layer(model, ROLE_RESIDUAL, s->dim, queries, layer, "self_attn.o_proj.weight");
}

static void list_layer(struct model *model, int layer)
{
    const struct shape *s = &model->shape;

    model_add_layer(model, ROLE_NORM, 1, s->dim, layer, "input_layernorm.weight");
    list_attention(model, layer);
    model_add_layer(model, ROLE_NORM, 1, s->dim, layer, "post_attention_layernorm.weight");
    model_add_layer(model, ROLE_MATRIX, s->hidden, s->dim, layer, "mlp.gate_proj.weight");
    model_add_layer(model, ROLE_MATRIX, s->hidden, s->dim, layer, "mlp.up_proj.weight");
    model_add_layer(model, ROLE_RESIDUAL, s->dim, s->hidden, layer, "mlp.down_proj.weight");
}

static void llama_list(struct model *model)
{
    const struct shape *s = &model->shape;

    model_add(model, ROLE_EMBEDDING, s->vocab, s->dim, "model.embed_tokens.weight");
    for (int layer = 0; layer < s->layers; layer++)
        list_layer(model, layer);
    model_add(model, ROLE_NORM, 1, s->dim, "model.norm.weight");
    if (!s->tied)
        model_add(model, ROLE_HEAD, s->vocab, s->dim, "lm_head.weight");
}

/* Offsets in the block, in the order of llama_list(). */
static struct layer layer_at(const struct sizes *s, size_t index)
{
    struct layer l;
    size_t size = 2 * s->dim + (s->qkv + s->queries + 3 * s->hidden) * s->dim;

    size += s->bias + 2 * s->gain;
    l.index = index;
    l.norm1 = s->vocab * s->dim + index * size;
    l.qkv = l.norm1 + s->dim;
    l.bias = l.qkv + s->qkv * s->dim;
    l.q_norm = l.bias + s->bias;
    l.k_norm = l.q_norm + s->gain;
    l.out = l.k_norm + s->gain;
    l.norm2 = l.out + s->queries * s->dim;
    l.gate_up = l.norm2 + s->dim;
    l.down = l.gate_up + 2 * s->hidden * s->dim;
    return l;
}

static size_t last_norm_at(const struct sizes *s)
{
    return layer_at(s, s->layers).norm1;
}

static size_t head_at(const struct sizes *s, const struct model *model)
{
    return model->shape.tied ? 0 : last_norm_at(s) + s->dim;
}

/* --- scratch: cut from a block, or only counted where the block is NULL --- */

static real *cut(real *block, size_t *used, size_t n)
{
    real *at = block == NULL ? NULL : block + *used;

    *used += (n + 15) / 16 * 16; /* each part begins on a cache line */
    return at;
}

static struct activations cut_layer(real *block, size_t *used, const struct sizes *s, size_t rows)
{
    struct activations a;

    a.x = cut(block, used, rows * s->dim);
    a.norm1 = cut(block, used, rows * s->dim);
    a.rstd1 = cut(block, used, rows);
    a.raw = cut(block, used, s->gain > 0 ? rows * s->turned : 0);
    a.raw_rstd = cut(block, used, s->gain > 0 ? rows * (s->heads + s->kv_heads) : 0);
    a.qkv = cut(block, used, rows * s->qkv);
    a.heads = cut(block, used, rows * s->queries);
    a.lse = cut(block, used, rows * s->heads);
    a.middle = cut(block, used, rows * s->dim);
    a.norm2 = cut(block, used, rows * s->dim);
    a.rstd2 = cut(block, used, rows);
    a.gate_up = cut(block, used, rows * 2 * s->hidden);
    a.swiglu = cut(block, used, rows * s->hidden);
    return a;
}

static struct activations activations_of(const struct pass *p, size_t layer)
{
    size_t used = 0;

    return cut_layer(p->layers + layer * p->stride, &used, &p->s, p->rows);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/*
 * Lays a pass out over `block`; returns the reals used.  The tile of logits lies over attention's
 * scratch and all deltas but d.norm, which the classifier writes: none of them holds anything while
 * it works.
 */
static size_t cut_pass(struct pass *p, real *block, size_t rows, bool gradient)
{
    const struct sizes *s = &p->s;
    size_t used = 0, layer = 0, shared;

    p->rows = rows;
    cut_layer(NULL, &layer, s, rows);
    p->stride = gradient ? layer : 0;
    p->layers = cut(block, &used, gradient ? layer * s->layers : layer);
    p->last = cut(block, &used, rows * s->dim);
    p->last_norm = cut(block, &used, rows * s->dim);
    p->last_rstd = cut(block, &used, rows);
    if (p->model->lora != NULL)
        p->narrow = cut(block, &used, 2 * rows * p->model->lora->rank);
    if (gradient)
        p->d.norm = cut(block, &used, rows * s->dim);
    shared = used;
    p->tile = cut(block, &shared, classifier_tile(rows, s->vocab) * s->vocab);
    p->scratch = cut(block, &used, attention_scratch((size_t)p->model->shape.seq));
    if (gradient) {
        p->d.x = cut(block, &used, rows * s->dim);
        p->d.wide = cut(block, &used, rows * larger(s->qkv, 2 * s->hidden));
        p->d.narrow = cut(block, &used, rows * larger(s->queries, s->hidden));
        p->d.row = cut(block, &used, s->gain > 0 ? s->turned : 0);
        p->d.gain = cut(block, &used, larger(s->dim, 2 * s->width));
    }
    return larger(used, shared);
}

static size_t llama_scratch(const struct model *model, size_t rows, bool gradient)
{
    struct pass p = {.s = sizes_of(model), .model = model};

    return cut_pass(&p, NULL, rows, gradient);
}

/* --- adapters --- */

static bool is_adapted(const struct pass *p, enum lora_target target)
{
    return p->model->lora != NULL && p->model->lora->adapts[target];
}

/* The derivative of scale * sum(y^2) / out by one matrix's adapters: dy is 2 scale / out y. */
static void note_goodness(const struct pass *p, const struct layer *l, enum lora_target target,
                          const real *y, size_t stride, const real *x)
{
    const struct lora *lora = p->model->lora;
    struct low_rank low = lora_beside(lora, lora->weights, l->index, target);
    struct local *local = p->local;
    double sum = 0;

    for (size_t i = 0; i < p->rows; i++)
        sum += block_square_sum(y + i * stride, low.out);
    *local->goodness++ = (real)((double)local->scale * sum / (double)low.out);
    low.scale *= 2 * local->scale / (real)low.out;
    low_rank_backward(NULL, local->gradient + lora_a_at(lora, l->index, target),
                      local->gradient + lora_b_at(lora, l->index, target), p->narrow, &low, y,
                      stride, x, p->rows);
}

/* Adds what stands beside one matrix to y [rows, stride], times `scale`. */
static void adapt(const struct pass *p, const struct layer *l, enum lora_target target, real *y,
                  size_t stride, const real *x, real scale)
{
    const struct lora *lora = p->model->lora;
    struct low_rank low;

    if (!is_adapted(p, target))
        return;
    low = lora_beside(lora, lora->weights, l->index, target);
    low.scale *= scale;
    low_rank(y, stride, p->narrow, &low, x, p->rows);
    if (p->local != NULL && scale == 1)
        note_goodness(p, l, target, y, stride, x);
}

/* What a half adds to the residual stream, by itself, so that its goodness can be seen. */
static void residual_alone(const struct pass *p, const struct layer *l, enum lora_target target,
                           real *to, const real *x, const real *w, size_t in)
{
    size_t dim = p->s.dim;
    real *y = p->local->y;

    linear(y, x, w, p->rows, dim, in, 0);
    adapt(p, l, target, y, dim, x, 1);
    for (size_t i = 0; i < p->rows * dim; i++)
        to[i] += p->scale * y[i];
}

/* x [rows, dim] += scale (x w' and what stands beside it). */
static void add_half(const struct pass *p, const struct layer *l, enum lora_target target, real *to,
                     const real *x, const real *w, size_t in)
{
    if (p->local != NULL && is_adapted(p, target)) {
        residual_alone(p, l, target, to, x, w, in);
        return;
    }
    residual(to, x, w, p->rows, p->s.dim, in, p->scale);
    adapt(p, l, target, to, p->s.dim, x, p->scale);
}

/* dx may be NULL: nothing below wants it. */
static void adapt_backward(const struct pass *p, const struct layer *l, enum lora_target target,
                           real *dx, const real *dy, size_t stride, const real *x, real scale)
{
    const struct lora *lora = p->model->lora;
    struct low_rank low;

    if (!is_adapted(p, target))
        return;
    low = lora_beside(lora, lora->weights, l->index, target);
    low.scale *= scale;
    low_rank_backward(dx, p->gradient + lora_a_at(lora, l->index, target),
                      p->gradient + lora_b_at(lora, l->index, target), p->narrow, &low, dy, stride,
                      x, p->rows);
}

static void adapt_qkv(const struct pass *p, const struct layer *l, const struct activations *a)
{
    const struct sizes *s = &p->s;

    adapt(p, l, LORA_Q, a->qkv, s->qkv, a->norm1, 1);
    adapt(p, l, LORA_K, a->qkv + s->queries, s->qkv, a->norm1, 1);
    adapt(p, l, LORA_V, a->qkv + s->turned, s->qkv, a->norm1, 1);
}

static void adapt_qkv_backward(const struct pass *p, const struct layer *l,
                               const struct activations *a, real *dx)
{
    const struct sizes *s = &p->s;
    const real *dy = p->d.wide;

    adapt_backward(p, l, LORA_Q, dx, dy, s->qkv, a->norm1, 1);
    adapt_backward(p, l, LORA_K, dx, dy + s->queries, s->qkv, a->norm1, 1);
    adapt_backward(p, l, LORA_V, dx, dy + s->turned, s->qkv, a->norm1, 1);
}

/* Where the gradient of a weight at `at` goes; NULL where weights are frozen. */
static real *weight_gradient(const struct pass *p, size_t at)
{
    return p->model->lora == NULL ? p->gradient + at : NULL;
}

/* The same of n gains, cleared; a frozen one's is made and forgotten. */
static real *gain_gradient(const struct pass *p, size_t at, size_t n)
{
    real *gradient = p->model->lora == NULL ? p->gradient + at : p->d.gain;

    memset(gradient, 0, n * sizeof *gradient);
    return gradient;
}

/* --- forward --- */

static struct attention attention_of(const struct pass *p)
{
    return (struct attention){.heads = p->s.heads,
                              .kv_heads = p->s.kv_heads,
                              .width = p->s.width,
                              .sequences = p->batch->sequences,
                              .seq = p->batch->seq};
}

/* Queries, keys and values, not yet turned. */
static void project(const struct pass *p, const struct layer *l, const struct activations *a)
{
    const struct sizes *s = &p->s;
    const real *w = p->weights;

    if (s->bias > 0)
        linear_bias(a->qkv, a->norm1, w + l->qkv, w + l->bias, p->rows, s->qkv, s->dim);
    else
        linear(a->qkv, a->norm1, w + l->qkv, p->rows, s->qkv, s->dim, 0);
    adapt_qkv(p, l, a);
    laps_mark(p->laps, OP_QKV);
}

/* Each head's query and key in its place; what they were is kept in a->raw. */
static void normalise_heads(const struct pass *p, const struct layer *l,
                            const struct activations *a)
{
    const struct sizes *s = &p->s;
    const real *w = p->weights;
    double eps = p->model->shape.norm_eps;

    for (size_t i = 0; i < p->rows; i++) {
        real *row = a->qkv + i * s->qkv, *raw = a->raw + i * s->turned;
        real *rstd = a->raw_rstd + i * (s->heads + s->kv_heads);
        memcpy(raw, row, s->turned * sizeof *raw);
        rmsnorm(row, rstd, raw, w + l->q_norm, s->heads, s->width, eps);
        rmsnorm(row + s->queries, rstd + s->heads, raw + s->queries, w + l->k_norm, s->kv_heads,
                s->width, eps);
    }
    laps_mark(p->laps, OP_NORM);
}

static void attention_half(const struct pass *p, const struct layer *l, const struct activations *a)
{
    const struct sizes *s = &p->s;
    const struct attention shape = attention_of(p);
    const real *w = p->weights;

    rmsnorm(a->norm1, a->rstd1, a->x, w + l->norm1, p->rows, s->dim, p->model->shape.norm_eps);
    laps_mark(p->laps, OP_NORM);
    project(p, l, a);
    if (s->gain > 0)
        normalise_heads(p, l, a);
    rope(a->qkv, p->model->rope, p->rows, p->batch->seq, s->qkv, s->heads + s->kv_heads, s->width);
    laps_mark(p->laps, OP_ROPE);
    attention(a->heads, a->lse, p->scratch, a->qkv, &shape);
    laps_mark(p->laps, OP_ATTENTION);
    memcpy(a->middle, a->x, p->rows * s->dim * sizeof(real));
    add_half(p, l, LORA_O, a->middle, a->heads, w + l->out, s->queries);
    laps_mark(p->laps, OP_OUT);
}

/* x_next is where the next layer reads its input; it may be a->x. */
static void feed_forward_half(const struct pass *p, const struct layer *l,
                              const struct activations *a, real *x_next)
{
    const struct sizes *s = &p->s;
    const real *w = p->weights;

    rmsnorm(a->norm2, a->rstd2, a->middle, w + l->norm2, p->rows, s->dim, p->model->shape.norm_eps);
    laps_mark(p->laps, OP_NORM);
    linear(a->gate_up, a->norm2, w + l->gate_up, p->rows, 2 * s->hidden, s->dim, 0);
    adapt(p, l, LORA_GATE, a->gate_up, 2 * s->hidden, a->norm2, 1);
    adapt(p, l, LORA_UP, a->gate_up + s->hidden, 2 * s->hidden, a->norm2, 1);
    laps_mark(p->laps, OP_GATE_UP);
    swiglu(a->swiglu, a->gate_up, p->rows, s->hidden);
    laps_mark(p->laps, OP_SWIGLU);
    memcpy(x_next, a->middle, p->rows * s->dim * sizeof(real));
    add_half(p, l, LORA_DOWN, x_next, a->swiglu, w + l->down, s->hidden);
    laps_mark(p->laps, OP_DOWN);
}

/* Up to the last norm: what the classifier reads stands in p->last_norm. */
static void forward(const struct pass *p)
{
    const struct sizes *s = &p->s;

    embedding(activations_of(p, 0).x, p->weights, p->batch->inputs, p->rows, s->dim);
    laps_mark(p->laps, OP_EMBEDDING);
    for (size_t i = 0; i < s->layers; i++) {
        struct layer l = layer_at(s, i);
        struct activations a = activations_of(p, i);
        attention_half(p, &l, &a);
        feed_forward_half(p, &l, &a, i + 1 < s->layers ? activations_of(p, i + 1).x : p->last);
    }
    rmsnorm(p->last_norm, p->last_rstd, p->last, p->weights + last_norm_at(s), p->rows, s->dim,
            p->model->shape.norm_eps);
    laps_mark(p->laps, OP_NORM);
}

/* --- backward: p->d.x goes from the gradient of a half's output to that of its input --- */

static void gate_up_backward(const struct pass *p, const struct layer *l,
                             const struct activations *a)
{
    const struct sizes *s = &p->s;
    const struct deltas *d = &p->d;
    real *dw = weight_gradient(p, l->gate_up);

    if (dw != NULL)
        linear_backward_weight(dw, d->wide, a->norm2, p->rows, 2 * s->hidden, s->dim, 0);
    linear_backward_input(d->norm, d->wide, p->weights + l->gate_up, p->rows, 2 * s->hidden, s->dim,
                          0);
    adapt_backward(p, l, LORA_GATE, d->norm, d->wide, 2 * s->hidden, a->norm2, 1);
    adapt_backward(p, l, LORA_UP, d->norm, d->wide + s->hidden, 2 * s->hidden, a->norm2, 1);
    laps_mark(p->laps, OP_GATE_UP);
}

static void feed_forward_backward(const struct pass *p, const struct layer *l,
                                  const struct activations *a)
{
    const struct sizes *s = &p->s;
    const real *w = p->weights;
    const struct deltas *d = &p->d;

    residual_backward(d->narrow, weight_gradient(p, l->down), d->x, a->swiglu, w + l->down, p->rows,
                      s->dim, s->hidden, p->scale);
    adapt_backward(p, l, LORA_DOWN, d->narrow, d->x, s->dim, a->swiglu, p->scale);
    laps_mark(p->laps, OP_DOWN);
    swiglu_backward(d->wide, d->narrow, a->gate_up, p->rows, s->hidden);
    laps_mark(p->laps, OP_SWIGLU);
    gate_up_backward(p, l, a);
    rmsnorm_backward(d->x, gain_gradient(p, l->norm2, s->dim), d->norm, a->middle, a->rstd2,
                     w + l->norm2, p->rows, s->dim);
    laps_mark(p->laps, OP_NORM);
}

/* p->d.wide goes from the gradient of the normalised queries and keys to that of a->raw. */
static void normalise_heads_backward(const struct pass *p, const struct layer *l,
                                     const struct activations *a)
{
    const struct sizes *s = &p->s;
    const real *w = p->weights;
    real *dy = p->d.row, *d_gain = gain_gradient(p, l->q_norm, 2 * s->gain);

    for (size_t i = 0; i < p->rows; i++) {
        real *dx = p->d.wide + i * s->qkv;
        const real *raw = a->raw + i * s->turned;
        const real *rstd = a->raw_rstd + i * (s->heads + s->kv_heads);
        memcpy(dy, dx, s->turned * sizeof *dy);
        memset(dx, 0, s->turned * sizeof *dx);
        rmsnorm_backward(dx, d_gain, dy, raw, rstd, w + l->q_norm, s->heads, s->width);
        rmsnorm_backward(dx + s->queries, d_gain + s->gain, dy + s->queries, raw + s->queries,
                         rstd + s->heads, w + l->k_norm, s->kv_heads, s->width);
    }
    laps_mark(p->laps, OP_NORM);
}

static void project_backward(const struct pass *p, const struct layer *l,
                             const struct activations *a)
{
    const struct sizes *s = &p->s;
    const struct deltas *d = &p->d;
    real *dw = weight_gradient(p, l->qkv);

    if (dw != NULL)
        linear_backward_weight(dw, d->wide, a->norm1, p->rows, s->qkv, s->dim, 0);
    if (dw != NULL && s->bias > 0)
        bias_backward(p->gradient + l->bias, d->wide, p->rows, s->qkv);
    linear_backward_input(d->norm, d->wide, p->weights + l->qkv, p->rows, s->qkv, s->dim, 0);
    adapt_qkv_backward(p, l, a, d->norm);
    laps_mark(p->laps, OP_QKV);
}

/* Below the first layer's adapters nothing is trained. */
static bool is_lowest(const struct pass *p, const struct layer *l)
{
    return p->model->lora != NULL && l->index == 0;
}

static void attention_half_backward(const struct pass *p, const struct layer *l,
                                    const struct activations *a)
{
    const struct sizes *s = &p->s;
    const struct attention shape = attention_of(p);
    const real *w = p->weights;
    const struct deltas *d = &p->d;

    residual_backward(d->narrow, weight_gradient(p, l->out), d->x, a->heads, w + l->out, p->rows,
                      s->dim, s->queries, p->scale);
    adapt_backward(p, l, LORA_O, d->narrow, d->x, s->dim, a->heads, p->scale);
    laps_mark(p->laps, OP_OUT);
    attention_backward(d->wide, p->scratch, d->narrow, a->heads, a->lse, a->qkv, &shape);
    laps_mark(p->laps, OP_ATTENTION);
    rope_backward(d->wide, p->model->rope, p->rows, p->batch->seq, s->qkv, s->heads + s->kv_heads,
                  s->width);
    laps_mark(p->laps, OP_ROPE);
    if (s->gain > 0)
        normalise_heads_backward(p, l, a);
    if (is_lowest(p, l)) {
        adapt_qkv_backward(p, l, a, NULL);
        return;
    }
    project_backward(p, l, a);
    rmsnorm_backward(d->x, gain_gradient(p, l->norm1, s->dim), d->norm, a->x, a->rstd1,
                     w + l->norm1, p->rows, s->dim);
    laps_mark(p->laps, OP_NORM);
}

static void last_norm_backward(const struct pass *p)
{
    size_t at = last_norm_at(&p->s), dim = p->s.dim;

    memset(p->d.x, 0, p->rows * dim * sizeof(real));
    rmsnorm_backward(p->d.x, gain_gradient(p, at, dim), p->d.norm, p->last, p->last_rstd,
                     p->weights + at, p->rows, dim);
    laps_mark(p->laps, OP_NORM);
}

/* A tied table has the classifier's gradient in it already. */
static void embedding_half_backward(const struct pass *p)
{
    if (!p->model->shape.tied)
        memset(p->gradient, 0, p->s.vocab * p->s.dim * sizeof(real));
    embedding_backward(p->gradient, p->d.x, p->batch->inputs, p->rows, p->s.dim);
    laps_mark(p->laps, OP_EMBEDDING);
}

static void backward(const struct pass *p)
{
    last_norm_backward(p);
    for (size_t i = p->s.layers; i-- > 0;) {
        struct layer l = layer_at(&p->s, i);
        struct activations a = activations_of(p, i);
        feed_forward_backward(p, &l, &a);
        attention_half_backward(p, &l, &a);
    }
    if (p->model->lora == NULL)
        embedding_half_backward(p);
}

static struct pass pass_of(const struct model *model, const real *weights, real *gradient,
                           struct work *work, const struct batch *batch)
{
    struct pass p = {.s = sizes_of(model),
                     .model = model,
                     .scale = (real)residual_scale(&model->shape),
                     .weights = weights,
                     .gradient = gradient,
                     .batch = batch,
                     .laps = &work->laps};

    assert(work->block != NULL && batch->seq <= (size_t)model->shape.seq);
    cut_pass(&p, work->block, batch->sequences * batch->seq, gradient != NULL);
    laps_start(p.laps);
    return p;
}

static void llama_losses(const struct model *model, real *losses, const real *weights,
                         struct work *work, const struct batch *batch)
{
    struct pass p = pass_of(model, weights, NULL, work, batch);

    forward(&p);
    classifier(losses, p.tile, p.last_norm, weights + head_at(&p.s, model), batch->targets, p.rows,
               p.s.dim, p.s.vocab);
    laps_mark(p.laps, OP_CLASSIFIER);
}

static size_t llama_local_scratch(const struct model *model, size_t rows)
{
    return rows * (size_t)model->shape.dim;
}

static void llama_goodness(const struct model *model, real *losses, real *goodness, real *gradient,
                           const real *weights, struct work *work, const struct batch *batch,
                           real scale)
{
    struct pass p = pass_of(model, weights, NULL, work, batch);
    struct local local = {.goodness = goodness, .gradient = gradient, .scale = scale};

    local.y = work->block + llama_scratch(model, p.rows, false);
    p.local = &local;
    forward(&p);
    classifier(losses, p.tile, p.last_norm, weights + head_at(&p.s, model), batch->targets, p.rows,
               p.s.dim, p.s.vocab);
    laps_mark(p.laps, OP_CLASSIFIER);
}

static void llama_gradient(const struct model *model, real *losses, real *gradient,
                           const real *weights, struct work *work, const struct batch *batch,
                           real scale)
{
    struct pass p = pass_of(model, weights, gradient, work, batch);
    size_t head = head_at(&p.s, model);

    assert(gradient != NULL);
    forward(&p);
    classifier_gradient(losses, p.d.norm, weight_gradient(&p, head), p.tile, p.last_norm,
                        weights + head, batch->targets, p.rows, p.s.dim, p.s.vocab, scale);
    laps_mark(p.laps, OP_CLASSIFIER);
    backward(&p);
}

/*
 * Two per multiply-add of every matrix and of attention over the whole sequence, as Chowdhery et
 * al. 2022 (PaLM, arXiv:2204.02311, appendix B) count; the embedding is a look-up and costs none.
 */
static double llama_flops(const struct model *model, size_t seq)
{
    struct sizes s = sizes_of(model);
    double layer = (double)((s.qkv + s.queries + 3 * s.hidden) * s.dim);
    double scores = 2.0 * (double)s.queries * (double)seq;

    return 2 * ((double)s.layers * (layer + scores) + (double)(s.vocab * s.dim));
}

/* clang-format off */
#define LLAMA_FUNCTIONS                                                                            \
    .check = llama_check, .list = llama_list, .scratch = llama_scratch, .losses = llama_losses,    \
    .gradient = llama_gradient, .goodness = llama_goodness,                                        \
    .local_scratch = llama_local_scratch, .flops = llama_flops
/* clang-format on */

const struct architecture architecture_llama = {
    .name = "llama",
    .summary = "pre-norm RMSNorm, rotary embedding, grouped-query attention, SwiGLU",
    .class_name = "LlamaForCausalLM",
    LLAMA_FUNCTIONS,
};

const struct architecture architecture_qwen2 = {
    .name = "qwen2",
    .summary = "Llama with biases on queries, keys and values",
    .class_name = "Qwen2ForCausalLM",
    .qkv_bias = true,
    LLAMA_FUNCTIONS,
};

const struct architecture architecture_qwen3 = {
    .name = "qwen3",
    .summary = "Llama with RMSNorm on each head's query and key",
    .class_name = "Qwen3ForCausalLM",
    .head_dim = 128,
    .qk_norm = true,
    LLAMA_FUNCTIONS,
};
