/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "low_rank.h"
#include "gemm.h"

void low_rank(real *y, size_t stride, real *narrow, const struct low_rank *l, const real *x,
              size_t rows)
{
    gemm(GEMM_NT, rows, l->rank, l->in, 1, x, l->in, l->a, l->in, 0, narrow, l->rank);
    gemm(GEMM_NT, rows, l->out, l->rank, l->scale, narrow, l->rank, l->b, l->rank, 1, y, stride);
}

void low_rank_backward(real *dx, real *da, real *db, real *narrow, const struct low_rank *l,
                       const real *dy, size_t stride, const real *x, size_t rows)
{
    real *d_narrow = narrow + rows * l->rank;

    gemm(GEMM_NT, rows, l->rank, l->in, 1, x, l->in, l->a, l->in, 0, narrow, l->rank);
    gemm(GEMM_TN, l->out, l->rank, rows, l->scale, dy, stride, narrow, l->rank, 0, db, l->rank);
    gemm(GEMM_NN, rows, l->rank, l->out, l->scale, dy, stride, l->b, l->rank, 0, d_narrow, l->rank);
    gemm(GEMM_TN, l->rank, l->in, rows, 1, d_narrow, l->rank, x, l->in, 0, da, l->in);
    if (dx != NULL)
        gemm(GEMM_NN, rows, l->in, l->rank, 1, d_narrow, l->rank, l->a, l->in, 1, dx, l->in);
}
