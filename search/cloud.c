/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_qrng.h>

#include "cloud.h"
#include "mem.h"

enum { SOBOL_MAX = 40 };

double cloud_reflect(double x)
{
    return fabs(remainder(x, 2));
}

static void fill_uniform(double *out, size_t n, struct rng *rng)
{
    for (size_t i = 0; i < n; i++)
        out[i] = rng_uniform(rng);
}

void cloud_over(double *out, size_t n, const struct space *space, struct rng *rng)
{
    size_t d = space->n;
    gsl_qrng *sobol = d <= SOBOL_MAX ? gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)d) : NULL;

    if (sobol == NULL) {
        fill_uniform(out, n * d, rng);
        return;
    }
    double *shift = mem_new(d, sizeof *shift);
    fill_uniform(shift, d, rng);
    for (size_t i = 0; i < n; i++) {
        gsl_qrng_get(sobol, out + i * d);
        for (size_t k = 0; k < d; k++) {
            double x = out[i * d + k] + shift[k];
            out[i * d + k] = x < 1 ? x : x - 1;
        }
    }
    free(shift);
    gsl_qrng_free(sobol);
}

static double move(const struct param *param, double from, double sigma, struct rng *rng)
{
    if (param_is_choice(param))
        return rng_uniform(rng);
    double least = 1 / param_levels(param); /* 0 where it is continuous */
    return cloud_reflect(from + fmax(sigma, least) * rng_normal(rng));
}

static size_t count_searched(const struct space *space)
{
    size_t n = 0;

    for (size_t i = 0; i < space->n; i++)
        n += param_levels(&space->params[i]) > 1;
    return n;
}

void cloud_near(double *out, const struct space *space, const struct value *config, double sigma,
                struct rng *rng)
{
    size_t searched = count_searched(space), seen = 0;
    double share = fmin(2.0 / 3, 2.0 / (double)(searched > 0 ? searched : 1));
    size_t sure = searched > 0 ? (size_t)rng_below(rng, searched) : 0;

    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        out[i] = param_encode(param, &config[i]);
        if (!(param_levels(param) > 1))
            continue;
        if (config[i].type == VALUE_NONE)
            out[i] = rng_uniform(rng);
        else if (seen == sure || rng_uniform(rng) < share)
            out[i] = move(param, out[i], sigma, rng);
        seen++;
    }
}
