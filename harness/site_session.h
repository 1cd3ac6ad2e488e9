/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * site_session.h - where a session's runs happen: chosen, looked at, opened, and closed again.
 *
 * While an executor with a queue is open, the record holds its kind and the uuid that its jobs
 * bear ("slurm 0123…"), from before the first of them is submitted until none of them can be left.
 * A session that finds them there asks that queue before it does anything.
 */
#ifndef HARNESS_SITE_SESSION_H
#define HARNESS_SITE_SESSION_H

#include "executor.h"
#include "place.h"
#include "store.h"
#include "study.h"

/* The executor that `word` names (--executor), or the study's own where it is NULL; the study is
 * changed to that.  A usage error for one that there is not, or that lacks what it needs here. */
int site_choose(const struct executor **out, struct study *study, const char *word,
                struct err *err);

/* Runs at a time, where no -j says otherwise. */
int site_jobs(const struct study *study);

/* Ends what an earlier session has left in a queue, then opens; or, where `adopts` and it is the
 * same queue, opens with that session's uuid, so that its runs may go on (site_holds()).  `study`
 * and `place` are borrowed.  The caller ends with site_end(). */
int site_begin(struct site *out, const struct executor *executor, const struct study *study,
               const struct place *place, struct store *store, bool adopts, struct err *err);

/* Closes; all its runs are recorded. */
int site_end(struct site *site, const struct place *place, struct store *store, struct err *err);

/* The folder that holds the runs' own: run_dir/runs, or for a study with executor.shared one in
 * that folder, to which run_dir/runs becomes a link. */
int site_make_runs(const struct executor_rule *rule, const struct place *place, struct err *err);

#endif
