/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ops.h - the operators that a transformer is made of, each with its backward pass.
 *
 * All of them are plain functions on blocks: row-major, one token a row.  Outputs are
 * overwritten unless the comment says "adds".  Nothing here allocates, and nothing keeps state.
 * Matrix products go to BLAS on the calling thread alone.
 */
#ifndef TRAINER_OPS_H
#define TRAINER_OPS_H

#include <stddef.h>
#include <stdint.h>

#include "real.h"

/* --- linear layer: y = x w', as torch.nn.Linear keeps its weight --- */

/*
 *   y     [rows, out]   y = x w' + beta y
 *   x     [rows, in]
 *   w     [out, in]
 *   beta  0 or 1 (1 adds: the residual stream)
 */
void linear(real *y, const real *x, const real *w, size_t rows, size_t out, size_t in, real beta);

/* dx [rows, in] = dy w + beta dx */
void linear_backward_input(real *dx, const real *dy, const real *w, size_t rows, size_t out,
                           size_t in, real beta);

/* dw [out, in] = dy' x + beta dw */
void linear_backward_weight(real *dw, const real *dy, const real *x, size_t rows, size_t out,
                            size_t in, real beta);

/* y [rows, out] = x w' + b in every row, b [out] */
void linear_bias(real *y, const real *x, const real *w, const real *b, size_t rows, size_t out,
                 size_t in);

/* db [out] = the sum of the rows of dy [rows, out], in order */
void bias_backward(real *db, const real *dy, size_t rows, size_t out);

/* --- what a branch adds to the residual stream --- */

/* y [rows, out] += scale x w' */
void residual(real *y, const real *x, const real *w, size_t rows, size_t out, size_t in,
              real scale);

/* dx [rows, in] = scale dy w and dw [out, in] = scale dy' x, where dw is not NULL */
void residual_backward(real *dx, real *dw, const real *dy, const real *x, const real *w,
                       size_t rows, size_t out, size_t in, real scale);

/* --- embedding --- */

/* y [rows, dim]: row i is row ids[i] of w [vocab, dim]. */
void embedding(real *y, const real *w, const uint32_t *ids, size_t rows, size_t dim);

/* Adds row i of dy [rows, dim] to row ids[i] of dw [vocab, dim], in the order of i. */
void embedding_backward(real *dw, const real *dy, const uint32_t *ids, size_t rows, size_t dim);

/* --- RMS normalisation --- */

/*
 * y = gain * x * rstd,  rstd = 1/sqrt(mean(x^2) + eps) of each row.
 * Zhang & Sennrich 2019, arXiv:1910.07467 (eps is Llama's addition).
 *
 *   y     [rows, dim]  out; must not overlap x
 *   rstd  [rows]       out; kept for rmsnorm_backward()
 *   x     [rows, dim]
 *   gain  [dim]
 */
void rmsnorm(real *y, real *rstd, const real *x, const real *gain, size_t rows, size_t dim,
             double eps);

/*
 * With g = dy * gain and n = x * rstd:  dx += rstd * (g - n * mean(g * n)),  dgain += sum(dy * n).
 *
 *   dx     [rows, dim]  adds: the gradient that goes past the norm on the residual stream stays
 *   dgain  [dim]        adds, rows in order
 */
void rmsnorm_backward(real *dx, real *dgain, const real *dy, const real *x, const real *rstd,
                      const real *gain, size_t rows, size_t dim);

/* --- rotary position embedding --- */

/*
 * cos and sin of t * theta^(-2i/width), table [seq, 2, width/2] (cosines, then sines, of one
 * position).  Su et al. 2021, arXiv:2104.09864, eq. 34; the pairing is Hugging Face's: element i
 * turns with element i + width/2.
 */
void rope_table(real *table, size_t seq, size_t width, double theta);

/*
 * Turns `heads` heads of `width` at the start of each row of x [rows, stride] in place; the
 * position of row i is i mod seq.  rope_backward turns the other way: the rotation's transpose.
 */
void rope(real *x, const real *table, size_t rows, size_t seq, size_t stride, size_t heads,
          size_t width);
void rope_backward(real *dx, const real *table, size_t rows, size_t seq, size_t stride,
                   size_t heads, size_t width);

/* --- SwiGLU --- */

/*
 * y [rows, hidden] = silu(gate) * up,  silu(z) = z / (1 + e^-z).  Shazeer 2020, arXiv:2002.05202.
 *   gate_up  [rows, 2 * hidden]: the gates of a row, then its ups
 */
void swiglu(real *y, const real *gate_up, size_t rows, size_t hidden);

/* d_gate_up [rows, 2 * hidden] from dy [rows, hidden]; may be the same block as gate_up. */
void swiglu_backward(real *d_gate_up, const real *dy, const real *gate_up, size_t rows,
                     size_t hidden);

/* --- whole blocks --- */

void block_add(real *y, const real *x, size_t n); /* y += x */
void block_scale(real *y, real factor, size_t n); /* y *= factor */
double block_square_sum(const real *x, size_t n); /* sum of x^2, in double, fixed order */
real block_largest(const real *x, size_t n);      /* n > 0; NANs are passed over */

/* x = e^(x - shift); returns the sum.  A NAN in x makes the sum NAN. */
double block_exponentials(real *x, real shift, size_t n);

#endif
