/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "product.h"
#include "gemm.h"

#define AT_ONCE 4 /* rows of the matrix: as many streams as the processor fetches ahead */

static double sum_of_lanes(const real lane[LANES])
{
    double sum = 0;

    for (size_t l = 0; l < LANES; l++)
        sum += (double)lane[l];
    return sum;
}

/* Inner products of x with AT_ONCE rows of w. */
KERNEL static void four_products(double out[AT_ONCE], const real *x, const real *w, size_t n)
{
    const real *b = w + n, *c = b + n, *d = c + n;
    real first[LANES] = {0}, second[LANES] = {0}, third[LANES] = {0}, fourth[LANES] = {0};
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            first[l] += x[i + l] * w[i + l];
            second[l] += x[i + l] * b[i + l];
            third[l] += x[i + l] * c[i + l];
            fourth[l] += x[i + l] * d[i + l];
        }
    for (; i < n; i++) {
        first[0] += x[i] * w[i];
        second[0] += x[i] * b[i];
        third[0] += x[i] * c[i];
        fourth[0] += x[i] * d[i];
    }
    out[0] = sum_of_lanes(first);
    out[1] = sum_of_lanes(second);
    out[2] = sum_of_lanes(third);
    out[3] = sum_of_lanes(fourth);
}

KERNEL double inner_product(const real *x, const real *y, size_t n)
{
    real lane[LANES] = {0};
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] += x[i + l] * y[i + l];
    for (; i < n; i++)
        lane[0] += x[i] * y[i];
    return sum_of_lanes(lane);
}

KERNEL void add_scaled(real *y, const real *x, real factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += factor * x[i];
}

static void put(real *y, double sum, real scale, real beta)
{
    real new = (real)((double)scale * sum);

    *y = beta == 0 ? new : *y + new;
}

static void one_row(real *y, const real *x, const real *w, size_t outs, size_t in, real scale,
                    real beta)
{
    double sums[AT_ONCE];
    size_t o = 0;

    for (; o + AT_ONCE <= outs; o += AT_ONCE) {
        four_products(sums, x, w + o * in, in);
        for (size_t k = 0; k < AT_ONCE; k++)
            put(y + o + k, sums[k], scale, beta);
    }
    for (; o < outs; o++)
        put(y + o, inner_product(x, w + o * in, in), scale, beta);
}

void product(real *y, size_t stride, const real *x, const real *w, size_t rows, size_t outs,
             size_t in, real scale, real beta)
{
    if (rows == 1)
        one_row(y, x, w, outs, in, scale, beta);
    else if (outs > 0)
        gemm(GEMM_NT, rows, outs, in, scale, x, in, w, in, beta, y, stride);
}
