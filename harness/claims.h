/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claims.h - the hypotheses of a study, tested one after the other before the search.
 *
 * A claim's two configs become experiments, unless they are some already, and run in pairs on seeds
 * that nothing else of the study uses, until the test (claim_test.h) says what is true or has used
 * up its seeds.  Where either side fails on a seed there is nothing to compare, and it ends there.
 */
#ifndef HARNESS_CLAIMS_H
#define HARNESS_CLAIMS_H

#include "claim_test.h"
#include "needs.h"

/* What the next open hypothesis needs, as test number `test`: NEED_EXPERIMENT, NEED_PAIR, NEED_RUNS
 * or its decision.  There is an open one. */
void claims_next(struct needs *out, const struct record *record, int64_t test,
                 const struct claim_test *rule);

#endif
