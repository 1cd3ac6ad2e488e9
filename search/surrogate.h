/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * surrogate.h - what is believed of a space after some experiments: a model of the losses and one
 * of the failures.
 *
 * Losses: a Gaussian process (gaussian_process.h) over the features of feature_map.h, with a
 * constant mean.  (A quadratic trend has 2 d + 1 coefficients more, which the first tens of noisy
 * runs cannot tell; with the long lengths that the prior favours the process is itself nearly
 * quadratic where the data say so.)
 *
 * Failures: a second process learns 0 for a failure and 1 for a success (least-squares
 * classification, Rasmussen & Williams 2006, section 6.5).
 *
 * Pending and failed experiments count as if their loss were the posterior mean, without noise
 * ("kriging believer", Ginsbourger, Le Riche & Carraro 2010, doi 10.1007/978-3-642-10701-6_6): the
 * process is sure there, so it does not go there again.
 *
 * Best is the config of the least posterior mean + SD, the "effective best solution" of Huang,
 * Allen, Notz & Zeng 2006, doi 10.1007/s10898-005-2454-3: of many means the least is a lucky one,
 * the more so the less is known about it.
 *
 * Of a long history SURROGATE_POINTS experiments count: the better half of them for its losses (or
 * failures), and the newest of the others.
 */
#ifndef SEARCH_SURROGATE_H
#define SEARCH_SURROGATE_H

#include "feature_map.h"
#include "gaussian_process.h"
#include "strategy.h"

enum { SURROGATE_POINTS = 400, SURROGATE_MISSING = 64, SURROGATE_INCUMBENTS = 3 };

struct surrogate {
    struct features features;
    struct gp loss, success; /* without points where nothing is known */
    size_t incumbents[SURROGATE_INCUMBENTS], n_incumbents; /* in the history, best first */
    double best; /* posterior mean of the first: never a raw loss */
    double *x;   /* [features.n] scratch */
};

void surrogate_init(struct surrogate *surrogate, const struct space *space,
                    const struct history *history);
void surrogate_clear(struct surrogate *surrogate);

#endif
