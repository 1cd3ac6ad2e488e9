/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * density.h - how densely experiments lie in a space: the Parzen estimator of `tpe`.
 *
 * Multivariate, as in BOHB (Falkner, Klein & Hutter 2018, arXiv:1807.01774): a mixture with one
 * product of kernels for each experiment, and one part for the whole space.
 *     a number: a normal density, cut off at 0 and 1; its standard deviation is Scott's,
 *               sd n^(-1/(d + 4)), by parameter, within DENSITY_WIDTH_MIN (or half of a step of its
 *               own) and DENSITY_WIDTH_MAX;
 *     a choice of k: its value with probability 1 - b + b/k, each other with b/k (Aitchison &
 *               Aitken 1976, doi 10.1093/biomet/63.3.413), b = n^(-1/(d + 4)) / 2;
 *     inactive in the experiment or in the config: any value alike, as in the tree.
 *
 * The exponent of a product of normal densities is a scalar product of scaled coordinates, which is
 * what a proposal in a wide space costs: numbers that are never inactive go that way.
 */
#ifndef SEARCH_DENSITY_H
#define SEARCH_DENSITY_H

#include <stdbool.h>

#include "ranking.h"
#include "rng.h"
#include "space.h"
#include "strategy.h"

#define DENSITY_WIDTH_MIN 0.03
#define DENSITY_WIDTH_MAX 0.5

/* A searched parameter that is a choice, or may be inactive. */
struct density_part {
    size_t at; /* in the space */
    bool choice;
    double same, differs; /* of a choice: log densities of its own value, and of another */
};

struct density {
    const struct space *space;
    const struct history *history;
    const struct ranked *list; /* [n] whose experiments; their keys do not matter */
    size_t n;
    double *width; /* [space->n] SD; of a choice: b; 0 where there is nothing to search */
    size_t *plain; /* [n_plain] the numbers that are never inactive */
    size_t n_plain;
    double *scaled;              /* [n, n_plain] their coordinates, divided by their widths */
    double *constant;            /* [n] what the plain ones add to the log whatever the config */
    struct density_part *others; /* [n_others] */
    size_t n_others;
    double *centre; /* [n, n_others] their coordinates; NAN: inactive there */
    double *mass;   /* [n, n_others] log of what a normal density is divided by; 0 of choices */
};

/* Everything given is borrowed until density_clear(); n may be 0. */
void density_init(struct density *density, const struct space *space, const struct history *history,
                  const struct ranked *list, size_t n);
void density_clear(struct density *density);

/* Log density of a config, relative to any value alike; unit: space_encode() of it, as the
 * history's are of theirs. */
double density_log(const struct density *density, const struct value *config, const double *unit);

/* A point of the mixture. */
void density_draw(double *unit, const struct density *density, struct rng *rng);

#endif
