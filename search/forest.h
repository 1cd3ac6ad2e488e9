/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forest.h - a random forest over the unit cube (Breiman 2001, doi 10.1023/A:1010933404324).
 *
 * Regression trees on bootstrap samples, FOREST_GROUP of them on each; at each node a random share
 * of the coordinates is looked at, and the split with the least squares about both means is taken,
 * halfway between two neighbours.  Coordinates are taken as ordered, choices too.  A tree cuts the
 * cube into boxes with one value each, which is what fanova.h integrates; the groups, each on
 * points drawn anew, tell how far that can be trusted.  Pure: the same seed gives the same forest.
 */
#ifndef SEARCH_FOREST_H
#define SEARCH_FOREST_H

#include <stddef.h>
#include <stdint.h>

/* Either a split (left and right are nodes further on) or a leaf (left 0). */
struct forest_node {
    size_t left, right;
    size_t coordinate; /* goes left below `at` */
    double at;
    double value; /* of a leaf: the mean of its sample */
};

struct forest_tree {
    struct forest_node *nodes; /* [n], the root first */
    size_t n;
};

struct forest {
    struct forest_tree *trees; /* [n_trees], group by group */
    size_t n_trees;
    size_t d;         /* coordinates of a point */
    double explained; /* share of the variance that was foretold of points that a tree had not seen
                         (out of bag): 1 all, 0 no better than the mean; NAN: unknown */
};

enum { FOREST_GROUP = 8, FOREST_GROUPS = 8 };

/*
 * x [n, d] points, y [n] finite values; leaf: the fewest points of a leaf (at least 1).  n >= 1,
 * d >= 1.  Free with forest_clear().
 */
void forest_grow(struct forest *out, const double *x, const double *y, size_t n, size_t d,
                 size_t leaf, uint64_t seed);
void forest_clear(struct forest *forest);

double forest_tree_value(const struct forest_tree *tree, const double *point);

#endif
