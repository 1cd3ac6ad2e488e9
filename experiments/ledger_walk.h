/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger_walk.h - looking at commits and objects one by one, for doctor and for repair.
 */
#ifndef EXPERIMENTS_LEDGER_WALK_H
#define EXPERIMENTS_LEDGER_WALK_H

#include "ledger.h"
#include "str.h"

/* The bytes of a commit as git hashes them (header left out); *out NULL where there is no such
 * commit.  The caller frees.  -1: it is damaged. */
int ledger_commit_bytes(struct ledger *ledger, char **out, size_t *len, const char *commit,
                        struct err *err);

/* The first parent of a commit, "" of a first one.  -1: it is missing or damaged. */
int ledger_parent(struct ledger *ledger, char out[41], const char *commit, struct err *err);

/* Reads and hashes every object that `commit` has and its parent ("": none) has not, the commit
 * itself too.  What is missing or damaged is written, the first of them. */
void ledger_check_objects(struct ledger *ledger, struct str *found, const char *commit,
                          const char *parent);

/* Moves `ref` from where it is ("": nowhere) to `commit`, by compare-and-swap. */
int ledger_set(struct ledger *ledger, const char *ref, const char *from, const char *commit,
               struct err *err);

/* Writes what is missing or damaged of a plan's objects; the ref is left alone. */
int ledger_write_objects(struct ledger *ledger, const struct plan *plan, struct err *err);

/* The file of a loose ref, which need not be there; the caller frees. */
char *ledger_ref_path(struct ledger *ledger, const char *ref);

/* The lock file of a ref, which need not be there; the caller frees. */
char *ledger_lock_path(struct ledger *ledger, const char *ref);

/* Is the lock of a ref of ours one that a killed process left behind (ledger_lock.c)?  For the
 * holder of the study's lock.  `commits`: ids that it may hold, NULL-terminated. */
bool ledger_lock_is_stale(struct ledger *ledger, const char *ref, const char *const *commits);

#endif
