/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "cholesky.h"
#include "cma.h"
#include "mem.h"

#define NARROWEST      1e-3 /* standard deviation of a stepped coordinate [cells] */
#define SIGMA_MAX      1.0
#define SIGMA_MIN      1e-8
#define EIGENVALUE_MIN 1e-12 /* added to the diagonal until the covariance has a factor */

size_t cma_lambda(size_t n)
{
    return 4 + (size_t)(3 * log((double)n));
}

double cma_weight(size_t rank, size_t lambda)
{
    size_t mu = lambda / 2;
    double sum = 0, top = log(((double)lambda + 1) / 2);

    for (size_t i = 0; i < mu; i++)
        sum += top - log((double)i + 1);
    return rank < mu ? (top - log((double)rank + 1)) / sum : 0;
}

void cma_init(struct cma *cma, size_t n, const double *mean, double sigma, const double *levels)
{
    *cma = (struct cma){.n = n, .lambda = cma_lambda(n), .sigma = sigma, .levels = levels};
    cma->mean = mem_new(n, sizeof *cma->mean);
    cma->covariance = mem_new(n * n, sizeof *cma->covariance);
    cma->factor = mem_new(n * n, sizeof *cma->factor);
    cma->path = mem_new(n, sizeof *cma->path);
    cma->slow = mem_new(n, sizeof *cma->slow);
    cma->margin = mem_new(n, sizeof *cma->margin);
    memcpy(cma->mean, mean, n * sizeof *mean);
    for (size_t i = 0; i < n; i++)
        cma->covariance[i * n + i] = cma->factor[i * n + i] = cma->margin[i] = 1;
}

void cma_clear(struct cma *cma)
{
    free(cma->mean);
    free(cma->covariance);
    free(cma->factor);
    free(cma->path);
    free(cma->slow);
    free(cma->margin);
    *cma = (struct cma){0};
}

void cma_draw(double *x, const struct cma *cma, struct rng *rng)
{
    size_t n = cma->n;
    double *z = mem_new(n, sizeof *z);

    for (size_t i = 0; i < n; i++)
        z[i] = rng_normal(rng);
    for (size_t i = 0; i < n; i++)
        x[i] = cma->mean[i] +
               cma->sigma * cma->margin[i] * cholesky_dot(cma->factor + i * n, z, i + 1);
    free(z);
}

/* --- one update ------------------------------------------------------------------------------- */

/* The constants of table 1, for positive weights. */
struct rates {
    double mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu, length; /* E|N(0, I)| */
};

static struct rates rates_of(const struct cma *cma)
{
    double n = (double)cma->n, squares = 0;
    struct rates r;

    for (size_t i = 0; i < cma->lambda; i++)
        squares += cma_weight(i, cma->lambda) * cma_weight(i, cma->lambda);
    r.mu_eff = 1 / squares;
    r.c_sigma = (r.mu_eff + 2) / (n + r.mu_eff + 5);
    r.d_sigma = 1 + 2 * fmax(0, sqrt((r.mu_eff - 1) / (n + 1)) - 1) + r.c_sigma;
    r.c_c = (4 + r.mu_eff / n) / (n + 4 + 2 * r.mu_eff / n);
    r.c_1 = 2 / ((n + 1.3) * (n + 1.3) + r.mu_eff);
    r.c_mu =
        fmin(1 - r.c_1, 2 * (0.25 + r.mu_eff + 1 / r.mu_eff - 2) / ((n + 2) * (n + 2) + r.mu_eff));
    r.length = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
    return r;
}

static double norm(const double *x, size_t n)
{
    return sqrt(cholesky_dot(x, x, n));
}

static double cell_of(double x, double levels)
{
    return fmin(fmax(floor(x * levels), 0), levels - 1);
}

/* Where the distribution is finer than the cells, points are only seen as the centres of theirs. */
static bool is_same_cell(const struct cma *cma, size_t i, double x)
{
    double levels = cma->levels[i];

    return isfinite(levels) && cell_of(x, levels) == cell_of(cma->mean[i], levels);
}

/* y [n] <- the step to x, in units of sigma, none longer than the distribution's. */
static void step_to(double *y, double *work, const struct cma *cma, const double *x)
{
    size_t n = cma->n;
    double d = (double)n, most = sqrt(d) + 2 * d / (d + 2);

    for (size_t i = 0; i < n; i++)
        y[i] =
            is_same_cell(cma, i, x[i]) ? 0 : (x[i] - cma->mean[i]) / (cma->sigma * cma->margin[i]);
    memcpy(work, y, n * sizeof *y);
    cholesky_forward(work, cma->factor, n);
    double length = norm(work, n);
    for (size_t i = 0; i < n && length > most; i++)
        y[i] *= most / length;
}

static void add_square(double *covariance, const double *y, size_t n, double weight)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            covariance[i * n + j] += weight * y[i] * y[j];
}

/* Both evolution paths; false where p_sigma is so long that p_c stalls (h_sigma). */
static int move_paths(struct cma *cma, const struct rates *r, const double *step, double *work)
{
    size_t n = cma->n;
    double keep = sqrt(r->c_sigma * (2 - r->c_sigma) * r->mu_eff);

    memcpy(work, step, n * sizeof *work);
    cholesky_forward(work, cma->factor, n);
    for (size_t i = 0; i < n; i++)
        cma->path[i] = (1 - r->c_sigma) * cma->path[i] + keep * work[i];
    double settled = 1 - pow(1 - r->c_sigma, 2 * (double)(cma->updates + 1));
    int h = norm(cma->path, n) / sqrt(settled) < (1.4 + 2 / ((double)n + 1)) * r->length;
    keep = h * sqrt(r->c_c * (2 - r->c_c) * r->mu_eff);
    for (size_t i = 0; i < n; i++)
        cma->slow[i] = (1 - r->c_c) * cma->slow[i] + keep * step[i];
    return h;
}

/* steps [mu, n] */
static void move_covariance(struct cma *cma, const struct rates *r, const double *steps, int h)
{
    size_t n = cma->n, mu = cma->lambda / 2;
    double lost = h ? 0 : r->c_1 * r->c_c * (2 - r->c_c);

    for (size_t i = 0; i < n * n; i++)
        cma->covariance[i] *= 1 - r->c_1 - r->c_mu + lost;
    add_square(cma->covariance, cma->slow, n, r->c_1);
    for (size_t k = 0; k < mu; k++)
        add_square(cma->covariance, steps + k * n, n, r->c_mu * cma_weight(k, cma->lambda));
}

static void factor_again(struct cma *cma)
{
    size_t n = cma->n;
    double more = EIGENVALUE_MIN;

    memcpy(cma->factor, cma->covariance, n * n * sizeof *cma->factor);
    while (!cholesky_factor(cma->factor, n) && more < 1e6) {
        for (size_t i = 0; i < n; i++)
            cma->covariance[i * n + i] += more;
        more *= 10;
        memcpy(cma->factor, cma->covariance, n * n * sizeof *cma->factor);
    }
}

/* --- the margin ------------------------------------------------------------------------------- */

/* Mean in the first or last cell: it comes so near to the other cells that P(there) >= alpha. */
static void keep_edge(double *mean, double sd, double inner, int inwards, double alpha)
{
    double reach = sd * gsl_cdf_ugaussian_Qinv(alpha);

    if (inwards > 0 && *mean < inner - reach)
        *mean = inner - reach;
    if (inwards < 0 && *mean > inner + reach)
        *mean = inner + reach;
}

/* Mean in a cell between others: P(below) and P(above) are at least alpha / 2. */
static void keep_middle(double *mean, double *widen, double sd, double low, double high,
                        double alpha)
{
    double below = gsl_cdf_ugaussian_P((low - *mean) / sd);
    double above = gsl_cdf_ugaussian_Q((high - *mean) / sd);
    double least = alpha / 2;

    if (below >= least && above >= least)
        return;
    double b = fmax(below, least), a = fmax(above, least), mid = 1 - below - above;
    double excess = (1 - b - a - mid) / (b + a + mid - 3 * least);
    double reach_low = gsl_cdf_ugaussian_Qinv(b + excess * (b - least));
    double reach_high = gsl_cdf_ugaussian_Qinv(a + excess * (a - least));
    *mean = (low * reach_high + high * reach_low) / (reach_low + reach_high);
    *widen *= (high - low) / (reach_low + reach_high) / sd;
}

static void keep_margin(struct cma *cma)
{
    double alpha = 1 / (double)(cma->n * cma->lambda);

    for (size_t i = 0; i < cma->n; i++) {
        double levels = cma->levels[i];
        if (!isfinite(levels) || levels < 2)
            continue;
        double plain = cma->sigma * sqrt(cma->covariance[i * cma->n + i]);
        cma->margin[i] = fmax(cma->margin[i], NARROWEST / levels / plain);
        double sd = plain * cma->margin[i], cell = cell_of(cma->mean[i], levels);
        if (cell == 0)
            keep_edge(&cma->mean[i], sd, 1 / levels, 1, alpha);
        else if (cell == levels - 1)
            keep_edge(&cma->mean[i], sd, cell / levels, -1, alpha);
        else
            keep_middle(&cma->mean[i], &cma->margin[i], sd, cell / levels, (cell + 1) / levels,
                        alpha);
    }
}

void cma_update(struct cma *cma, const double *x, size_t count)
{
    size_t n = cma->n, mu = cma->lambda / 2;
    double *steps = mem_new(mu * n, sizeof *steps), *step = mem_new(n, sizeof *step);
    double *work = mem_new(n, sizeof *work);
    struct rates r = rates_of(cma);

    for (size_t k = 0; k < mu && k < count; k++) {
        step_to(steps + k * n, work, cma, x + k * n);
        for (size_t i = 0; i < n; i++)
            step[i] += cma_weight(k, cma->lambda) * steps[k * n + i];
    }
    for (size_t i = 0; i < n; i++)
        cma->mean[i] = fmin(fmax(cma->mean[i] + cma->sigma * cma->margin[i] * step[i], 0), 1);
    int h = move_paths(cma, &r, step, work);
    move_covariance(cma, &r, steps, h);
    cma->sigma *= exp(fmin(1, r.c_sigma / r.d_sigma * (norm(cma->path, n) / r.length - 1)));
    cma->sigma = fmin(fmax(cma->sigma, SIGMA_MIN), SIGMA_MAX);
    cma->updates++;
    factor_again(cma);
    keep_margin(cma);
    free(steps);
    free(step);
    free(work);
}
