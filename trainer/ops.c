/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "gemm.h"
#include "ops.h"

#define RUN 1024 /* exponentials summed in `real` before the sum goes into a double */

void linear(real *y, const real *x, const real *w, size_t rows, size_t out, size_t in, real beta)
{
    gemm(GEMM_NT, rows, out, in, 1, x, in, w, in, beta, y, out);
}

void linear_backward_input(real *dx, const real *dy, const real *w, size_t rows, size_t out,
                           size_t in, real beta)
{
    gemm(GEMM_NN, rows, in, out, 1, dy, out, w, in, beta, dx, in);
}

void linear_backward_weight(real *dw, const real *dy, const real *x, size_t rows, size_t out,
                            size_t in, real beta)
{
    gemm(GEMM_TN, out, in, rows, 1, dy, out, x, in, beta, dw, in);
}

void linear_bias(real *y, const real *x, const real *w, const real *b, size_t rows, size_t out,
                 size_t in)
{
    for (size_t i = 0; i < rows; i++)
        memcpy(y + i * out, b, out * sizeof *y);
    linear(y, x, w, rows, out, in, 1);
}

void bias_backward(real *db, const real *dy, size_t rows, size_t out)
{
    memset(db, 0, out * sizeof *db);
    for (size_t i = 0; i < rows; i++)
        block_add(db, dy + i * out, out);
}

void residual(real *y, const real *x, const real *w, size_t rows, size_t out, size_t in, real scale)
{
    gemm(GEMM_NT, rows, out, in, scale, x, in, w, in, 1, y, out);
}

void residual_backward(real *dx, real *dw, const real *dy, const real *x, const real *w,
                       size_t rows, size_t out, size_t in, real scale)
{
    if (dw != NULL)
        gemm(GEMM_TN, out, in, rows, scale, dy, out, x, in, 0, dw, in);
    gemm(GEMM_NN, rows, in, out, scale, dy, out, w, in, 0, dx, in);
}

void embedding(real *y, const real *w, const uint32_t *ids, size_t rows, size_t dim)
{
    for (size_t i = 0; i < rows; i++)
        memcpy(y + i * dim, w + ids[i] * dim, dim * sizeof *y);
}

void embedding_backward(real *dw, const real *dy, const uint32_t *ids, size_t rows, size_t dim)
{
    for (size_t i = 0; i < rows; i++)
        block_add(dw + ids[i] * dim, dy + i * dim, dim);
}

KERNEL double block_square_sum(const real *x, size_t n)
{
    double lane[LANES] = {0}, sum = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] += (double)x[i + l] * (double)x[i + l];
    for (; i < n; i++)
        lane[0] += (double)x[i] * (double)x[i];
    for (size_t l = 0; l < LANES; l++)
        sum += lane[l];
    return sum;
}

KERNEL void block_add(real *y, const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

KERNEL void block_scale(real *y, real factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] *= factor;
}

KERNEL real block_largest(const real *x, size_t n)
{
    real lane[LANES], out;
    size_t i = 0;

    for (size_t l = 0; l < LANES; l++)
        lane[l] = x[0];
    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
    for (; i < n; i++)
        lane[0] = x[i] > lane[0] ? x[i] : lane[0];
    out = lane[0];
    for (size_t l = 1; l < LANES; l++)
        out = lane[l] > out ? lane[l] : out;
    return out;
}

/* x = e^(x - shift) over at most RUN elements; returns their sum. */
KERNEL static double exponentials_of_run(real *x, real shift, size_t n)
{
    real lane[LANES] = {0};
    double sum = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            x[i + l] = real_exp(x[i + l] - shift);
            lane[l] += x[i + l];
        }
    for (; i < n; i++) {
        x[i] = real_exp(x[i] - shift);
        lane[0] += x[i];
    }
    for (size_t l = 0; l < LANES; l++)
        sum += (double)lane[l];
    return sum;
}

double block_exponentials(real *x, real shift, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i += RUN)
        sum += exponentials_of_run(x + i, shift, n - i < RUN ? n - i : RUN);
    return sum;
}

KERNEL static void scale_by_gain(real *y, const real *x, const real *gain, real rstd, size_t dim)
{
    for (size_t i = 0; i < dim; i++)
        y[i] = gain[i] * (x[i] * rstd);
}

void rmsnorm(real *y, real *rstd, const real *x, const real *gain, size_t rows, size_t dim,
             double eps)
{
    for (size_t i = 0; i < rows; i++, x += dim, y += dim) {
        rstd[i] = (real)(1 / sqrt(block_square_sum(x, dim) / (double)dim + eps));
        scale_by_gain(y, x, gain, rstd[i], dim);
    }
}

/* sum of dy * gain * x */
KERNEL static double sum_of_products(const real *dy, const real *gain, const real *x, size_t dim)
{
    double lane[LANES] = {0}, sum = 0;
    size_t i = 0;

    for (; i + LANES <= dim; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] += (double)(dy[i + l] * gain[i + l]) * (double)x[i + l];
    for (; i < dim; i++)
        lane[0] += (double)(dy[i] * gain[i]) * (double)x[i];
    for (size_t l = 0; l < LANES; l++)
        sum += lane[l];
    return sum;
}

KERNEL static void rmsnorm_backward_row(real *dx, real *dgain, const real *dy, const real *x,
                                        const real *gain, real rstd, real mean, size_t dim)
{
    for (size_t i = 0; i < dim; i++) {
        real n = x[i] * rstd;
        dx[i] += rstd * (dy[i] * gain[i] - n * mean);
        dgain[i] += dy[i] * n;
    }
}

void rmsnorm_backward(real *dx, real *dgain, const real *dy, const real *x, const real *rstd,
                      const real *gain, size_t rows, size_t dim)
{
    for (size_t i = 0; i < rows; i++, dx += dim, dy += dim, x += dim) {
        double mean = sum_of_products(dy, gain, x, dim) * (double)rstd[i] / (double)dim;
        rmsnorm_backward_row(dx, dgain, dy, x, gain, rstd[i], (real)mean, dim);
    }
}

void rope_table(real *table, size_t seq, size_t width, double theta)
{
    size_t half = width / 2;

    for (size_t t = 0; t < seq; t++, table += width)
        for (size_t i = 0; i < half; i++) {
            double angle = (double)t * pow(theta, -2 * (double)i / (double)width);
            table[i] = (real)cos(angle);
            table[half + i] = (real)sin(angle);
        }
}

KERNEL static void turn(real *x, const real *cosine, const real *sine, size_t half)
{
    for (size_t i = 0; i < half; i++) {
        real a = x[i], b = x[half + i];
        x[i] = a * cosine[i] - b * sine[i];
        x[half + i] = b * cosine[i] + a * sine[i];
    }
}

KERNEL static void turn_back(real *x, const real *cosine, const real *sine, size_t half)
{
    for (size_t i = 0; i < half; i++) {
        real a = x[i], b = x[half + i];
        x[i] = a * cosine[i] + b * sine[i];
        x[half + i] = b * cosine[i] - a * sine[i];
    }
}

void rope(real *x, const real *table, size_t rows, size_t seq, size_t stride, size_t heads,
          size_t width)
{
    for (size_t i = 0; i < rows; i++) {
        const real *at = table + i % seq * width;
        for (size_t h = 0; h < heads; h++)
            turn(x + i * stride + h * width, at, at + width / 2, width / 2);
    }
}

void rope_backward(real *dx, const real *table, size_t rows, size_t seq, size_t stride,
                   size_t heads, size_t width)
{
    for (size_t i = 0; i < rows; i++) {
        const real *at = table + i % seq * width;
        for (size_t h = 0; h < heads; h++)
            turn_back(dx + i * stride + h * width, at, at + width / 2, width / 2);
    }
}

KERNEL static void swiglu_row(real *y, const real *gate, const real *up, size_t hidden)
{
    for (size_t i = 0; i < hidden; i++)
        y[i] = gate[i] / (1 + real_exp(-gate[i])) * up[i];
}

void swiglu(real *y, const real *gate_up, size_t rows, size_t hidden)
{
    for (size_t i = 0; i < rows; i++)
        swiglu_row(y + i * hidden, gate_up + 2 * i * hidden, gate_up + (2 * i + 1) * hidden,
                   hidden);
}

/* silu'(z) = s (1 + z (1 - s)) with s = 1 / (1 + e^-z). */
KERNEL static void swiglu_backward_row(real *d_gate, real *d_up, const real *dy, const real *gate,
                                       const real *up, size_t hidden)
{
    for (size_t i = 0; i < hidden; i++) {
        real z = gate[i], u = up[i], s = 1 / (1 + real_exp(-z));
        d_up[i] = dy[i] * (z * s);
        d_gate[i] = dy[i] * u * (s * (1 + z * (1 - s)));
    }
}

void swiglu_backward(real *d_gate_up, const real *dy, const real *gate_up, size_t rows,
                     size_t hidden)
{
    for (size_t i = 0; i < rows; i++) {
        size_t gate = 2 * i * hidden, up = gate + hidden;
        swiglu_backward_row(d_gate_up + gate, d_gate_up + up, dy + i * hidden, gate_up + gate,
                            gate_up + up, hidden);
    }
}
