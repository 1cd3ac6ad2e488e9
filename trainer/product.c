/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "product.h"
#include "gemm.h"

#define WIDE (4 * LANES) /* partial sums: enough that none waits for the one before */

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

/* One row after the other, so that memory is read in one stream. */
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
    else if (outs > 0)
        gemm(GEMM_NT, rows, outs, in, scale, x, in, w, in, beta, y, stride);
}
