/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.h - is the candidate really better, or just lucky?
 *
 * Incumbent and candidate run on the same seeds; the judge looks after each pair of runs at their
 * difference d = incumbent - candidate (of a loss: positive is better) and says keep, revert or
 * more seeds.  It is a group-sequential test (boundary.h) of "the mean of d is at most min_gain"
 * on moderated variances (noise.h).  The promise: of candidates without the gain, at most alpha are
 * kept, whatever the number of looks.  docs/statistics.md tells the whole procedure.
 *
 * Pure functions: the same pairs and prior give the same judgement.
 */
#ifndef SEARCH_JUDGE_H
#define SEARCH_JUDGE_H

#include <stddef.h>

#include "boundary.h"
#include "err.h"
#include "noise.h"

enum verdict { VERDICT_KEEP, VERDICT_REVERT, VERDICT_MORE_SEEDS };

struct judge_rule {
    double alpha;    /* P(keep | no gain) at most; 1e-9 … 0.2 */
    int max_seeds;   /* pairs after which it is decided; 1 … BOUNDARY_MAX */
    double min_gain; /* the gain that does not matter yet [metric]; >= 0 */
};

struct judge {
    struct judge_rule rule;
    struct boundary boundary; /* at 0.8 alpha or less: an unknown variance costs the rest */
    struct boundary blind;    /* the same where nothing is known and one pair decides nothing */
    int certain_pairs;        /* so many equal differences are a keep without a variance */
};

struct judgement {
    enum verdict verdict;
    int n;       /* pairs looked at */
    double mean; /* of the differences; NAN without pairs */
    /* Confidence interval of the effect by stage-wise ordering, both bounds in force; widened to
     * the plain t interval where that reaches further, but never across the verdict.  Level
     * 1 - 2 * boundary.alpha on a known variance, so about 1 - 2 * rule.alpha.
     * keep: low >= min_gain.  revert: low <= min_gain.  more seeds: as if it ended here.
     * NAN while the variance is unknown; a point where the differences have none. */
    double low, high;
    double z;      /* of mean - min_gain; NAN while the variance is unknown */
    double sd, df; /* moderated SD of one difference, its degrees of freedom; NAN, 0: unknown */
    double keep_bound, revert_bound; /* for z at this look */
    char reason[200];                /* one plain sentence for a person, without a full stop */
};

/* Computes the boundaries once.  -1 with a usage error where the rule is out of range. */
int judge_init(struct judge *out, const struct judge_rule *rule, struct err *err);

/*
 * Decides on all pairs so far; earlier looks are known to have said VERDICT_MORE_SEEDS.
 *
 *   prior     what is known of the noise from other candidates, never from this one
 *   diff [n]  differences in the order of the pairs, each finite; those after the last look are
 *             not looked at
 *
 * Where the test has no variance to go by:
 *   every difference exactly 0           revert: a no-op, whatever the prior
 *   one pair, nothing known              more seeds; revert where it was the last
 *   equal differences, nothing known     the trainer ignores seeds, or the metric is rounded
 *                                        coarsely: from 2 pairs on revert where they are at most
 *                                        min_gain, keep at certain_pairs (why: judge.c), revert
 * where the last look comes first
 */
void judge_pairs(struct judgement *out, const struct judge *judge, const struct noise *prior,
                 const double *diff, size_t n);

const char *verdict_name(enum verdict verdict); /* "keep", "revert", "more seeds" */

#endif
