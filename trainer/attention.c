/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "attention.h"
#include "gemm.h"
#include "ops.h"

/* One head of one sequence: where its parts begin, and the distance from token to token. */
struct head {
    const real *q, *k, *v;
    size_t qkv_stride, out_stride, width, seq;
    real scale;
};

static size_t qkv_width(const struct attention *a)
{
    return (a->heads + 2 * a->kv_heads) * a->width;
}

/* Offset of query head h's keys within a row of qkv; its values stand kv_heads * width further. */
static size_t key_offset(const struct attention *a, size_t h)
{
    return (a->heads + h / (a->heads / a->kv_heads)) * a->width;
}

static struct head head_of(const real *qkv, const struct attention *a, size_t sequence, size_t h)
{
    size_t stride = qkv_width(a);
    const real *row = qkv + sequence * a->seq * stride;
    const real *k = row + key_offset(a, h);

    return (struct head){.q = row + h * a->width,
                         .k = k,
                         .v = k + a->kv_heads * a->width,
                         .qkv_stride = stride,
                         .out_stride = a->heads * a->width,
                         .width = a->width,
                         .seq = a->seq,
                         .scale = (real)(1 / sqrt((double)a->width))};
}

size_t attention_scratch(size_t seq)
{
    return 2 * (size_t)ATTENTION_STRIP * seq;
}

static size_t strip_rows(size_t first, size_t seq)
{
    return seq - first < ATTENTION_STRIP ? seq - first : ATTENTION_STRIP;
}

/* scores [rows, end] of the queries first … first + rows - 1 against keys 0 … end - 1. */
static void strip_scores(real *scores, const struct head *head, size_t first, size_t rows)
{
    size_t end = first + rows;

    gemm(GEMM_NT, rows, end, head->width, head->scale, head->q + first * head->qkv_stride,
         head->qkv_stride, head->k, head->qkv_stride, 0, scores, end);
}

KERNEL static void divide(real *x, real by, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] /= by;
}

/* Rows of softmax over what each query may see; the rest of a row is 0. */
static void strip_softmax(real *scores, real *lse, size_t first, size_t rows)
{
    size_t end = first + rows;

    for (size_t i = 0; i < rows; i++) {
        size_t seen = first + i + 1;
        real *row = scores + i * end, top = block_largest(row, seen);
        double sum = block_exponentials(row, top, seen);
        divide(row, (real)sum, seen);
        memset(row + seen, 0, (end - seen) * sizeof *row);
        lse[first + i] = (real)(log(sum) + (double)top);
    }
}

static void head_forward(real *out, real *lse, real *scores, const struct head *head)
{
    for (size_t first = 0; first < head->seq; first += ATTENTION_STRIP) {
        size_t rows = strip_rows(first, head->seq), end = first + rows;
        strip_scores(scores, head, first, rows);
        strip_softmax(scores, lse, first, rows);
        gemm(GEMM_NN, rows, head->width, end, 1, scores, end, head->v, head->qkv_stride, 0,
             out + first * head->out_stride, head->out_stride);
    }
}

void attention(real *out, real *lse, real *scratch, const real *qkv, const struct attention *a)
{
    size_t rows = a->sequences * a->seq;

    for (size_t b = 0; b < a->sequences; b++)
        for (size_t h = 0; h < a->heads; h++) {
            struct head head = head_of(qkv, a, b, h);
            head_forward(out + b * a->seq * head.out_stride + h * a->width,
                         lse + h * rows + b * a->seq, scratch, &head);
        }
}

static double dot(const real *x, const real *y, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

/* p: scores -> probabilities;  ds = p * (ds - shift) * scale, where ds held dP. */
KERNEL static void backward_row(real *p, real *ds, real lse, real shift, real scale, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = real_exp(p[i] - lse);
        ds[i] = p[i] * (ds[i] - shift) * scale;
    }
}

static void strip_backward(real *p, real *ds, const real *d_out, const real *out, const real *lse,
                           const struct head *head, size_t first, size_t rows)
{
    size_t end = first + rows;

    for (size_t i = 0; i < rows; i++) {
        size_t seen = first + i + 1, at = (first + i) * head->out_stride;
        real shift = (real)dot(d_out + at, out + at, head->width);
        backward_row(p + i * end, ds + i * end, lse[first + i], shift, head->scale, seen);
        memset(p + i * end + seen, 0, (end - seen) * sizeof *p);
        memset(ds + i * end + seen, 0, (end - seen) * sizeof *ds);
    }
}

/* dq is written; dk and dv get this head's share added. */
static void head_backward(real *dq, real *dk, real *dv, real *scratch, const real *d_out,
                          const real *out, const real *lse, const struct head *head)
{
    real *p = scratch, *ds = scratch + (size_t)ATTENTION_STRIP * head->seq;
    size_t w = head->width, stride = head->qkv_stride;

    for (size_t first = 0; first < head->seq; first += ATTENTION_STRIP) {
        size_t rows = strip_rows(first, head->seq), end = first + rows;
        const real *d = d_out + first * head->out_stride;

        strip_scores(p, head, first, rows);
        gemm(GEMM_NT, rows, end, w, 1, d, head->out_stride, head->v, stride, 0, ds, end);
        strip_backward(p, ds, d_out, out, lse, head, first, rows);
        gemm(GEMM_NN, rows, w, end, 1, ds, end, head->k, stride, 0, dq + first * stride, stride);
        gemm(GEMM_TN, end, w, rows, 1, ds, end, head->q + first * stride, stride, 1, dk, stride);
        gemm(GEMM_TN, end, w, rows, 1, p, end, d, head->out_stride, 1, dv, stride);
    }
}

static void zero_keys_and_values(real *dqkv, const struct attention *a)
{
    size_t stride = qkv_width(a), keys = a->heads * a->width;

    for (size_t i = 0; i < a->sequences * a->seq; i++)
        memset(dqkv + i * stride + keys, 0, (stride - keys) * sizeof *dqkv);
}

void attention_backward(real *dqkv, real *scratch, const real *d_out, const real *out,
                        const real *lse, const real *qkv, const struct attention *a)
{
    size_t rows = a->sequences * a->seq;

    zero_keys_and_values(dqkv, a);
    for (size_t b = 0; b < a->sequences; b++)
        for (size_t h = 0; h < a->heads; h++) {
            struct head head = head_of(qkv, a, b, h);
            real *row = dqkv + b * a->seq * head.qkv_stride, *dk = row + key_offset(a, h);
            size_t at = b * a->seq * head.out_stride + h * a->width;
            head_backward(row + h * a->width, dk, dk + a->kv_heads * a->width, scratch, d_out + at,
                          out + at, lse + h * rows + b * a->seq, &head);
        }
}
