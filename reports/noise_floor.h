/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * noise_floor.h - what the record says about its noise: from the audit, or learnt on the way.
 */
#ifndef REPORTS_NOISE_FLOOR_H
#define REPORTS_NOISE_FLOOR_H

#include "audit.h"
#include "err.h"
#include "facts.h"

struct noise_floor {
    bool audited;
    struct audit audit; /* where audited */
    double pair_sd;     /* of one difference, pooled within the tests [metric]; NAN: unknown */
    size_t pair_df;
    struct judge judge; /* the test that `visible` is about, at the level of the last test made */
    double visible;     /* gain that it keeps with probability AUDIT_POWER; NAN: unknown */
};

/* -1 where the study's rule makes no test. */
int noise_floor_measure(struct noise_floor *out, const struct facts *facts, struct err *err);

/* The SD of a paired difference: the audit's, or else the tests'. */
double noise_floor_sd(const struct noise_floor *floor);

#endif
