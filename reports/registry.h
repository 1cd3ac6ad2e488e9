/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * registry.h - the claims of many studies, and what became of each.
 *
 * Nothing is kept beside the records: the registry is made from those that are given, so it cannot
 * disagree with its evidence.  Two studies make the same claim where metric, trainer, both configs
 * and the margin are the same, whatever the claim's id and wording; then it was tested again.  The
 * same seeds once more are a repetition and no evidence of their own.
 *
 * The same records, in whatever order, give the same registry.
 */
#ifndef REPORTS_REGISTRY_H
#define REPORTS_REGISTRY_H

#include <stdbool.h>

#include "claim.h"
#include "record_hypothesis.h"

/* A claim in one study. */
struct registry_test {
    const struct record *record; /* borrowed */
    const char *study;           /* its name */
    size_t index;                /* of the hypothesis in it */
    const struct hypothesis *hypothesis;
    const struct decision *decision; /* NULL: open */
    enum claim_verdict verdict;
    bool repeats;  /* on the seeds of an earlier one of the list */
    int64_t ended; /* Unix seconds of its last run's end; 0: unknown */
    char identity[SHA256_TEXT];
};

/* A claim over all studies: tests[first … first + n - 1] of the registry, oldest first. */
struct registry_claim {
    size_t first, n;
    size_t verdicts; /* tests that are decided and repeat nothing */
    /* What its tests agree on: the verdict of those that are conclusive; INCONCLUSIVE where none is
     * or they contradict each other; OPEN where none is decided. */
    enum claim_verdict stands;
};

struct registry {
    struct registry_test *tests; /* [n] */
    size_t n;
    struct registry_claim *claims; /* [n_claims] in the order of study names and files */
    size_t n_claims;
};

/* Adds what a record claims; it is borrowed until registry_clear(). */
void registry_add(struct registry *registry, const struct record *record);

/* When all are added: sorts tests into claims. */
void registry_settle(struct registry *registry);
void registry_clear(struct registry *registry);

/* "verified", …; "retested" where there is more than one verdict. */
const char *registry_status(const struct registry_claim *claim);

/* The verdicts in order, "verified -> inconclusive"; the caller frees. */
char *registry_moves(const struct registry *registry, const struct registry_claim *claim);

/* The test that a claim is told by: its newest that is conclusive, or else its newest. */
const struct registry_test *registry_told_by(const struct registry *registry,
                                             const struct registry_claim *claim);

/* The ids that a claim goes by, and the studies that make it: those of the test that it is told by
 * first, each once; the caller frees. */
char *registry_ids(const struct registry *registry, const struct registry_claim *claim);
char *registry_studies(const struct registry *registry, const struct registry_claim *claim);

/* The experiments that a test compares: the better one as claimed, the other.  0: not there yet. */
void registry_sides(int64_t sides[2], const struct registry_test *test);

/* "2026-11-21", or a dash; the caller frees. */
char *registry_date(const struct registry_test *test);

#endif
