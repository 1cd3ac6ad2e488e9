/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.h - from a config to the job that runs it, and from a run's directory to what it left.
 * Used by the loop and by `reproduce`, so that a repetition is started exactly as the original was.
 */
#ifndef HARNESS_LAUNCH_H
#define HARNESS_LAUNCH_H

#include "checkout.h"
#include "executor.h"
#include "store.h"
#include "study.h"

struct launch { /* all borrowed */
    const struct study *study;
    const char *study_dir, *program, *dir;
    const struct value *config;
    uint32_t seed;
    int64_t steps; /* calibrated; 0: unknown */
    const int *cpus;
    size_t n_cpus;
    const char *source;       /* commit that the trainer is built from; "": `program` is it */
    struct checkout checkout; /* where, if it is built */
    const char *evaluator;    /* the program that judges, absolute; NULL: the run itself does */
};

/* Writes DIR/config.json and fills the job; its argv and environment are freed by launch_clear(),
 * dir and cpus stay borrowed. */
int launch_prepare(struct job *out, const struct launch *launch, struct err *err);
void launch_clear(struct job *job);

/* The job that judges what a run left: the study's `evaluate`, as unpatched as it ever was.  It
 * works in `dir`, which it takes over; checkout_clear_job() frees it. */
void launch_evaluation(struct job *out, const struct launch *launch, char *dir);

/* True for a name in a run's directory that belongs to the supervision and not to the trainer. */
bool launch_is_ours(const char *name);

/* The files that a trainer left in its directory, hashed, but what belongs to the supervision
 * itself.  The caller frees with artifacts_free(). */
int launch_files(struct artifact **out, size_t *n, const char *dir, struct err *err);

#endif
