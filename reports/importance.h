/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * importance.h - which parameters moved the metric, by functional ANOVA on a random forest
 * (fanova.h) over the means of the study's experiments.
 *
 * Each experiment counts once, placebos not at all; at most IMPORTANCE_MOST of them, spread evenly.
 * A mean that is worse than the upper quartile by more than three times the interquartile range
 * (Tukey's outer fence) counts as that: what diverged would explain everything.
 */
#ifndef REPORTS_IMPORTANCE_H
#define REPORTS_IMPORTANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "fanova.h"
#include "record.h"

enum { IMPORTANCE_LEAST = 20, IMPORTANCE_MOST = 1000, IMPORTANCE_PAIRS = 5 };
#define IMPORTANCE_EXPLAINED 0.1 /* the forest must foretell so much, or nothing is divided */

struct importance_param {
    size_t param;                               /* index in the space */
    struct fanova_value share;                  /* of the variance, alone */
    struct fanova_value marginal[FANOVA_CELLS]; /* the metric as printed */
};

struct importance_pair {
    size_t a, b; /* indices in the space */
    struct fanova_value share;
};

struct importance {
    size_t experiments; /* whose means were used */
    size_t fenced;      /* of these, those beyond the fence */
    double explained;   /* by the forest, of what it had not seen; NAN: none was grown */
    bool known;         /* enough experiments, and enough explained */
    struct importance_param *params; /* [n_params] the largest share first */
    size_t n_params;
    struct importance_pair pairs[IMPORTANCE_PAIRS]; /* the largest first, of the first parameters */
    size_t n_pairs;
};

void importance_measure(struct importance *out, const struct record *record);
void importance_clear(struct importance *importance);

#endif
