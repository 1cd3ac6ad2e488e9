/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gaussian_process.h - a smooth function with noise, from what was seen of it.
 *
 *     y_i = mean + g(x_i) + noise_i,   cov(g(x), g(x')) = s^2 k(r),   noise_i ~ N(0, v_i),
 *     k(r) = (1 + sqrt(5) r + 5 r^2 / 3) exp(-sqrt(5) r)                    (Matern 5/2),
 *     r^2 = sum over the features f of ((x_f - x'_f) / length_group(f))^2.
 *
 * Rasmussen & Williams 2006, "Gaussian processes for machine learning": equations 2.23 to 2.24
 * (prediction), 4.17 (kernel), 5.8 to 5.9 (likelihood, gradient).  The mean is that of generalised
 * least squares.
 *
 * One length for each group of features, the power s^2 and the noise variance where none is given
 * (both relative to the variance of the y_i) maximise likelihood times prior, in GP_STEPS steps of
 * Rprop (Riedmiller & Braun 1993, doi 10.1109/ICNN.1993.298623; for this use Blum & Riedmiller
 * 2013, ESANN) from each of two sides: rough with little noise, smooth with much.  Priors:
 *     log length ~ N(log(groups) / 2, 1),  log noise ~ N(-4, 4),  log power ~ N(0, 2).
 * The first has the shape of the log-normal of Hvarfner, Hellsten & Nardi 2024, arXiv:2402.02229 (a
 * function looks no rougher for having more parameters); theirs is 4.1 times as long, with a
 * variance of 3.  A likelihood alone is no guide after ten noisy runs of six parameters, and after
 * a hundred of ten it still finds one that explains the noise.  Of more than GP_FIT_MAX points the
 * lengths see an even selection.
 *
 * Nothing here fails: a matrix that is not positive definite gets more on its diagonal.
 */
#ifndef SEARCH_GAUSSIAN_PROCESS_H
#define SEARCH_GAUSSIAN_PROCESS_H

#include <stddef.h>

enum { GP_STEPS = 20, GP_FIT_MAX = 128 };

/* What was seen; borrowed. */
struct gp_data {
    size_t n;            /* points, at least 1 */
    size_t features;     /* numbers that describe a point */
    size_t groups;       /* features of a group share a length */
    const size_t *group; /* [features] 0 … groups - 1 */
    const double *x;     /* [n, features] */
    const double *y;     /* [n] finite */
    const double *noise; /* [n] variance of y_i, at least 0; NAN: to be learnt, one for all such */
};

struct gp {
    size_t n, features;
    double mean, scale; /* of y: y = mean + scale * (standardised) */
    double noise;       /* learnt variance [y^2] */
    double *weight;     /* [features] 1 / length */
    double *x;          /* [n, features] times weight */
    double *factor;     /* [n, n] of the covariance / scale^2 */
    double *alpha;      /* [n] covariance^-1 (y - mean), standardised */
    double *work;       /* [n + features] */
};

/* Learns from the data, which may be freed then.  The caller clears with gp_clear(). */
void gp_init(struct gp *gp, const struct gp_data *data);

/* The same lengths, noise and scale with other data of the same features. */
void gp_init_like(struct gp *gp, const struct gp *like, const struct gp_data *data);

void gp_clear(struct gp *gp); /* a zeroed one is fine */

/* Mean and standard deviation of the function (without noise) at x [features]; sd is above 0. */
void gp_predict(const struct gp *gp, double *mean, double *sd, const double *x);

/* The mean alone, which is much cheaper. */
double gp_predict_mean(const struct gp *gp, const double *x);

#endif
