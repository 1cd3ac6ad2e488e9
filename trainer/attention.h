/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attention.h - causal grouped-query attention, a strip of queries at a time.
 *
 * For ATTENTION_STRIP queries the scores against all keys up to the last of them are computed,
 * used and dropped; the backward pass computes them again from the kept log-sum-exp (Dao et al.
 * 2022, arXiv:2205.14135, algorithm 4).  Nothing of size seq x seq is ever kept.
 */
#ifndef TRAINER_ATTENTION_H
#define TRAINER_ATTENTION_H

#include <stddef.h>

#include "real.h"

#define ATTENTION_STRIP 64

struct attention {
    size_t heads, kv_heads; /* query head h reads key and value head h / (heads / kv_heads) */
    size_t width;           /* of one head */
    size_t sequences, seq;  /* rows = sequences * seq */
};

/* Reals of scratch that both passes want. */
size_t attention_scratch(size_t seq);

/*
 * out = softmax(q k' / sqrt(width)) v of each head, keys up to the query's own position.
 *
 *   out  [rows, heads * width]
 *   lse  [heads, rows]  out: log of the sum of exponentials of each row of scores
 *   qkv  [rows, (heads + 2 * kv_heads) * width]: queries, keys, values, already turned by rope()
 */
void attention(real *out, real *lse, real *scratch, const real *qkv, const struct attention *a);

/* dqkv, shaped as qkv, from d_out; out and lse are attention()'s. */
void attention_backward(real *dqkv, real *scratch, const real *d_out, const real *out,
                        const real *lse, const real *qkv, const struct attention *a);

#endif
