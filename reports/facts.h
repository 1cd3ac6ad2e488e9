/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * facts.h - what follows from a record: seeds, means, differences, the best config.
 *
 * Commands and report sections both read the record through this, so they say the same.  The index
 * is made once, in one pass; nothing here reads a clock or a file.
 */
#ifndef REPORTS_FACTS_H
#define REPORTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "run_files.h"

struct importance;
struct learning;

struct facts {
    const struct record *record;     /* borrowed */
    const struct run_files *files;   /* what runs left on disk; borrowed; NULL: the record alone */
    const struct learning *learning; /* where it was measured (learning.h); borrowed */
    const struct importance *importance; /* where it was measured (importance.h); borrowed */
    size_t *run_first;  /* [n_experiments + 1] where an experiment's runs begin in run_at */
    size_t *run_at;     /* [n_runs] indices of record->runs, by experiment, then by start */
    size_t *pair_first; /* the same for the pairs in which it is the candidate */
    size_t *pair_at;    /* [n_pairs] */
    size_t *by_name;    /* [space.n] the study's parameters, sorted by name */
};

void facts_init(struct facts *out, const struct record *record);
void facts_clear(struct facts *facts);

const char *outcome_name(enum outcome outcome); /* "pending", "keep", "revert", "failed" */

/* What became of an experiment; OUTCOME_PENDING before its decision. */
enum outcome facts_outcome(const struct facts *facts, int64_t experiment);

/* A run that ended badly and was not repeated: a failure, not one that the harness lost or ended
 * early. */
bool run_is_failure(const struct record *record, const struct run *run);

/*
 * The seeds on which an experiment's runs have ended: those of its own pairs in their order, then
 * every other one in the order of first starts.  Runs that the harness lost are not among them.
 * Returns how many; the caller frees *out.
 */
size_t facts_seeds(uint32_t **out, const struct facts *facts, int64_t experiment);

/* The metric as printed; NAN for a failed, lost or missing run. */
double facts_value(const struct facts *facts, int64_t experiment, uint32_t seed);

/* Standard error of the mean of record_summary(); NAN below two seeds. */
double summary_se(const struct summary *summary);

/* The difference of a pair, in the metric's unit, positive where the candidate is better; NAN
 * unless both runs are ok. */
double facts_difference(const struct facts *facts, const struct pair *pair);

/* Two experiments on the seeds that both ran on, positive where `b` is better than `a`. */
struct comparison {
    size_t n;
    double mean, sd;  /* of the differences; NAN where there are too few */
    double low, high; /* Student's t, level 1 - 2 alpha; NAN below two seeds or where sd is 0 */
};
void facts_compare(struct comparison *out, const struct facts *facts, int64_t a, int64_t b);

/*
 * The same from the means over all seeds of each, paired or not: Welch's t (Welch 1947, doi
 * 10.2307/2332510; Satterthwaite 1946), level 1 - 2 alpha.  n is the smaller number of seeds, sd
 * the standard error of the difference.
 */
void facts_compare_means(struct comparison *out, const struct facts *facts, int64_t a, int64_t b);

/* The newest decision that compared `experiment` with `against`; NULL: none.  Borrowed. */
const struct decision *facts_decision_between(const struct facts *facts, int64_t experiment,
                                              int64_t against);

/* The baseline that all else began from: the one that was kept, or else the last one tried (a
 * baseline that failed is tried again as an experiment of its own).  1 in an empty record. */
int64_t facts_baseline(const struct facts *facts);

/* The verified incumbent; 0 while there is none. */
int64_t facts_verified(const struct facts *facts);

/* The experiment whose config this one was changed from: its incumbent; 0 for the baseline. */
int64_t facts_origin(const struct facts *facts, int64_t experiment);

/* What it changed ("lr 0.0006 -> 0.0008"), "baseline" for the baseline.  The caller frees. */
char *facts_change(const struct facts *facts, int64_t experiment);

/* Pooled SD of one paired difference within tests, and its degrees of freedom (0: unknown); pairs
 * of a config with itself are left out. */
double facts_pair_sd(const struct facts *facts, size_t *df);

#endif
