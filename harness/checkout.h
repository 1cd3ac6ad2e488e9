/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkout.h - where the trainer's source is built: one folder for each commit, ROOT/<commit>, and
 * the build's own files beside it in ROOT/<commit>.build.
 *
 * They are scratch: a session begins without them and makes what it needs from git.
 */
#ifndef HARNESS_CHECKOUT_H
#define HARNESS_CHECKOUT_H

#include "executor.h"
#include "ledger.h"
#include "study.h"

struct checkout { /* all borrowed */
    struct ledger *source;
    const char *root;
};

/* ROOT/<commit>; made where it is not there.  The caller frees. */
int checkout_make(char **out, const struct checkout *checkout, const char *commit, struct err *err);

/* The program that a build of the commit leaves, whether it is there yet or not.  The caller frees.
 */
char *checkout_program(const struct checkout *checkout, const struct study *study,
                       const char *commit);

/* Ends builds of an earlier harness and removes the whole root. */
int checkout_clear_root(const char *root, const struct site *site, struct err *err);

/* Is the commit still to be built or run: the base, of the head, the verified or the baseline, or
 * of an experiment that is not decided? */
bool checkout_is_needed(const struct record *record, const char *commit);

/* Removes a commit's folders; what is needed again is made again. */
int checkout_forget(const struct checkout *checkout, const char *commit, struct err *err);

/* Has the commit been built? */
bool checkout_is_built(const struct checkout *checkout, const char *commit);

/* The job that builds it; its dir, argv and environment are freed by checkout_clear_job(). */
int checkout_build_job(struct job *out, const struct checkout *checkout, const struct study *study,
                       const char *commit, struct err *err);
void checkout_clear_job(struct job *job);

/* After the build: the program must be there.  A usage error where it is not. */
int checkout_finish(const struct checkout *checkout, const struct study *study, const char *commit,
                    struct err *err);

#endif
