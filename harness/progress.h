/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.h - what a person sees while a night goes on: one line a decision, and on a terminal one
 * rewritten line with experiment, pairs, best so far and time left.
 */
#ifndef HARNESS_PROGRESS_H
#define HARNESS_PROGRESS_H

#include <stdint.h>

#include "record.h"

struct progress {
    double began;  /* clock_s() */
    double runs_s; /* sum of the durations of this session's runs */
    int64_t runs;
    double decided_s;    /* clock_s() of the last decision */
    double experiment_s; /* running mean of the time between decisions; 0 at first */
    int64_t decided;
};

void progress_init(struct progress *progress);
void progress_run_ended(struct progress *progress, double seconds);

/* Prints the line of the newest decision. */
void progress_decided(struct progress *progress, const struct record *record);

/* Why a decision is `failed`, with the trainer's last words: "failed on seed 7: exit 3 (…)". */
void progress_add_failure(struct str *out, const struct record *record,
                          const struct decision *decision);

/* About how long one experiment takes; 0 while nothing is known. */
double progress_experiment_s(const struct progress *progress);

/* About how long one run takes, from this session or from the record; 0 while nothing is known. */
double progress_run_s(const struct progress *progress, const struct record *record);

/* Rewrites the last line.  `done`: sum of the shares that the runs under way have done. */
void progress_show(const struct progress *progress, const struct record *record, size_t running,
                   double done, int64_t cap, double left_s);

#endif
