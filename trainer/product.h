/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * product.h - products of few rows with large matrices: what generation consists of.
 *
 * With one row the matrix is read once and nothing else takes time, so that the kernel is made for
 * the memory's speed; a few rows share that reading, each with the same bits as alone; with more
 * rows it goes to BLAS.  A caller takes some of the outputs, so that threads can share one matrix.
 */
#ifndef TRAINER_PRODUCT_H
#define TRAINER_PRODUCT_H

#include <stddef.h>

#include "real.h"

/*
 * y[i, o] = scale * sum_k x[i, k] w[o, k] + beta y[i, o]  for o < outs.
 *
 *   y     [rows, stride]  the first `outs` of each row; beta is 0 or 1
 *   x     [rows, in]
 *   w     [outs, in]
 */
void product(real *y, size_t stride, const real *x, const real *w, size_t rows, size_t outs,
             size_t in, real scale, real beta);

/* y += factor x */
void add_scaled(real *y, const real *x, real factor, size_t n);

#endif
