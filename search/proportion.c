/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proportion.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

/* The x where the beta distribution function is p, by bisection: GSL's own inverse ends the program
 * where it does not converge, as for 100 of 100,000. */
static double beta_quantile(double p, double a, double b)
{
    double low = 0.0, high = 1.0;

    for (int step = 0; step < 60; step++) {
        double middle = 0.5 * (low + high);
        if (gsl_cdf_beta_P(middle, a, b) < p)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

void proportion_interval(double *low, double *high, int64_t k, int64_t n, double confidence)
{
    double tail = 0.5 * (1.0 - confidence), seen = (double)k, rest = (double)(n - k);

    *low = *high = NAN;
    if (k < 0 || k > n || n > PROPORTION_MAX || !(confidence > 0.0 && confidence < 1.0))
        return;
    *low = k == 0 ? 0.0 : beta_quantile(tail, seen, rest + 1.0);
    *high = k == n ? 1.0 : beta_quantile(1.0 - tail, seen + 1.0, rest);
}
