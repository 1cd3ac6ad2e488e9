/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * halton.h - Halton's sequence with random digits, for more dimensions than Sobol's numbers reach.
 *
 * Coordinate d of point i writes i in base p, the d-th prime, mirrors the digits about the point,
 * and permutes them, each position by a permutation of its own.  Without permutations the first
 * points of large bases are nearly the same ramp in all coordinates.  Owen 2017, "A randomized
 * Halton algorithm in R", arXiv:1706.02808.
 */
#ifndef SEARCH_HALTON_H
#define SEARCH_HALTON_H

#include <stddef.h>
#include <stdint.h>

#define HALTON_MAX 1000 /* dimensions */

struct halton_axis {
    unsigned prime;
    unsigned positions; /* digits that are permuted; prime^positions is at least 2^20 points */
    uint16_t *digits;   /* [positions, prime] the permutations */
    double rest;        /* [0, 1): the digits behind them, the same for all points */
};

struct halton {
    struct halton_axis *axes; /* [n] */
    size_t n;
};

/* n is at most HALTON_MAX.  The permutations are fixed by the seed. */
void halton_init(struct halton *halton, size_t n, uint64_t seed);
void halton_clear(struct halton *halton);

/* Point `number` (0 is the first): point [n], each in [0, 1). */
void halton_point(double *point, const struct halton *halton, uint64_t number);

#endif
