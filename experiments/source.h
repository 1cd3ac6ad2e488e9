/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source.h - the trainer's source in git, and patches of it.
 *
 * A patch becomes a commit on top of what it patches, by libgit2 alone: HEAD, index and work tree
 * of the repository are never looked at or touched, and no hook or filter runs.  The commit's bytes
 * follow from parent and tree, so the same patch of the same source is the same commit.  It is kept
 * by a ref of its own, refs/nightshift/<study>/<experiment>.
 */
#ifndef EXPERIMENTS_SOURCE_H
#define EXPERIMENTS_SOURCE_H

#include "ledger.h"
#include "study.h"

/* The repository that the study's source lies in; ledger_close() closes it.  A usage error where
 * there is none. */
int source_open(struct ledger **out, const struct source_rule *rule, const char *study_dir,
                struct err *err);

/* The commit that is built where nothing was patched, as it is now: 40 hex digits. */
int source_resolve(struct ledger *source, char out[41], const struct source_rule *rule,
                   struct err *err);

/* May a patch touch this path?  "dir/" and two asterisks stand for all below dir; elsewhere an
 * asterisk stands for anything but a slash. */
bool source_allows(const struct source_rule *rule, const char *path);

/*
 * The commit that `patch`, a unified diff, makes of commit `base`.  It is written to the
 * repository.  A usage error says why it is refused: it cannot be read, does not apply, changes
 * nothing, touches a path that is not allowed, or makes anything but a regular file.
 */
int source_patch(struct ledger *source, char out[41], const char *base, const char *patch,
                 const struct study *study, struct err *err);

/* Sets refs/nightshift/<study>/<experiment>, so that git keeps the commit. */
int source_keep(struct ledger *source, const char *commit, const char *study, int64_t experiment,
                struct err *err);

/* Writes the files of a commit into `dir`, which does not exist yet; it is there whole or not at
 * all.  Submodules are left out. */
int source_checkout(struct ledger *source, const char *commit, const char *dir, struct err *err);

#endif
