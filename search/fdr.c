/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fdr.h"

#include <math.h>
#include <stdlib.h>

#include "mem.h"

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The largest p-value that is selected; below 0 where none is. */
static double threshold(const double *p, size_t n, double q)
{
    double *sorted = mem_new(n, sizeof *sorted), most = -1.0;
    size_t tested = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i]))
            sorted[tested++] = p[i];
    qsort(sorted, tested, sizeof *sorted, by_size);
    for (size_t k = 0; k < tested; k++)
        if (sorted[k] * (double)tested <= (double)(k + 1) * q)
            most = sorted[k];
    free(sorted);
    return most;
}

size_t fdr_select(bool *selected, const double *p, size_t n, double q)
{
    double most = threshold(p, n, q);
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        selected[i] = p[i] <= most;
        count += selected[i];
    }
    return count;
}
