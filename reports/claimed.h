/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claimed.h - what the tests that kept a config said of it, before anybody looked again.
 *
 * A test that kept has seen a large effect, so its effect is biased upwards: the optimistic number,
 * to be shown beside a confirmation and never alone.
 */
#ifndef REPORTS_CLAIMED_H
#define REPORTS_CLAIMED_H

#include "record.h"

struct claimed {
    size_t tests;           /* behind the number; 0: nothing was claimed */
    double mean, low, high; /* against the baseline; the interval of one test alone, else NAN */
    bool verified;          /* by tests; false: by the search head's estimate */
};

/*
 * Of `experiment` against the baseline: the effect at the test that verified it, where that was
 * against an earlier keep that one's too, and so on, added up.  Where no test kept it, the effect
 * at its newest decision against the baseline.
 */
void claimed_read(struct claimed *out, const struct record *record, int64_t experiment);

/* The newest test that kept `experiment`; NULL: none.  Borrowed. */
const struct decision *claimed_test(const struct record *record, int64_t experiment);

/* The newest confirmation of `experiment`; NULL: none.  Borrowed. */
const struct decision *claimed_confirmation(const struct record *record, int64_t experiment);

#endif
