/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger_part.h - what the ledger's own files share: objects as bytes, trees as bytes, the lock of
 * a ref.
 */
#ifndef EXPERIMENTS_LEDGER_PART_H
#define EXPERIMENTS_LEDGER_PART_H

#include <git2.h>
#include <git2/sys/mempack.h>

#include "ledger.h"
#include "str.h"

#define LEDGER_EPOCH    946684800       /* 2000-01-01: the commit times count decisions from here */
#define LEDGER_DECISION "decision.yaml" /* of the line of keeps; the log has decisions/ */

struct ledger {
    git_repository *repo;
    git_odb *odb;
    git_odb *planned; /* objects of plans that are not published yet, in memory */
    git_odb_backend *planned_in;
};

struct object {
    git_object_t type;
    git_oid id;
    char *bytes; /* [len] */
    size_t len;
};

/* The line, ": " and what libgit2 said; an environment error.  Always -1. */
int ledger_error(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For something of the repository that cannot be had: an environment error where the system did not
 * let it be read, else it is missing or damaged, and that is an integrity error.  Always -1. */
int ledger_unreadable(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Closes the repository and opens it again: libgit2 keeps the index of each pack that it has looked
 * into, and a study writes one for every group of commits. */
int ledger_reopen(struct ledger *ledger, struct err *err);

/* --- trees as git stores them: "mode name\0" and 20 bytes of id, sorted -------------------------
 */

#define TREE_FILE   0100644u
#define TREE_FOLDER 0040000u

/* The entry `name` of a tree [len].  1: found, 0: absent, -1: these bytes are no tree. */
int tree_find(git_oid *id, const char *tree, size_t len, const char *name);

/* A copy of `tree` [len] with one entry added, or replaced where the name is there.  -1 where these
 * bytes are no tree. */
int tree_put(struct str *out, const char *tree, size_t len, unsigned mode, const char *name,
             const git_oid *id);

/* --- objects and refs ---------------------------------------------------------------------------
 */

/* An object that is planned or in the repository; libgit2's return code. */
int object_read(git_odb_object **out, struct ledger *ledger, const git_oid *id);

/* Is the object in the repository, byte for byte? */
bool object_is_whole(struct ledger *ledger, const struct object *object);

/* Makes sure that the object is in the repository, whole; a damaged loose one is replaced. */
int object_publish(struct ledger *ledger, const struct object *object, struct err *err);

/* The same for many, written as one pack. */
int objects_publish_packed(struct ledger *ledger, const struct object *const *objects, size_t n,
                           struct err *err);

/* An integrity error that names an object that was not found whole, or an environment error where
 * the system would not let it be read. */
int object_damaged(struct ledger *ledger, const struct object *object, struct err *err);

/* Removes the loose file of an object that is damaged, where there is one. */
int object_remove_damaged(struct ledger *ledger, const struct object *object, struct err *err);

/*
 * Moves the lock file of the plan's ref that a killed process left behind to nightshift-trash/ in
 * the repository, and warns: 1.  0 where it is not known to be stale: somebody has it open, or it
 * holds anything but nothing, the commit or its parent.  Only for the holder of the study's lock.
 */
int ref_lock_clear_stale(struct ledger *ledger, const struct plan *plan, struct err *err);

#endif
