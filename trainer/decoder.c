/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "decoder.h"
#include "gemm.h"
#include "meeting.h"
#include "mem.h"
#include "ops.h"
#include "pool.h"
#include "product.h"

#define CHUNK      256 /* tokens read at once */
#define STRIP      64  /* queries whose scores are in memory at once */
#define PIECE_MOST 512 /* outputs of a piece of many rows */

/*
 * Bytes of a matrix that a thread takes at once for a single row: with less, taking costs too much
 * of the time; with more, threads wait too long for the last of them.
 */
#define TAKE_LEAST ((size_t)16 << 10)
#define TAKE_MOST  ((size_t)256 << 10)

/* Where a layer's weights stand. */
struct layer {
    const real *norm1, *q, *k, *v, *out, *norm2, *gate, *up, *down;
    const real *q_bias, *k_bias, *v_bias; /* NULL without */
    const real *q_norm, *k_norm;
};

struct decoder {
    const struct model *model;
    const struct weights *weights;
    const real *table, *last_norm, *head;
    struct layer *layers;
    size_t dim, heads, kv_heads, width, hidden, vocab;
    size_t qkv;          /* of a row: queries, keys, values */
    real scale;          /* of what a half adds to the residual stream */
    size_t length, done; /* tokens that there is room for, and that were read */
    struct pool *pool;
    struct meeting meeting;
    real *block;         /* all of the following */
    real *keys, *values; /* [layers, kv_heads, length, width] */
    real *x, *norm;      /* [CHUNK, dim] */
    real *projected;     /* [CHUNK, qkv] */
    real *attended;      /* [CHUNK, heads * width] */
    real *swiglu;        /* [CHUNK, hidden] */
    real *own;           /* [threads, own_reals()]  a thread's scratch */
    real *logits;        /* [vocab] */
    /* What is being read. */
    const uint32_t *ids;
    size_t rows;
    bool are_last; /* the logits behind them are wanted */
};

/* --- memory ------------------------------------------------------------------------------------
 */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* Scores of a strip, or gates and ups of a piece, or a head; and the norm of a single row. */
static size_t own_reals(const struct decoder *d)
{
    return round_up(
        larger(larger(STRIP * d->length, 2 * CHUNK * PIECE_MOST), larger(2 * d->hidden, d->width)) +
            d->dim,
        LANES);
}

static real *cut(real *block, size_t *used, size_t n)
{
    real *at = block == NULL ? NULL : block + *used;

    *used += round_up(n, LANES);
    return at;
}

/* Lays everything out over `block`; returns the reals used. */
static size_t lay_out(struct decoder *d, real *block, size_t threads)
{
    size_t used = 0, cache = (size_t)d->model->shape.layers * d->kv_heads * d->length * d->width;

    d->keys = cut(block, &used, cache);
    d->values = cut(block, &used, cache);
    d->x = cut(block, &used, CHUNK * d->dim);
    d->norm = cut(block, &used, CHUNK * d->dim);
    d->projected = cut(block, &used, CHUNK * d->qkv);
    d->attended = cut(block, &used, CHUNK * d->heads * d->width);
    d->swiglu = cut(block, &used, CHUNK * d->hidden);
    d->logits = cut(block, &used, d->vocab);
    d->own = cut(block, &used, threads * own_reals(d));
    return used;
}

static const real *find(const struct decoder *d, const char *name)
{
    return weights_find(d->weights, d->model, name);
}

static const real *find_in_layer(const struct decoder *d, size_t layer, const char *rest)
{
    char name[2 * sizeof d->model->tensors->name];

    snprintf(name, sizeof name, "model.layers.%zu.%s", layer, rest);
    return find(d, name);
}

static struct layer layer_of(const struct decoder *d, size_t i)
{
    return (struct layer){
        .norm1 = find_in_layer(d, i, "input_layernorm.weight"),
        .q = find_in_layer(d, i, "self_attn.q_proj.weight"),
        .k = find_in_layer(d, i, "self_attn.k_proj.weight"),
        .v = find_in_layer(d, i, "self_attn.v_proj.weight"),
        .q_bias = find_in_layer(d, i, "self_attn.q_proj.bias"),
        .k_bias = find_in_layer(d, i, "self_attn.k_proj.bias"),
        .v_bias = find_in_layer(d, i, "self_attn.v_proj.bias"),
        .q_norm = find_in_layer(d, i, "self_attn.q_norm.weight"),
        .k_norm = find_in_layer(d, i, "self_attn.k_norm.weight"),
        .out = find_in_layer(d, i, "self_attn.o_proj.weight"),
        .norm2 = find_in_layer(d, i, "post_attention_layernorm.weight"),
        .gate = find_in_layer(d, i, "mlp.gate_proj.weight"),
        .up = find_in_layer(d, i, "mlp.up_proj.weight"),
        .down = find_in_layer(d, i, "mlp.down_proj.weight"),
    };
}

static void describe(struct decoder *d, const struct model *model, const struct weights *weights)
{
    const struct shape *s = &model->shape;

    d->model = model;
    d->weights = weights;
    d->dim = (size_t)s->dim;
    d->heads = (size_t)s->heads;
    d->kv_heads = (size_t)s->kv_heads;
    d->width = (size_t)s->head_dim;
    d->hidden = (size_t)s->hidden;
    d->vocab = (size_t)s->vocab;
    d->qkv = (d->heads + 2 * d->kv_heads) * d->width;
    d->scale = (real)residual_scale(s);
    d->last_norm = find(d, "model.norm.weight");
    d->table = find(d, "model.embed_tokens.weight");
    d->head = find(d, s->tied ? "model.embed_tokens.weight" : "lm_head.weight");
    d->layers = mem_new((size_t)s->layers, sizeof *d->layers);
    for (size_t i = 0; i < (size_t)s->layers; i++)
        d->layers[i] = layer_of(d, i);
}

/* The largest parts, as a double: they may be more than a size_t holds. */
static double bytes_wanted(const struct model *model, size_t length, size_t threads)
{
    const struct shape *s = &model->shape;
    double cache = 2.0 * s->layers * s->kv_heads * s->head_dim * (double)length;
    double row = 2.0 * s->dim + (double)(s->heads * 2 + 2 * s->kv_heads) * s->head_dim + s->hidden;

    return sizeof(real) *
           (cache + CHUNK * row + s->vocab + (double)threads * STRIP * (double)length);
}

int decoder_open(struct decoder **out, const struct model *model, const struct weights *weights,
                 size_t length, size_t threads, struct err *err)
{
    struct decoder *d;

    *out = NULL;
    if (length > (size_t)model->shape.seq)
        return err_usage(err, "a text of %zu tokens is longer than the %d that the model can read",
                         length, model->shape.seq);
    if (block_check_memory(bytes_wanted(model, length, threads), threads, err) != 0)
        return -1;
    d = mem_new(1, sizeof *d);
    d->length = length;
    describe(d, model, weights);
    if (pool_open(&d->pool, threads, err) != 0) {
        decoder_close(d);
        return -1;
    }
    gemm_single_threaded();
    meeting_init(&d->meeting, (unsigned)threads);
    d->block = block_new(lay_out(d, NULL, threads));
    lay_out(d, d->block, threads);
    *out = d;
    return 0;
}

void decoder_close(struct decoder *d)
{
    if (d == NULL)
        return;
    pool_close(d->pool);
    free(d->layers);
    free(d->block);
    free(d);
}

size_t decoder_length(const struct decoder *d)
{
    return d->done;
}

void decoder_back(struct decoder *d, size_t n)
{
    assert(n <= d->done);
    d->done = n;
}

size_t decoder_token_bytes(const struct model *model)
{
    size_t n = model->n_weights;

    if (!model->shape.tied) /* of the table one row alone */
        n -= (size_t)model->shape.vocab * (size_t)model->shape.dim;
    return n * sizeof(real);
}

/* --- pieces of a product: their sizes do not depend on the number of threads -------------------
 */

static size_t between(size_t n, size_t least, size_t most)
{
    return n < least ? least : n > most ? most : n;
}

/* Outputs in one piece of a matrix with rows of `in`: enough pieces that threads end together, each
 * worth its call. */
static size_t piece_size(size_t outs, size_t in, size_t rows)
{
    size_t row = in * sizeof(real);

    if (rows > 1)
        return between(round_up(outs / 8 + 1, 64), 64, PIECE_MOST);
    return round_up(between(outs / 16, TAKE_LEAST / row, TAKE_MOST / row) + 1, 4);
}

#define SIDES 3 /* matrices that share an input: queries, keys and values, side by side */

struct side {
    const real *w; /* [outs, dim] */
    size_t outs;
};

/* Outputs first..end of all sides together. */
static void side_products(struct decoder *d, const real *x, const struct side sides[SIDES],
                          size_t first, size_t end)
{
    for (size_t i = 0, base = 0; i < SIDES; base += sides[i++].outs) {
        size_t from = first > base ? first : base, to = base + sides[i].outs;
        to = to < end ? to : end;
        if (from < to)
            product(d->projected + from, d->qkv, x, sides[i].w + (from - base) * d->dim, d->rows,
                    to - from, d->dim, 1, 0);
    }
}

/* Queries, keys and values of all rows. */
static void share_qkv(struct decoder *d, const struct layer *l, const real *norm)
{
    size_t piece = piece_size(d->qkv, d->dim, d->rows), kv = d->kv_heads * d->width;
    const struct side sides[SIDES] = {{l->q, d->heads * d->width}, {l->k, kv}, {l->v, kv}};

    for (size_t first; (first = piece * meeting_take(&d->meeting)) < d->qkv;)
        side_products(d, norm, sides, first, first + piece < d->qkv ? first + piece : d->qkv);
    meeting_wait(&d->meeting);
}

/* y [rows, outs] = scale * x w' + beta y, in pieces that the threads share. */
static void share_product(struct decoder *d, real *y, const real *x, const real *w, size_t outs,
                          size_t in, real scale, real beta)
{
    size_t piece = piece_size(outs, in, d->rows);

    for (size_t first; (first = piece * meeting_take(&d->meeting)) < outs;) {
        size_t n = outs - first < piece ? outs - first : piece;
        product(y + first, outs, x, w + first * in, d->rows, n, in, scale, beta);
    }
    meeting_wait(&d->meeting);
}

/* Norms of the rows, which threads share; of one row each has its own, and need not meet others. */
static const real *share_norm(struct decoder *d, const real *gain, real *own)
{
    real rstd;

    if (d->rows == 1) {
        real *norm = own + own_reals(d) - d->dim;
        rmsnorm(norm, &rstd, d->x, gain, 1, d->dim, d->model->shape.norm_eps);
        return norm;
    }
    for (size_t i; (i = meeting_take(&d->meeting)) < d->rows;)
        rmsnorm(d->norm + i * d->dim, &rstd, d->x + i * d->dim, gain, 1, d->dim,
                d->model->shape.norm_eps);
    meeting_wait(&d->meeting);
    return d->norm;
}

/* --- one layer -----------------------------------------------------------------------------------
 */

static real *cached(const struct decoder *d, real *cache, size_t layer, size_t kv_head)
{
    return cache + (layer * d->kv_heads + kv_head) * d->length * d->width;
}

/* Of head h among queries, keys and values: bias, then norm and rotation where it is no value. */
static void finish_head(const struct decoder *d, const struct layer *l, real *head, size_t h,
                        size_t position, real *scratch)
{
    size_t w = d->width, kv = h < d->heads ? h : (h - d->heads) % d->kv_heads;
    bool query = h < d->heads, value = h >= d->heads + d->kv_heads;
    const real *bias = query ? l->q_bias : value ? l->v_bias : l->k_bias;
    const real *gain = query ? l->q_norm : value ? NULL : l->k_norm;
    real rstd;

    if (bias != NULL)
        block_add(head, bias + kv * w, w);
    if (gain != NULL) {
        memcpy(scratch, head, w * sizeof *head);
        rmsnorm(head, &rstd, scratch, gain, 1, w, d->model->shape.norm_eps);
    }
    if (!value)
        rope(head, d->model->rope + position * w, 1, 1, w, 1, w);
}

/* One head of all rows; keys and values go into the cache. */
static void finish_heads(struct decoder *d, size_t layer, real *scratch)
{
    const struct layer *l = &d->layers[layer];
    size_t w = d->width, all = d->heads + 2 * d->kv_heads;

    for (size_t h; (h = meeting_take(&d->meeting)) < all;)
        for (size_t i = 0; i < d->rows; i++) {
            real *head = d->projected + i * d->qkv + h * w;
            finish_head(d, l, head, h, d->done + i, scratch);
            if (h < d->heads)
                continue;
            size_t kv = (h - d->heads) % d->kv_heads;
            real *cache = h < d->heads + d->kv_heads ? d->keys : d->values;
            memcpy(cached(d, cache, layer, kv) + (d->done + i) * w, head, w * sizeof *head);
        }
    meeting_wait(&d->meeting);
}

/* Row i of a strip sees `seen` keys; what stands behind them counts nothing. */
static void softmax(real *scores, size_t seen, size_t end)
{
    real top = block_largest(scores, seen);
    double sum = block_exponentials(scores, top, seen);

    block_scale(scores, (real)(1 / sum), seen);
    memset(scores + seen, 0, (end - seen) * sizeof *scores);
}

static void attend_one(struct decoder *d, const real *keys, const real *values, size_t h,
                       real *scores)
{
    size_t seen = d->done + 1, w = d->width;
    real *out = d->attended + h * w;

    product(scores, seen, d->projected + h * w, keys, 1, seen, w, (real)(1 / sqrt((double)w)), 0);
    softmax(scores, seen, seen);
    memset(out, 0, w * sizeof *out);
    for (size_t t = 0; t < seen; t++)
        add_scaled(out, values + t * w, scores[t], w);
}

static void attend_strip(struct decoder *d, const real *keys, const real *values, size_t h,
                         size_t first, real *scores)
{
    size_t rows = d->rows - first < STRIP ? d->rows - first : STRIP, w = d->width;
    size_t end = d->done + first + rows, stride = d->heads * w;

    gemm(GEMM_NT, rows, end, w, (real)(1 / sqrt((double)w)), d->projected + first * d->qkv + h * w,
         d->qkv, keys, w, 0, scores, end);
    for (size_t i = 0; i < rows; i++)
        softmax(scores + i * end, d->done + first + i + 1, end);
    gemm(GEMM_NN, rows, w, end, 1, scores, end, values, w, 0, d->attended + first * stride + h * w,
         stride);
}

static void attend(struct decoder *d, size_t layer, real *scores)
{
    for (size_t h; (h = meeting_take(&d->meeting)) < d->heads;) {
        size_t kv = h / (d->heads / d->kv_heads);
        const real *keys = cached(d, d->keys, layer, kv);
        const real *values = cached(d, d->values, layer, kv);
        if (d->rows == 1)
            attend_one(d, keys, values, h, scores);
        for (size_t first = 0; d->rows > 1 && first < d->rows; first += STRIP)
            attend_strip(d, keys, values, h, first, scores);
    }
    meeting_wait(&d->meeting);
}

/* Gates and ups of a piece of the hidden units, and their product. */
static void gate_and_up(struct decoder *d, const struct layer *l, const real *norm, real *both)
{
    size_t piece = piece_size(d->hidden, 2 * d->dim, d->rows), dim = d->dim;

    for (size_t first; (first = piece * meeting_take(&d->meeting)) < d->hidden;) {
        size_t n = d->hidden - first < piece ? d->hidden - first : piece;
        product(both, 2 * n, norm, l->gate + first * dim, d->rows, n, dim, 1, 0);
        product(both + n, 2 * n, norm, l->up + first * dim, d->rows, n, dim, 1, 0);
        for (size_t i = 0; i < d->rows; i++)
            swiglu(d->swiglu + i * d->hidden + first, both + 2 * i * n, 1, n);
    }
    meeting_wait(&d->meeting);
}

static void one_layer(struct decoder *d, size_t i, real *own)
{
    const struct layer *l = &d->layers[i];
    size_t queries = d->heads * d->width;

    share_qkv(d, l, share_norm(d, l->norm1, own));
    finish_heads(d, i, own);
    attend(d, i, own);
    share_product(d, d->x, d->attended, l->out, d->dim, queries, d->scale, 1);
    gate_and_up(d, l, share_norm(d, l->norm2, own), own);
    share_product(d, d->x, d->swiglu, l->down, d->dim, d->hidden, d->scale, 1);
}

/* --- all of it -----------------------------------------------------------------------------------
 */

/* Logits of the last row. */
static void share_logits(struct decoder *d, real *own)
{
    size_t piece = piece_size(d->vocab, d->dim, 1);
    real *norm = own + own_reals(d) - d->dim, rstd;

    rmsnorm(norm, &rstd, d->x + (d->rows - 1) * d->dim, d->last_norm, 1, d->dim,
            d->model->shape.norm_eps);
    for (size_t first; (first = piece * meeting_take(&d->meeting)) < d->vocab;) {
        size_t n = d->vocab - first < piece ? d->vocab - first : piece;
        product(d->logits + first, n, norm, d->head + first * d->dim, 1, n, d->dim, 1, 0);
    }
    meeting_wait(&d->meeting);
}

/* Every thread goes through all of this, and takes its share of each part. */
static void read_rows(void *arg, size_t worker, size_t index)
{
    struct decoder *d = arg;
    real *own = d->own + index * own_reals(d);

    (void)worker;
    for (size_t i; (i = meeting_take(&d->meeting)) < d->rows;)
        embedding(d->x + i * d->dim, d->table, d->ids + i, 1, d->dim);
    meeting_wait(&d->meeting);
    for (size_t i = 0; i < (size_t)d->model->shape.layers; i++)
        one_layer(d, i, own);
    if (d->are_last)
        share_logits(d, own);
}

const real *decoder_read(struct decoder *d, const uint32_t *rows, size_t n)
{
    assert(n > 0 && n <= d->length - d->done);
    for (size_t first = 0; first < n; first += d->rows) {
        d->rows = n - first < CHUNK ? n - first : CHUNK;
        d->ids = rows + first;
        d->are_last = first + d->rows == n;
        pool_run(d->pool, read_rows, d, pool_threads(d->pool));
        d->done += d->rows;
    }
    return d->logits;
}
