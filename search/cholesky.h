/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cholesky.h - A = L L^T for the few hundred points of a Gaussian process.
 *
 * Written out here and not taken from LAPACK: OpenBLAS chooses its kernels by the processor and
 * splits its sums by the number of threads (and GSL's linear algebra ends in OpenBLAS too, where
 * both are linked), while `doctor` computes every proposal of a study again and compares it bit for
 * bit.  Here the order of every sum is fixed.  400 points take a few milliseconds.
 *
 * Matrices are [n, n] by rows; only the lower triangle is read or written.
 */
#ifndef SEARCH_CHOLESKY_H
#define SEARCH_CHOLESKY_H

#include <stdbool.h>
#include <stddef.h>

/* The scalar product of a [n] and b [n], summed in four strands and these in pairs. */
double cholesky_dot(const double *a, const double *b, size_t n);

/* Puts L in the place of A.  False where A is not positive definite (its content is lost then). */
bool cholesky_factor(double *a, size_t n);

void cholesky_forward(double *x, const double *l, size_t n);  /* x <- L^-1 x */
void cholesky_backward(double *x, const double *l, size_t n); /* x <- L^-T x */

/* out [n, n] <- (L L^T)^-1, its lower triangle; work [n, n] */
void cholesky_inverse(double *out, double *work, const double *l, size_t n);

#endif
