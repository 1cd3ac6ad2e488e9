/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_split.h - how much better a confirmed config is on the test split.
 *
 * The only place that reads test losses, and only those of a confirmation's runs: whatever else
 * saw them could be chosen by, and then the split would be spent.
 */
#ifndef REPORTS_TEST_SPLIT_H
#define REPORTS_TEST_SPLIT_H

#include "claim.h"
#include "err.h"
#include "store.h"

/*
 * The mean over the confirmation's pairs of the baseline's test loss less the experiment's (a
 * loss: positive is better, whatever the metric), with Student's interval of level 0.95; that is
 * unknown where nothing spreads.  *n: pairs whose runs both printed one; 0: the mean is NAN.
 */
int test_split_measure(struct effect *out, size_t *n, const struct record *record,
                       const struct decision *confirmation, struct store *store, struct err *err);

#endif
