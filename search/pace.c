/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "pace.h"

static const double MAD_TO_SD = 1.4826; /* 1 / Phi^-1(3/4) */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, by_size);
    return n == 0 ? (double)NAN : n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

void pace_measure(struct pace *out, double *rate, size_t n)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(rate[i]) && rate[i] > 0)
            rate[used++] = rate[i];
    *out = (struct pace){.n = used, .median = median(rate, used)};
    for (size_t i = 0; i < used; i++)
        rate[i] = fabs(rate[i] - out->median);
    out->sd = fmax(MAD_TO_SD * median(rate, used), PACE_FLOOR * out->median);
}

bool pace_is_odd(const struct pace *usual, double rate)
{
    return usual->n >= PACE_LEAST && isfinite(rate) &&
           fabs(rate - usual->median) > PACE_LIMIT * usual->sd;
}
