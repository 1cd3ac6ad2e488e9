/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * paired_test.h - one config against another on fresh seeds, pair by pair.
 *
 * Both run on a seed that nothing else of the study uses; after each pair the judge looks.  A
 * verification, a placebo's test and a proposal of the procedure `paired` are such tests.  A
 * confirmation is one without looks: a number of pairs that was fixed before.
 */
#ifndef HARNESS_PAIRED_TEST_H
#define HARNESS_PAIRED_TEST_H

#include "needs.h"

struct paired_test {
    enum decision_kind kind;
    int64_t experiment, against; /* equal: against itself, salted */
    int64_t test;                /* its number, > 0 */
};

/* What the test needs next.  A decision is complete but for incumbent and head, which are left as
 * they are; its alpha is the judge's. */
void paired_test_next(struct needs *out, const struct record *record,
                      const struct paired_test *test, const struct judge *judge,
                      const struct noise *noise);

/* The same for `seeds` pairs without looks; the interval has CONFIRM_LEVEL.  Kept where it lies
 * above 0, failed where the experiment failed on a seed. */
#define CONFIRM_LEVEL 0.95
void paired_test_confirm(struct needs *out, const struct record *record,
                         const struct paired_test *test, size_t seeds);

#endif
