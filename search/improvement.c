/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "improvement.h"

#define SURE    0.9 /* a success is what is above this */
#define CAUTION 4.0 /* power of the probability of success */

/* log(phi(z) + z Phi(z)); far below, phi(z) / z^2 (1 - 3 / z^2 …). */
static double log_improvement(double z)
{
    if (z > -6)
        return log(gsl_ran_ugaussian_pdf(z) + z * gsl_cdf_ugaussian_P(z));
    return -0.5 * z * z - 0.5 * log(2 * M_PI) - 2 * log(-z) + log1p(-3 / (z * z));
}

static double log_augmented(const struct surrogate *s)
{
    double mean, sd;

    gp_predict(&s->loss, &mean, &sd, s->x);
    double value = log(sd) + log_improvement((s->best - mean) / sd);
    double noise = s->loss.noise;
    return value + log(fmax(1 - sqrt(noise / (sd * sd + noise)), 1e-12));
}

static double log_success(const struct surrogate *s)
{
    double mean, sd;

    gp_predict(&s->success, &mean, &sd, s->x);
    return log(fmax(gsl_cdf_ugaussian_P((mean - SURE) / sd), 1e-9));
}

double improvement_log(const struct surrogate *s, const struct value *config)
{
    features_write(s->x, &s->features, config);
    return (s->loss.n > 0 ? log_augmented(s) : 0) +
           (s->success.n > 0 ? CAUTION * log_success(s) : 0);
}
