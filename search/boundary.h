/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * boundary.h - when to stop: a one-sided group-sequential test with binding futility.
 *
 * After look n (one more paired difference each) z_n = sqrt(n) * mean / SD is compared with two
 * bounds: keep if z_n >= keep[n-1], revert if z_n <= revert[n-1], else look again.  At the last
 * look the two meet.  Effects are in units of the SD of one difference.
 *
 * The bounds spend (Lan & DeMets 1983, doi 10.1093/biomet/70.3.659; for futility Pampallona &
 * Tsiatis 1994, J. Stat. Plan. Inference 42, 19)
 *     alpha * (n/looks)^2              of P(keep | effect 0)           up to look n, and
 *     0.2 * (n/looks)^futility_power   of P(revert | design effect)    up to look n,
 * found by the recursion of Armitage, McPherson & Rowe 1969 over the sub-density of the partial sum
 * S_n = z_n sqrt(n) on paths that have not stopped.  The bounds meet at the last look, or earlier:
 * where they would cross, or where all that go on could be kept.  There the rest of alpha is spent.
 *
 * The sub-density is kept on Gauss-Legendre nodes, and under no effect only: under any other the
 * density of S_n is exp(effect * S_n - n effect^2 / 2) times that.
 */
#ifndef SEARCH_BOUNDARY_H
#define SEARCH_BOUNDARY_H

#include "err.h"

enum { BOUNDARY_MAX = 16, BOUNDARY_NODES = 32 };

struct boundary {
    int looks;    /* the last look: as asked, or the earlier one where the bounds meet */
    double alpha; /* P(keep | effect 0), all of it spent */
    double keep[BOUNDARY_MAX], revert[BOUNDARY_MAX]; /* [looks] for z at look n: [n-1] */
    /* The paths that go on after look n, under no effect: S_n at node[n-1][i] with probability
     * mass[n-1][i] (density times quadrature weight). */
    double node[BOUNDARY_MAX][BOUNDARY_NODES], mass[BOUNDARY_MAX][BOUNDARY_NODES];
};

/*
 * The effect that the test is designed to see: (1.1 + 0.25 ln(0.05/alpha)/ln 5) (8/looks)^(4/9).
 * The first factor is for 8 looks; the second is ours and gives 1.25 for alpha 0.05 and 6 looks.
 */
double boundary_design_effect(double alpha, int looks);

/* What is asked of a test. */
struct boundary_plan {
    double alpha;          /* P(keep | effect 0): 0 < alpha < 0.5 */
    int first;             /* the first look that decides; 1 <= first <= looks */
    int looks;             /* at most; 1 … BOUNDARY_MAX */
    double effect;         /* the design effect, > 0 */
    double futility_power; /* > 0; the less, the earlier a useless candidate is reverted */
};

#define BOUNDARY_FUTILITY 0.6 /* the reference design's futility_power */

/*
 * Looks before `first` decide nothing (their bounds are +-BOUNDARY_BLIND) and what they might have
 * spent is spent at `first`: for a variance that one pair cannot tell.  Usage error where the plan
 * is out of range.
 */
#define BOUNDARY_BLIND 9.0
int boundary_compute(struct boundary *out, const struct boundary_plan *plan, struct err *err);

/* P(keep) and the expected number of pairs under a true effect. */
void boundary_power(double *keep, double *pairs, const struct boundary *boundary, double effect);

/* The effect at which P(keep) is `power`: the smallest that the test sees so often.  `power` lies
 * between alpha and 1. */
double boundary_visible(const struct boundary *boundary, double power);

/*
 * P(outcome at least as good as z at look n) under a true effect, outcomes ordered by stage: a keep
 * is better the earlier it comes, a revert the later; at the same look the larger z is better.
 * Increasing in the effect, so it is a p-value function: the effects at which it is p and 1-p
 * bound an interval of level 1-2p, the one at 1/2 is the median-unbiased estimate (Tsiatis, Rosner
 * & Mehta 1984, Biometrics 40, 797; Jennison & Turnbull 2000, chapter 8).
 */
double boundary_tail(const struct boundary *boundary, int n, double z, double effect);

#endif
