/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proportion.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

void proportion_interval(double *low, double *high, int64_t k, int64_t n, double confidence)
{
    double tail = 0.5 * (1.0 - confidence), seen = (double)k, rest = (double)(n - k);

    *low = *high = NAN;
    if (k < 0 || k > n || !(confidence > 0.0 && confidence < 1.0))
        return;
    *low = k == 0 ? 0.0 : gsl_cdf_beta_Pinv(tail, seen, rest + 1.0);
    *high = k == n ? 1.0 : gsl_cdf_beta_Qinv(tail, seen + 1.0, rest);
}
