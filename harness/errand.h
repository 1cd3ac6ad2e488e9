/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * errand.h - what the commands have in common that send a study on an errand (noise, confirm)
 * instead of through a night: their -j, and the loop until the errand is done.
 */
#ifndef HARNESS_ERRAND_H
#define HARNESS_ERRAND_H

#include "command.h"
#include "loop.h"

/* The row of -j, and its value: as the study says where it was not given.  Usage error where it is
 * no number of runs; `study` NULL: only that is looked at. */
#define ERRAND_JOBS                                                                                \
    {                                                                                              \
        "jobs", 'j', "N", "runs at a time (jobs)"                                                  \
    }
int errand_jobs(int *out, const struct command *command, const struct arguments *arguments,
                const struct study *study, struct err *err);

/* Drives the session until the errand is done: 0.  128 + signal where it was asked to stop (the
 * same command goes on), -1 on error; a baseline that fails is one. */
int errand_run(struct session *session, const struct errand *errand, int jobs, struct err *err);

/* "the baseline (experiment 1) failed on seed 7: exit 3 (…); mend …": always -1. */
int errand_baseline_failed(const struct record *record, const struct decision *decision,
                           struct err *err);

#endif
