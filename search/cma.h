/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cma.h - a normal distribution that moves to where losses are low.
 *
 * The (mu/mu_w, lambda)-CMA-ES of Hansen 2016, "The CMA evolution strategy: a tutorial",
 * arXiv:1604.00772: figure 6 with the default parameters of table 1, and positive weights only
 * (section 3.3 as in equation 53's w_i >= 0; negative ones need exact steps, and ours are rounded).
 *
 * Steps come from outside (they were rounded, thrown back by the ends of a range, or are somebody
 * else's), so a step that is too long to be one of the distribution is shortened to
 * sqrt(n) + 2 n / (n + 2) in Mahalanobis length: Hansen 2011, "Injecting external solutions into
 * CMA-ES", arXiv:1110.4181, equation 4.
 *
 * Whole numbers and multiples keep a margin: Hamano, Saito, Nomura & Shirakawa 2022,
 * arXiv:2205.13482, section 4.  After each update a coordinate whose distribution would leave the
 * cell of its mean with a probability of less than 1 / (n lambda) is widened, or its mean moved
 * towards the next cell, until it does not.  What is recorded of such a coordinate is the centre of
 * its cell (theirs is the draw itself), so a point in the mean's own cell counts as no step.
 */
#ifndef SEARCH_CMA_H
#define SEARCH_CMA_H

#include <stddef.h>

#include "rng.h"

struct cma {
    size_t n;      /* coordinates */
    size_t lambda; /* steps in an update */
    double sigma;
    double *mean;         /* [n] */
    double *covariance;   /* [n, n] lower triangle */
    double *factor;       /* [n, n] its Cholesky factor */
    double *path, *slow;  /* [n] evolution paths: p_sigma (whitened by the factor), p_c */
    double *margin;       /* [n] the margin's diagonal A, 1 without */
    const double *levels; /* [n] cells of equal width in [0, 1]; INFINITY: continuous; borrowed */
    size_t updates;
};

/* n > 0.  The caller clears with cma_clear(). */
void cma_init(struct cma *cma, size_t n, const double *mean, double sigma, const double *levels);
void cma_clear(struct cma *cma);

/* lambda = 4 + floor(3 ln n) */
size_t cma_lambda(size_t n);

/* x [n] <- a point of the distribution */
void cma_draw(double *x, const struct cma *cma, struct rng *rng);

/* Takes in points x [count, n], best first; those beyond half of lambda count nothing.  Fewer
 * points than that move the distribution by their own weights only. */
void cma_update(struct cma *cma, const double *x, size_t count);

/* Recombination weight of rank 0 … mu - 1 among lambda, positive, of sum 1; 0 beyond. */
double cma_weight(size_t rank, size_t lambda);

#endif
