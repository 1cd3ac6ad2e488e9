/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "product.h"
#include "gemm.h"

#define WIDE  (4 * LANES) /* partial sums: enough that none waits for the one before */
#define FEW   8 /* rows up to which BLAS takes longer to arrange the matrix than to use it */
#define BLOCK 8 /* outputs whose part of the matrix stays in the first cache meanwhile */

/* In a fixed order, halves upon halves. */
static inline real sum_of_lanes(const real lane[WIDE])
{
    real sum[LANES];

    for (size_t l = 0; l < LANES; l++)
        sum[l] = (lane[l] + lane[l + LANES]) + (lane[l + 2 * LANES] + lane[l + 3 * LANES]);
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            sum[l] += sum[l + half];
    return sum[0];
}

/*
 * One row after the other, so that memory is read in one stream.  Asking for what comes next, up to
 * four pages ahead, makes it no faster on Zen 4, and most of those distances slower.
 */
KERNEL static void one_row(real *y, const real *x, const real *w, size_t outs, size_t in,
                           real scale, real beta)
{
    for (size_t o = 0; o < outs; o++, w += in) {
        real lane[WIDE] = {0}, sum;
        size_t i = 0;
        for (; i + WIDE <= in; i += WIDE)
            for (size_t l = 0; l < WIDE; l++)
                lane[l] += x[i + l] * w[i + l];
        for (; i < in; i++)
            lane[i % WIDE] += x[i] * w[i];
        sum = scale * sum_of_lanes(lane);
        y[o] = beta == 0 ? sum : y[o] + sum;
    }
}

/* Two rows of x at once, each as one_row() does it. */
KERNEL static void two_rows(real *y, size_t stride, const real *x, const real *w, size_t outs,
                            size_t in, real scale, real beta)
{
    const real *x2 = x + in;

    for (size_t o = 0; o < outs; o++, w += in) {
        real lane[WIDE] = {0}, lane2[WIDE] = {0}, sum, sum2;
        size_t i = 0;
        for (; i + WIDE <= in; i += WIDE) {
            for (size_t l = 0; l < WIDE; l++)
                lane[l] += x[i + l] * w[i + l];
            for (size_t l = 0; l < WIDE; l++)
                lane2[l] += x2[i + l] * w[i + l];
        }
        for (; i < in; i++) {
            lane[i % WIDE] += x[i] * w[i];
            lane2[i % WIDE] += x2[i] * w[i];
        }
        sum = scale * sum_of_lanes(lane);
        sum2 = scale * sum_of_lanes(lane2);
        y[o] = beta == 0 ? sum : y[o] + sum;
        y[o + stride] = beta == 0 ? sum2 : y[o + stride] + sum2;
    }
}

/* A block of the matrix comes from memory once, and from the cache for all rows but the first. */
static void few_rows(real *y, size_t stride, const real *x, const real *w, size_t rows, size_t outs,
                     size_t in, real scale, real beta)
{
    for (size_t o = 0; o < outs; o += BLOCK) {
        size_t n = outs - o < BLOCK ? outs - o : BLOCK, i = 0;
        for (; i + 2 <= rows; i += 2)
            two_rows(y + i * stride + o, stride, x + i * in, w + o * in, n, in, scale, beta);
        if (i < rows)
            one_row(y + i * stride + o, x + i * in, w + o * in, n, in, scale, beta);
    }
}

KERNEL void add_scaled(real *y, const real *x, real factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += factor * x[i];
}

void product(real *y, size_t stride, const real *x, const real *w, size_t rows, size_t outs,
             size_t in, real scale, real beta)
{
    if (rows == 1)
        one_row(y, x, w, outs, in, scale, beta);
    else if (rows <= FEW)
        few_rows(y, stride, x, w, rows, outs, in, scale, beta);
    else if (outs > 0)
        gemm(GEMM_NT, rows, outs, in, scale, x, in, w, in, beta, y, stride);
}
