/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cholesky.h"
#include "gaussian_process.h"
#include "mem.h"

#define LENGTH_MIN   0.02
#define LENGTH_MAX   50.0
#define NOISE_MIN    1e-6
#define NOISE_MAX    2.0
#define JITTER       1e-7 /* first addition to the diagonal; ten times that until it suffices */
#define NOISE_MEAN   (-4.0)
#define NOISE_PRIOR  4.0 /* variance of log noise */
#define LENGTH_PRIOR 1.0 /* variance of a log length */
#define POWER_PRIOR  2.0 /* variance of log power */
#define POWER_REACH  6.0 /* log power is within this */

static double square(double x)
{
    return x * x;
}

/* --- the kernel ------------------------------------------------------------------------------- */

static double distance2(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t f = 0; f < n; f++)
        sum += square(a[f] - b[f]);
    return sum;
}

static double matern(double r2)
{
    double r = sqrt(5 * r2);

    return (1 + r + r * r / 3) * exp(-r);
}

/* The kernel and -2 dk / d(r^2), which the gradient multiplies with a group's squared distance. */
static void matern_with_slope(double *kernel, double *slope, double r2)
{
    double r = sqrt(5 * r2), e = exp(-r);

    *kernel = (1 + r + r * r / 3) * e;
    *slope = 5.0 / 3 * (1 + r) * e;
}

/* --- standardised data ------------------------------------------------------------------------ */

struct sample {
    size_t n, features;
    double *x;     /* [n, features] times weight */
    double *y;     /* [n] standardised */
    double *noise; /* [n] standardised variance; NAN: to be learnt */
};

static void sample_clear(struct sample *s)
{
    free(s->x);
    free(s->y);
    free(s->noise);
}

/* Every stride-th point. */
static void sample_init(struct sample *s, const struct gp_data *data, const struct gp *gp,
                        size_t stride)
{
    size_t n = (data->n + stride - 1) / stride, f = data->features;

    *s = (struct sample){.n = n, .features = f};
    s->x = mem_new(n * f, sizeof *s->x);
    s->y = mem_new(n, sizeof *s->y);
    s->noise = mem_new(n, sizeof *s->noise);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < f; k++)
            s->x[i * f + k] = data->x[i * stride * f + k] * gp->weight[k];
        s->y[i] = (data->y[i * stride] - gp->mean) / gp->scale;
        s->noise[i] = data->noise[i * stride] / square(gp->scale);
    }
}

/* --- solving ---------------------------------------------------------------------------------- */

static void fill_covariance(double *a, const struct sample *s, double noise, double jitter)
{
    for (size_t i = 0; i < s->n; i++) {
        for (size_t j = 0; j < i; j++)
            a[i * s->n + j] =
                matern(distance2(s->x + i * s->features, s->x + j * s->features, s->features));
        a[i * s->n + i] = 1 + jitter + (isnan(s->noise[i]) ? noise : s->noise[i]);
    }
}

/* The factor of the covariance with as much on its diagonal as it needs. */
static void factor_covariance(double *a, const struct sample *s, double noise)
{
    double jitter = JITTER;

    fill_covariance(a, s, noise, jitter);
    while (!cholesky_factor(a, s->n) && jitter < 1e9) {
        jitter *= 10;
        fill_covariance(a, s, noise, jitter);
    }
}

/* The mean by generalised least squares, and alpha [n] = covariance^-1 (y - mean). */
static double solve(double *alpha, double *ones, const double *factor, const struct sample *s)
{
    for (size_t i = 0; i < s->n; i++)
        ones[i] = 1;
    memcpy(alpha, s->y, s->n * sizeof *alpha);
    cholesky_forward(ones, factor, s->n);
    cholesky_forward(alpha, factor, s->n);
    double mean = cholesky_dot(ones, alpha, s->n) / cholesky_dot(ones, ones, s->n);
    for (size_t i = 0; i < s->n; i++)
        alpha[i] -= mean * ones[i];
    cholesky_backward(alpha, factor, s->n);
    return mean;
}

/* --- learning lengths and noise --------------------------------------------------------------- */

struct fit {
    const struct gp_data *data;
    struct sample sample;
    double *theta;                   /* [groups + 2] log lengths, log noise, log power */
    double *slope;                   /* [groups + 2] of the log posterior */
    double *plain;                   /* [n, features] the sample's x before the weights */
    double *kernel, *bend;           /* [n, n] lower triangles: matern_with_slope() */
    double *factor, *inverse, *work; /* [n, n] */
    double *alpha, *ones;            /* [n] */
};

static void scale_sample(struct fit *fit)
{
    const struct gp_data *data = fit->data;
    size_t f = data->features;

    for (size_t i = 0; i < fit->sample.n; i++)
        for (size_t k = 0; k < f; k++)
            fit->sample.x[i * f + k] = fit->plain[i * f + k] * exp(-fit->theta[data->group[k]]);
}

static double log_likelihood(const struct fit *fit, double mean)
{
    const struct sample *s = &fit->sample;
    double sum = 0;

    for (size_t i = 0; i < s->n; i++)
        sum -= 0.5 * (s->y[i] - mean) * fit->alpha[i] + log(fit->factor[i * s->n + i]);
    return sum;
}

static void fill_kernel(struct fit *fit)
{
    size_t n = fit->sample.n, f = fit->data->features;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            matern_with_slope(&fit->kernel[i * n + j], &fit->bend[i * n + j],
                              distance2(fit->sample.x + i * f, fit->sample.x + j * f, f));
}

static void fill_factor(struct fit *fit, double jitter)
{
    size_t n = fit->sample.n, groups = fit->data->groups;
    double noise = exp(fit->theta[groups]), power = exp(fit->theta[groups + 1]);

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            fit->factor[i * n + j] = power * fit->kernel[i * n + j];
        double own = isnan(fit->sample.noise[i]) ? noise : fit->sample.noise[i];
        fit->factor[i * n + i] = power * (1 + jitter) + own;
    }
}

static void factor_fit(struct fit *fit)
{
    double jitter = JITTER;

    fill_factor(fit, jitter);
    while (!cholesky_factor(fit->factor, fit->sample.n) && jitter < 1e9) {
        jitter *= 10;
        fill_factor(fit, jitter);
    }
}

/* Adds what the pair (i, j) says of the lengths and of the power. */
static void add_pair(struct fit *fit, size_t i, size_t j, double power)
{
    const struct gp_data *data = fit->data;
    size_t f = data->features, n = fit->sample.n;
    const double *a = fit->sample.x + i * f, *b = fit->sample.x + j * f;
    double weight = power * (fit->alpha[i] * fit->alpha[j] - fit->inverse[i * n + j]);

    fit->slope[data->groups + 1] += weight * fit->kernel[i * n + j];
    weight *= fit->bend[i * n + j];
    for (size_t k = 0; k < f; k++)
        fit->slope[data->group[k]] += weight * square(a[k] - b[k]);
}

static void likelihood_slope(struct fit *fit)
{
    size_t n = fit->sample.n, groups = fit->data->groups;
    double noise = exp(fit->theta[groups]), power = exp(fit->theta[groups + 1]);

    cholesky_inverse(fit->inverse, fit->work, fit->factor, n);
    memset(fit->slope, 0, (groups + 2) * sizeof *fit->slope);
    for (size_t i = 0; i < n; i++) {
        double own = 0.5 * (square(fit->alpha[i]) - fit->inverse[i * n + i]);
        for (size_t j = 0; j < i; j++)
            add_pair(fit, i, j, power);
        fit->slope[groups + 1] += power * own;
        if (isnan(fit->sample.noise[i]))
            fit->slope[groups] += noise * own;
    }
}

static double length_mean(size_t groups)
{
    return 0.5 * log((double)groups);
}

struct prior { /* of one entry of theta, normal */
    double mean, variance, low, high;
};

static struct prior prior_of(size_t at, size_t groups)
{
    if (at < groups)
        return (struct prior){length_mean(groups), LENGTH_PRIOR, log(LENGTH_MIN), log(LENGTH_MAX)};
    if (at == groups)
        return (struct prior){NOISE_MEAN, NOISE_PRIOR, log(NOISE_MIN), log(NOISE_MAX)};
    return (struct prior){0, POWER_PRIOR, -POWER_REACH, POWER_REACH};
}

/* Adds the log prior's slope and returns the log prior. */
static double add_prior(struct fit *fit)
{
    size_t groups = fit->data->groups;
    double sum = 0;

    for (size_t g = 0; g < groups + 2; g++) {
        struct prior prior = prior_of(g, groups);
        double away = fit->theta[g] - prior.mean;
        sum -= 0.5 * square(away) / prior.variance;
        fit->slope[g] -= away / prior.variance;
    }
    return sum;
}

/* Log posterior at theta, up to a constant, and its slope. */
static double evaluate(struct fit *fit)
{
    scale_sample(fit);
    fill_kernel(fit);
    factor_fit(fit);
    double mean = solve(fit->alpha, fit->ones, fit->factor, &fit->sample);
    likelihood_slope(fit);
    return log_likelihood(fit, mean) + add_prior(fit);
}

/* One step of Rprop: each parameter by its own step, longer while the slope keeps its sign. */
static void move_theta(struct fit *fit, double *step, double *before)
{
    size_t groups = fit->data->groups;

    for (size_t g = 0; g < groups + 2; g++) {
        struct prior prior = prior_of(g, groups);
        double turn = fit->slope[g] * before[g];
        step[g] = fmin(fmax(step[g] * (turn > 0 ? 1.2 : turn < 0 ? 0.5 : 1), 1e-3), 1);
        before[g] = turn < 0 ? 0 : fit->slope[g];
        if (before[g] != 0)
            fit->theta[g] =
                fmin(fmax(fit->theta[g] + copysign(step[g], fit->slope[g]), prior.low), prior.high);
    }
}

/* The highest point that was passed. */
struct summit {
    double height;
    double *theta; /* [groups + 2] */
};

/* Climbs from theta. */
static void climb(struct fit *fit, struct summit *summit)
{
    size_t n = fit->data->groups + 2;
    double *step = mem_new(n, sizeof *step), *before = mem_new(n, sizeof *before);

    for (size_t g = 0; g < n; g++)
        step[g] = 0.4;
    for (int k = 0; k < GP_STEPS; k++) {
        double height = evaluate(fit);
        if (height > summit->height) {
            summit->height = height;
            memcpy(summit->theta, fit->theta, n * sizeof *fit->theta);
        }
        move_theta(fit, step, before);
    }
    free(step);
    free(before);
}

/* Climbs from where the function is rough and the noise little, and from where it is smooth and the
 * noise large.  Both may explain the same losses, and a single climb stays on its side. */
static void climb_from_both_sides(struct fit *fit)
{
    static const struct {
        double length, noise; /* times the prior's; of theta */
    } sides[] = {{0.5, -6}, {2, -0.5}};
    size_t groups = fit->data->groups, n = groups + 2;
    struct summit summit = {-DBL_MAX, mem_new(n, sizeof *summit.theta)};

    memcpy(summit.theta, fit->theta, n * sizeof *fit->theta);
    for (size_t side = 0; side < sizeof sides / sizeof *sides; side++) {
        for (size_t g = 0; g < n; g++)
            fit->theta[g] = prior_of(g, groups).mean + (g < groups ? log(sides[side].length) : 0);
        fit->theta[groups] = sides[side].noise;
        climb(fit, &summit);
    }
    memcpy(fit->theta, summit.theta, n * sizeof *fit->theta);
    free(summit.theta);
}

static void fit_init(struct fit *fit, const struct gp_data *data, const struct gp *gp)
{
    size_t stride = (data->n + GP_FIT_MAX - 1) / GP_FIT_MAX, groups = data->groups;

    *fit = (struct fit){.data = data};
    sample_init(&fit->sample, data, gp, stride);
    size_t n = fit->sample.n;
    fit->plain = mem_new(n * data->features, sizeof *fit->plain);
    memcpy(fit->plain, fit->sample.x, n * data->features * sizeof *fit->plain);
    fit->theta = mem_new(groups + 2, sizeof *fit->theta);
    fit->slope = mem_new(groups + 2, sizeof *fit->slope);
    fit->kernel = mem_new(n * n, sizeof *fit->kernel);
    fit->bend = mem_new(n * n, sizeof *fit->bend);
    fit->factor = mem_new(n * n, sizeof *fit->factor);
    fit->inverse = mem_new(n * n, sizeof *fit->inverse);
    fit->work = mem_new(n * n, sizeof *fit->work);
    fit->alpha = mem_new(n, sizeof *fit->alpha);
    fit->ones = mem_new(n, sizeof *fit->ones);
    for (size_t g = 0; g < groups + 2; g++)
        fit->theta[g] = prior_of(g, groups).mean;
}

static void fit_clear(struct fit *fit)
{
    sample_clear(&fit->sample);
    free(fit->plain);
    free(fit->theta);
    free(fit->slope);
    free(fit->kernel);
    free(fit->bend);
    free(fit->factor);
    free(fit->inverse);
    free(fit->work);
    free(fit->alpha);
    free(fit->ones);
}

/* Fills weight and noise, and multiplies the scale. */
static void learn(struct gp *gp, const struct gp_data *data)
{
    struct fit fit;

    fit_init(&fit, data, gp);
    climb_from_both_sides(&fit);
    for (size_t k = 0; k < data->features; k++)
        gp->weight[k] = exp(-fit.theta[data->group[k]]);
    gp->noise = exp(fit.theta[data->groups]) * square(gp->scale);
    gp->scale *= exp(0.5 * fit.theta[data->groups + 1]);
    fit_clear(&fit);
}

/* --- the process ------------------------------------------------------------------------------ */

/* Mean and SD of y; a constant y has scale 1. */
static void standardise(struct gp *gp, const struct gp_data *data)
{
    double n = (double)data->n, squares = 0;

    gp->mean = 0;
    for (size_t i = 0; i < data->n; i++)
        gp->mean += data->y[i] / n;
    for (size_t i = 0; i < data->n; i++)
        squares += square(data->y[i] - gp->mean);
    gp->scale = sqrt(squares / n);
    if (!(gp->scale > 1e-12 * fabs(gp->mean)))
        gp->scale = 1;
}

/* Takes in the data with weights, noise and scale as they are. */
static void condition(struct gp *gp, const struct gp_data *data)
{
    struct sample sample;
    double *ones = mem_new(data->n, sizeof *ones);

    sample_init(&sample, data, gp, 1);
    gp->n = data->n;
    gp->factor = mem_new(data->n * data->n, sizeof *gp->factor);
    gp->alpha = mem_new(data->n, sizeof *gp->alpha);
    gp->work = mem_new(data->n + data->features, sizeof *gp->work);
    factor_covariance(gp->factor, &sample, gp->noise / square(gp->scale));
    gp->mean += gp->scale * solve(gp->alpha, ones, gp->factor, &sample);
    gp->x = sample.x;
    sample.x = NULL;
    sample_clear(&sample);
    free(ones);
}

void gp_init(struct gp *gp, const struct gp_data *data)
{
    *gp = (struct gp){.features = data->features};
    gp->weight = mem_new(data->features, sizeof *gp->weight);
    for (size_t k = 0; k < data->features; k++)
        gp->weight[k] = 1;
    standardise(gp, data);
    learn(gp, data);
    condition(gp, data);
}

void gp_init_like(struct gp *gp, const struct gp *like, const struct gp_data *data)
{
    *gp = (struct gp){
        .features = like->features, .mean = like->mean, .scale = like->scale, .noise = like->noise};
    gp->weight = mem_new(data->features, sizeof *gp->weight);
    memcpy(gp->weight, like->weight, data->features * sizeof *gp->weight);
    condition(gp, data);
}

void gp_clear(struct gp *gp)
{
    free(gp->weight);
    free(gp->x);
    free(gp->factor);
    free(gp->alpha);
    free(gp->work);
    *gp = (struct gp){0};
}

/* work [n] <- the covariances of x [features] with the data; returns the mean. */
static double correlate(const struct gp *gp, const double *x)
{
    double *at = gp->work + gp->n;

    for (size_t k = 0; k < gp->features; k++)
        at[k] = x[k] * gp->weight[k];
    for (size_t i = 0; i < gp->n; i++)
        gp->work[i] = matern(distance2(at, gp->x + i * gp->features, gp->features));
    return gp->mean + gp->scale * cholesky_dot(gp->work, gp->alpha, gp->n);
}

double gp_predict_mean(const struct gp *gp, const double *x)
{
    return correlate(gp, x);
}

void gp_predict(const struct gp *gp, double *mean, double *sd, const double *x)
{
    *mean = correlate(gp, x);
    cholesky_forward(gp->work, gp->factor, gp->n);
    double left = 1 - cholesky_dot(gp->work, gp->work, gp->n);
    *sd = gp->scale * sqrt(fmax(left, 1e-12));
}
