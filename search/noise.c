/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "noise.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_psi.h>

#include "mem.h"

static const struct noise UNKNOWN = {NAN, 0.0};
static const double ROUNDING = 1e-9;        /* relative; a real spread this small decides nothing */
static const double SMALLEST_TAIL = 1e-299; /* normal quantiles below it are not to be had */
static const double LARGEST_Z = 37.0;       /* its tail is 6e-300 */

static bool equal_but_for_rounding(const double *x, size_t n)
{
    double least = x[0], most = x[0];

    for (size_t i = 1; i < n; i++) {
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
    }
    return most - least <= ROUNDING * fmax(fabs(least), fabs(most));
}

struct noise noise_sample(const double *diff, size_t n)
{
    double mean = 0.0, squares = 0.0;

    if (n < 2)
        return UNKNOWN;
    if (equal_but_for_rounding(diff, n))
        return (struct noise){0.0, (double)(n - 1)};
    for (size_t i = 0; i < n; i++)
        mean += diff[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (diff[i] - mean) * (diff[i] - mean);
    return (struct noise){squares / (double)(n - 1), (double)(n - 1)};
}

/* What log(chi^2_df / df) is expected to be. */
static double log_bias(double df)
{
    return gsl_sf_psi(0.5 * df) - log(0.5 * df);
}

/* y with trigamma(y) = x > 0, by Newton on 1/trigamma, which is convex (Smyth 2004, appendix). */
static double trigamma_inverse(double x)
{
    double y;

    if (x > 1e7)
        return 1.0 / sqrt(x);
    if (x < 1e-6)
        return 1.0 / x;
    y = 0.5 + 1.0 / x;
    for (int step = 0; step < 50; step++) {
        double trigamma = gsl_sf_psi_1(y);
        double change = trigamma * (1.0 - trigamma / x) / gsl_sf_psi_n(2, y);

        y += change;
        if (fabs(change) < 1e-10 * y)
            break;
    }
    return y;
}

static bool usable(double s2, double df)
{
    return isfinite(s2) && s2 > 0.0 && isfinite(df) && df >= 1.0;
}

/* Sums over the usable variances; e = log s2 less its bias. */
struct moments {
    size_t n;
    double df, pooled; /* sum of df; of df * s2 */
    double mean;       /* of e */
    double expected;   /* mean variance of e by chance alone: trigamma(df/2) */
    double observed;   /* variance of e */
};

static void moments_of(struct moments *m, const double *s2, const double *df, size_t n)
{
    double squares = 0.0;

    *m = (struct moments){0};
    for (size_t i = 0; i < n; i++) {
        if (!usable(s2[i], df[i]))
            continue;
        m->n++;
        m->df += df[i];
        m->pooled += df[i] * s2[i];
        m->mean += log(s2[i]) - log_bias(df[i]);
        m->expected += gsl_sf_psi_1(0.5 * df[i]);
    }
    m->mean /= (double)m->n;
    m->expected /= (double)m->n;
    for (size_t i = 0; i < n; i++)
        if (usable(s2[i], df[i]))
            squares += pow(log(s2[i]) - log_bias(df[i]) - m->mean, 2.0);
    m->observed = squares / ((double)m->n - 1.0);
}

/* What the moments say; `least`: so many variances there must be. */
static void learn(struct noise *out, const double *s2, const double *df, size_t n, size_t least)
{
    struct moments m;
    double prior_df;

    moments_of(&m, s2, df, n);
    if (m.n < least) {
        *out = UNKNOWN;
        return;
    }
    if (m.n < NOISE_MIN_VARIANCES || m.observed <= m.expected) {
        *out = (struct noise){m.pooled / m.df, m.df};
        return;
    }
    prior_df = 2.0 * trigamma_inverse(m.observed - m.expected);
    out->s2 = exp(m.mean + log_bias(prior_df));
    out->df = fmin(prior_df, m.df);
}

void noise_learn(struct noise *out, const double *s2, const double *df, size_t n)
{
    learn(out, s2, df, n, NOISE_MIN_VARIANCES);
}

void noise_prior(struct noise *out, const struct noise *audit, const double *s2, const double *df,
                 size_t n)
{
    bool audited = usable(audit->s2, audit->df);
    double *all_s2 = mem_new(n + 1, sizeof *all_s2), *all_df = mem_new(n + 1, sizeof *all_df);

    all_s2[0] = audit->s2;
    all_df[0] = audit->df;
    for (size_t i = 0; i < n; i++) {
        all_s2[i + 1] = s2[i];
        all_df[i + 1] = df[i];
    }
    learn(out, all_s2, all_df, n + 1, audited ? 1 : NOISE_MIN_VARIANCES);
    free(all_s2);
    free(all_df);
}

struct noise noise_moderate(const struct noise *prior, double s2, double df)
{
    double total = prior->df + df;

    if (total <= 0.0)
        return UNKNOWN;
    if (df <= 0.0)
        return *prior;
    if (prior->df <= 0.0)
        return (struct noise){s2, df};
    return (struct noise){(prior->df * prior->s2 + df * s2) / total, total};
}

double noise_z(double t, double df)
{
    double tail = gsl_cdf_tdist_Q(fabs(t), df);
    double z = tail > SMALLEST_TAIL ? gsl_cdf_ugaussian_Qinv(tail) : LARGEST_Z;

    return copysign(fmin(z, LARGEST_Z), t);
}
