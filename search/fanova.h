/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fanova.h - how much of what a forest says is due to which parameter: functional ANOVA (Hutter,
 * Hoos & Leyton-Brown 2014, "An efficient approach for assessing hyperparameter importance", ICML).
 *
 * The variance of a function over the unit cube is divided among sets U of coordinates:
 *     V_U = integral of a_U^2 - sum over the true subsets W of U of V_W,
 * a_U(x) the mean over all other coordinates, V_{} = (mean of all)^2.  A share is V_U by the
 * variance; the shares of all U add up to 1.  Where we differ: they divide each tree and take the
 * mean of its shares; we divide the mean of the trees, since single trees hold much chance that
 * their mean has not, all of which would go to the many-fold interactions.  The means a_U come from
 * the trees' boxes, averaged over cells; the variance from values at points.
 *
 * The interval is that of 90 %, from the standard error that the groups of the forest show (each on
 * points drawn anew): the jackknife over the groups gives the error of their mean, and one sample
 * of points, which is all there is, has the square root of their number times that.
 *
 * What a forest does not know it cannot divide: read forest.explained first.
 */
#ifndef SEARCH_FANOVA_H
#define SEARCH_FANOVA_H

#include "forest.h"

struct fanova_value {
    double mean, low, high; /* NAN: unknown; low and high where there is one group alone */
};

struct fanova {
    const struct forest *forest; /* borrowed */
    size_t n_groups;
    double *variance; /* [n_groups + 1] without group g; the last: of all */
};

void fanova_init(struct fanova *out, const struct forest *forest);
void fanova_clear(struct fanova *fanova);

/* The share of coordinate i alone, and of i and j together beyond what each explains alone. */
struct fanova_value fanova_main(const struct fanova *fanova, size_t i);
struct fanova_value fanova_pair(const struct fanova *fanova, size_t i, size_t j);

/*
 * a_i over FANOVA_CELLS equal cells of coordinate i: the mean of the value over all other
 * coordinates (its partial dependence, were the points spread evenly).
 */
enum { FANOVA_CELLS = 64 };
void fanova_marginal(struct fanova_value out[FANOVA_CELLS], const struct fanova *fanova, size_t i);

#endif
