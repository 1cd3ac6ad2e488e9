/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit.h"

#include <math.h>
#include <stdlib.h>

#include "mem.h"

/* Sums of products about the mean of the losses that are there. */
struct spread {
    size_t n;
    double mean, squares;
};

static struct spread spread_of(const double *x, size_t n)
{
    struct spread s = {0};

    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) {
            s.n++;
            s.mean += (x[i] - s.mean) / (double)s.n;
        }
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i]))
            s.squares += (x[i] - s.mean) * (x[i] - s.mean);
    return s;
}

static double pooled_sd(const double *a, const double *b, size_t n)
{
    struct spread x = spread_of(a, n), y = spread_of(b, n);
    double df = fmax((double)x.n - 1.0, 0.0) + fmax((double)y.n - 1.0, 0.0);

    return df > 0.0 ? sqrt((x.squares + y.squares) / df) : (double)NAN;
}

/* Pearson's; NAN where either does not vary. */
static double correlation(const double *a, const double *b, size_t n)
{
    struct spread x = spread_of(a, n), y = spread_of(b, n);
    double products = 0.0, scale = sqrt(x.squares) * sqrt(y.squares);

    for (size_t i = 0; i < n; i++)
        products += (a[i] - x.mean) * (b[i] - y.mean);
    return scale > 0.0 ? fmax(-1.0, fmin(products / scale, 1.0)) : (double)NAN;
}

/* What both configs say seed by seed. */
static void measure_pairs(struct audit *out, const double *baseline, const double *neighbour,
                          size_t n)
{
    double *a = mem_new(n, sizeof *a), *b = mem_new(n, sizeof *b), *diff = mem_new(n, sizeof *diff);
    struct noise noise;
    size_t pairs = 0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(baseline[i]) && isfinite(neighbour[i])) {
            a[pairs] = baseline[i];
            b[pairs] = neighbour[i];
            diff[pairs] = baseline[i] - neighbour[i];
            pairs++;
        }
    noise = noise_sample(diff, pairs);
    out->n = (int)pairs;
    out->rho = pairs > 1 ? correlation(a, b, pairs) : (double)NAN;
    out->sigma_d = sqrt(noise.s2);
    out->df = noise.df;
    free(a);
    free(b);
    free(diff);
}

void audit_measure(struct audit *out, const double *baseline, const double *neighbour, size_t n,
                   double repeat, const struct judge *judge)
{
    *out = (struct audit){.repeat_gap = NAN, .paired_se = NAN, .rate_mean = NAN, .rate_sd = NAN};
    measure_pairs(out, baseline, neighbour, n);
    out->sigma_seed = pooled_sd(baseline, neighbour, n);
    out->visible = boundary_visible(&judge->boundary, AUDIT_POWER);
    out->visible_effect = judge->rule.min_gain + out->visible * out->sigma_d;
    if (n > 0 && isfinite(baseline[0]) && isfinite(repeat)) {
        out->repeated = true;
        out->repeat_gap = fabs(baseline[0] - repeat);
        out->deterministic = out->repeat_gap <= 0.0;
    }
}

void audit_add_rates(struct audit *audit, const double *rate, size_t n)
{
    double *used = mem_new(n, sizeof *used);
    struct spread s;
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(rate[i]) && rate[i] > 0.0)
            used[count++] = rate[i];
    s = spread_of(used, count);
    audit->rates = (int)count;
    audit->rate_mean = count > 0 ? s.mean : (double)NAN;
    audit->rate_sd = count > 1 ? sqrt(s.squares / ((double)count - 1.0)) : (double)NAN;
    free(used);
}

void audit_add_paired_se(struct audit *audit, const double *paired_se, size_t n)
{
    double squares = 0.0;
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(paired_se[i])) {
            squares += paired_se[i] * paired_se[i];
            count++;
        }
    audit->paired_se = count > 0 ? sqrt(squares / (double)count) : (double)NAN;
}

double audit_paired_se(const float *a, const float *b, size_t n)
{
    double mean = 0.0, squares = 0.0;

    for (size_t i = 0; i < n; i++)
        mean += ((double)a[i] - (double)b[i]) / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += pow((double)a[i] - (double)b[i] - mean, 2.0);
    return n > 1 && isfinite(squares) ? sqrt(squares / ((double)n - 1.0) / (double)n) : (double)NAN;
}

struct noise audit_noise(const struct audit *audit)
{
    bool known = audit->sigma_d > 0.0 && audit->df > 0.0;

    return known ? (struct noise){audit->sigma_d * audit->sigma_d, audit->df}
                 : (struct noise){NAN, 0.0};
}
