/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim_test.h - is a claim true, is its opposite true, or can it not be told?
 *
 * The claim says that the mean of paired differences is above `by`.  Two group-sequential tests
 * (boundary.h) look at the same pairs, each at half the level: one of "the mean is at most by", one
 * of "the mean is at least by".  Where the first is refuted the claim is verified, where the second
 * is, it is disproved; where neither is when the seeds are used up, it is inconclusive.  There is
 * no futility: a claim is worth all its seeds.  The promise: where the mean is `by`, at most alpha
 * of all claims get a verdict, right or wrong, whatever the number of looks.
 *
 * Nothing is taken over from other comparisons: the two sides of a claim may be as unlike as they
 * please, so the noise of others says nothing of theirs.  One pair therefore decides nothing.
 *
 * Pure functions: the same pairs give the same verdict.
 */
#ifndef SEARCH_CLAIM_TEST_H
#define SEARCH_CLAIM_TEST_H

#include <stddef.h>

#include "err.h"
#include "judge.h"

enum claim_verdict { CLAIM_OPEN, CLAIM_VERIFIED, CLAIM_DISPROVED, CLAIM_INCONCLUSIVE };
extern const char *const claim_verdict_names[]; /* "open", "verified", …, NULL */

struct claim_test {
    struct judge side; /* of either direction, at half the level and without futility */
    double alpha;      /* of both together */
};

struct claim_found {
    enum claim_verdict verdict; /* OPEN: more seeds */
    int n;                      /* pairs looked at */
    double mean;                /* of the differences; NAN without pairs */
    /* Interval of the effect, of level 1 - alpha or a little more.  Verified: low >= by.
     * Disproved: high < by.  Inconclusive: by lies inside.  NAN while the variance is unknown; a
     * point where the differences have none. */
    double low, high;
    double z;         /* of mean - by; NAN while the variance is unknown */
    double sd, df;    /* of one difference, its degrees of freedom; NAN, 0: unknown */
    char reason[200]; /* one plain sentence for a person, without a full stop */
};

/* Pairs that are wanted before anything can be decided. */
enum { CLAIM_FIRST_LOOK = 2 };

/* Computes the boundary once, for claims on max_seeds pairs at most (2 … BOUNDARY_MAX).  -1 with a
 * usage error where the level or the number is out of range. */
int claim_test_init(struct claim_test *out, double alpha, int max_seeds, struct err *err);

/* Decides on all pairs so far; earlier looks are known to have said OPEN.  diff [n], each finite;
 * those after the last look are not looked at. */
void claim_test_look(struct claim_found *out, const struct claim_test *test, double by,
                     const double *diff, size_t n);

#endif
