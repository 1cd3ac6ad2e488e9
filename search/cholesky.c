/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "cholesky.h"

double cholesky_dot(const double *a, const double *b, size_t n)
{
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    size_t i = 0;

    for (; i + 4 <= n; i += 4) {
        s0 += a[i] * b[i];
        s1 += a[i + 1] * b[i + 1];
        s2 += a[i + 2] * b[i + 2];
        s3 += a[i + 3] * b[i + 3];
    }
    for (; i < n; i++)
        s0 += a[i] * b[i];
    return (s0 + s1) + (s2 + s3);
}

bool cholesky_factor(double *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double *row = a + i * n;
        for (size_t j = 0; j < i; j++)
            row[j] = (row[j] - cholesky_dot(row, a + j * n, j)) / a[j * n + j];
        double pivot = row[i] - cholesky_dot(row, row, i);
        if (!(pivot > 0) || !isfinite(pivot))
            return false;
        row[i] = sqrt(pivot);
    }
    return true;
}

void cholesky_forward(double *x, const double *l, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (x[i] - cholesky_dot(l + i * n, x, i)) / l[i * n + i];
}

void cholesky_backward(double *x, const double *l, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        const double *row = l + i * n;
        x[i] /= row[i];
        for (size_t j = 0; j < i; j++)
            x[j] -= row[j] * x[i];
    }
}

/* work <- L^-T by rows, its upper triangle: row j holds column j of L^-1. */
static void invert_factor(double *work, const double *l, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        double *row = work + j * n;
        row[j] = 1 / l[j * n + j];
        for (size_t i = j + 1; i < n; i++)
            row[i] = -cholesky_dot(l + i * n + j, row + j, i - j) / l[i * n + i];
    }
}

void cholesky_inverse(double *out, double *work, const double *l, size_t n)
{
    invert_factor(work, l, n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            out[i * n + j] = cholesky_dot(work + i * n + i, work + j * n + i, n - i);
}
