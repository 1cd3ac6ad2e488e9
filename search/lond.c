/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lond.h"

#include <math.h>

static const double EXPONENT = 1.6;
static const double ZETA = 2.2857656656801296; /* sum of i^-1.6 over all i >= 1 */

double lond_level(double fdr, int64_t test, int64_t keeps)
{
    double counted = (double)(keeps < test ? keeps : test - 1);

    if (!(fdr >= 0.0 && fdr <= 1.0) || test < 1)
        return NAN;
    return fdr * pow((double)test, -EXPONENT) / ZETA * (fmax(counted, 0.0) + 1.0);
}
