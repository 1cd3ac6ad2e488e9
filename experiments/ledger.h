/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.h - the record's mirror in git: one commit per decision on
 * refs/heads/nightshift/<name>-log, and one per verified keep on refs/heads/nightshift/<name>.
 *
 * HEAD, index and work tree are never touched, nothing is ever reset.  A commit is a pure function
 * of the record: it is planned (all its bytes and ids computed, nothing written), its intent is
 * stored, then it is published; publishing looks first whether it is done, so it may be repeated.
 */
#ifndef EXPERIMENTS_LEDGER_H
#define EXPERIMENTS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct ledger;

/*
 * Opens the repository that holds `study_dir`, or else makes (by temporary name and rename) and
 * opens `run_dir`/repo.git.  The user's repository is never initialised or reconfigured.
 */
int ledger_open(struct ledger **out, const char *study_dir, const char *run_dir, const char *name,
                struct err *err);
/* The same, without making anything: *out is NULL when there is no repository yet. */
int ledger_open_existing(struct ledger **out, const char *study_dir, const char *run_dir,
                         const char *name, struct err *err);
/* The repository that holds `dir`, whatever study it belongs to; *out is NULL where none does. */
int ledger_open_around(struct ledger **out, const char *dir, struct err *err);
void ledger_close(struct ledger *ledger); /* NULL is fine */
/* The repository's .git folder; borrowed, until the next publication. */
const char *ledger_path(const struct ledger *ledger);

/* The id that a ref of this study points at now, 40 hex digits, "" when there is none. */
int ledger_tip(struct ledger *ledger, char out[41], const char *ref, struct err *err);
/* refs/heads/nightshift/<name>[-log] */
void ledger_ref_name(char out[160], const char *name, bool log);

/* What one commit says.  All texts borrowed. */
struct entry {
    const char *study; /* the study's name */
    int64_t number;    /* of the decision */
    int64_t experiment;
    const char *word;       /* keep, revert, failed, verified: trailer Nightshift-Decision */
    const char *config_sha; /* of the experiment's canonical config */
    const char *metric;  /* trailer text, e.g. "val_loss=1.834 bits=3ffd…" or "val_loss=none" */
    const char *subject; /* first line of the message, from fixed fields only */
    const char *config_yaml; /* the incumbent after the decision */
    const char *study_yaml;  /* the study file's own bytes, [study_len] */
    size_t study_len;
    /* The decision's text: decisions/<n/10000>/<n/100>/<n>.yaml on the -log ref (a ref that ends in
     * "-log"), decision.yaml on the other. */
    const char *decision_yaml;
};

struct object; /* one git object to be written: type, bytes, id */

struct plan {
    char ref[160];
    char parent[41], tree[41], commit[41]; /* parent "" for a first commit */
    char *commit_bytes;
    size_t commit_len;
    struct object *objects; /* blobs, trees, then the commit */
    size_t n_objects;
};

/* Computes the commit that puts `entry` on `ref` behind `parent`; writes nothing.  The parent's
 * trees are read from the repository.  The caller clears with plan_clear(). */
int ledger_plan(struct plan *out, struct ledger *ledger, const char *ref, const char *parent,
                const struct entry *entry, struct err *err);
void plan_clear(struct plan *plan);

/*
 * Writes what is missing (objects with fsync, read back and hashed again), then moves the ref from
 * parent to commit by compare-and-swap.  Already done: fine.  The ref stands elsewhere: integrity
 * error that names the ref, what was expected and what is there.  A stale lock of our own ref is
 * put away (the caller holds the study's lock).
 */
int ledger_publish(struct ledger *ledger, const struct plan *plan, struct err *err);

/*
 * Keeps the objects of a plan in memory until it is published, so that the plan behind it can be
 * made: many are then published together, by ledger_publish_all(), in the order of their making.
 * Each ref moves once, from the first plan's parent to the last one's commit; objects of
 * LEDGER_PACK_FROM plans or more are written as one pack, with two syncs in place of two an object.
 */
#define LEDGER_PACK_FROM 8
int ledger_remember(struct ledger *ledger, const struct plan *plan, struct err *err);
int ledger_publish_all(struct ledger *ledger, const struct plan *plans, size_t n, struct err *err);

/* A file of a commit's tree ("config.yaml", "decisions/0/1/123.yaml"); the caller frees. */
int ledger_read(struct ledger *ledger, char **out, size_t *len, const char *commit,
                const char *path, struct err *err);
/* The text of the decision that a commit is about, from either ref's tree (its number is the commit
 * time - 946684800); a commit that is none of ours is a usage error.  The caller frees. */
int ledger_read_decision(struct ledger *ledger, char **out, const char *commit, struct err *err);
/* The value of a trailer of a commit ("Nightshift-Experiment"); the caller frees. */
int ledger_trailer(struct ledger *ledger, char **out, const char *commit, const char *key,
                   struct err *err);
/* A full id from a branch name, a full id or the beginning of one; a usage error where it is none.
 */
int ledger_resolve(struct ledger *ledger, char out[41], const char *what, struct err *err);

#endif
