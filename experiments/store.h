/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - the record on disk: SQLite, WAL, synchronous FULL, STRICT tables, one writer.
 *
 * Everything is recorded here before it is acted on.  One read-write connection exists at a time
 * (the loop's, under the study's lock) and alone checkpoints; every other one is read-only.
 * Values and metrics are kept as their IEEE-754 bits beside a REAL for SQL's convenience; the other
 * doubles are REAL: exact, NULL for NAN, but -0.0 comes back as 0.0.
 * Whatever is written is told in the log too (event.h), so write within a transaction.
 * A failed call leaves the transaction to store_rollback().  The tables stand in schema.c;
 * user_version numbers them, application_id is "NSDB".
 */
#ifndef EXPERIMENTS_STORE_H
#define EXPERIMENTS_STORE_H

#include <stdint.h>

#include "err.h"
#include "record.h"

struct store;

enum store_mode { STORE_READ, STORE_WRITE };

/* STORE_WRITE creates what is missing, and brings an older record up to date (migrate.h);
 * STORE_READ shows an older one as it would be then, and leaves the file as it is.  A file that is
 * no record of ours (exit 4), or of a newer program (exit 2), is refused and never touched. */
int store_open(struct store **out, const char *path, enum store_mode mode, struct err *err);
void store_close(struct store *store); /* NULL is fine; an open transaction is rolled back */

const char *store_path(const struct store *store); /* as it was opened; borrowed */

int store_begin(struct store *store, struct err *err); /* BEGIN IMMEDIATE */
int store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);

/* Named texts: "study" (the file's bytes), "spec", "uuid", …  *out is NULL when absent; the caller
 * frees. */
int store_get(struct store *store, char **out, const char *key, struct err *err);
int store_set(struct store *store, const char *key, const char *text, struct err *err);

/* Everything.  The caller clears with record_clear(). */
int store_load(struct store *store, struct record *out, struct err *err);

/*
 * The same for who only looks, without what it does not show; parts are or-ed.
 *   STORE_CONFIGS  without: every config is VALUE_NONE throughout
 *   STORE_VALUES   without: no runs, pairs and curves
 *   STORE_ENDS     without: of runs only whose they are, class and value; no curves
 *   STORE_DETAILS  without: of experiments no sha, steps and time, and no place in the unit cube
 *                  (NAN); of decisions no test and level, z, sd, df and body; of commits no parent
 *                  and tree
 *   STORE_RUNS     these three
 *   STORE_COMMITS  without: no outbox
 *   STORE_OF_GIT   what commits are made of.  Without: decisions have no body (NULL), commits no
 *                  tree (""), and a parent only where they are not published yet
 */
enum store_part {
    STORE_CONFIGS = 1,
    STORE_VALUES = 2,
    STORE_COMMITS = 4,
    STORE_OF_GIT = 8,
    STORE_DETAILS = 16,
    STORE_ENDS = 32,
    STORE_RUNS = STORE_VALUES | STORE_ENDS | STORE_DETAILS,
};
int store_load_parts(struct store *store, struct record *out, unsigned parts, struct err *err);

/* What a night goes on from: everything but reason and body of the decisions before the newest, and
 * of commits only those that git does not have yet, and each ref's newest.  `shelf` (or NULL) is
 * the record's, and must outlive it. */
int store_load_night(struct store *store, struct record *out, struct shelf *shelf, struct err *err);

/* What was left out above, of one experiment or decision of the record; commits in the order of
 * their decisions. */
int store_load_config(struct store *store, struct record *record, int64_t experiment,
                      struct err *err);
int store_load_commits(struct store *store, struct record *record, int64_t decision,
                       struct err *err);
int store_load_body(struct store *store, struct record *record, int64_t decision, struct err *err);

/* Each writes one row; ids inside the structs are the caller's (dense, from 1). */
int store_add_experiment(struct store *store, const struct space *space,
                         const struct experiment *experiment, struct err *err);
int store_set_steps(struct store *store, int64_t experiment, int64_t steps, struct err *err);
int store_set_remark(struct store *store, int64_t experiment, const char *text, struct err *err);
int store_add_pair(struct store *store, const struct pair *pair, struct err *err);
int store_add_decision(struct store *store, const struct decision *decision, struct err *err);
int store_add_closing(struct store *store, const struct closing *closing, struct err *err);
int store_add_outbox(struct store *store, const struct outbox *outbox, const void *commit_bytes,
                     size_t len, struct err *err);
int store_add_answer(struct store *store, const struct answer *answer, struct err *err);
int store_set_published(struct store *store, int64_t decision, const char *ref, struct err *err);
/* The bytes of a commit that is not published yet; *out NULL where it is, or there is none.  The
 * caller frees. */
int store_intent(struct store *store, char **out, size_t *len, int64_t decision, const char *ref,
                 struct err *err);

/* What is known of a run beside struct run; any may be NULL. */
struct run_facts {
    const char *argv;   /* JSON array */
    const char *limits; /* JSON object: timeout_s, cpus, … */
    const char *usage;  /* JSON object: user_s, system_s, peak_mib, switches, left processes … */
};
/* Intent, before the process exists: state as given (class NONE). */
int store_start_run(struct store *store, const struct run *run, int64_t session,
                    const struct run_facts *facts, struct err *err);
/* The end: class, exit, value, usage.  A run ends once: a second end is an integrity error. */
int store_end_run(struct store *store, const struct run *run, const struct run_facts *facts,
                  struct err *err);

/* A number that a run printed last under a name. */
struct metric {
    char *name;
    double value; /* any double, NAN and infinities too */
};
int store_add_metric(struct store *store, int64_t run, const struct metric *metric,
                     struct err *err);
/* All metrics of a run; the caller frees with metrics_free().  `test_loss` is left out unless
 * `with_test`: nothing but `confirm` may see it. */
int store_metrics(struct store *store, struct metric **out, size_t *n, int64_t run, bool with_test,
                  struct err *err);
void metrics_free(struct metric *metrics, size_t n);

/* What a run said on its way; record_curves() says of which runs. */
int store_add_curves(struct store *store, const struct study *study, int64_t run,
                     const struct run_curves *curves, struct err *err);

/* Decisions on placebos that a verdict ended, beside the very config that they repeat, failures
 * apart: by the head, and by a test. */
struct placebo_count {
    int64_t decided, kept;
    double levels; /* of the tests, added up: so many of them may be kept by luck */
};
int store_count_placebos(struct store *store, struct placebo_count *head,
                         struct placebo_count *test, struct err *err);

/* A file that a run left or read: its SHA-256. run 0: an input of the whole study. */
struct artifact {
    int64_t run;
    char *path; /* inputs: as written in the study; outputs: relative to the run's directory */
    char sha[SHA256_TEXT];
    int64_t bytes;
};
/* An artifact of the same run and path is replaced; the inputs of the study are forgotten together.
 */
int store_add_artifact(struct store *store, const struct artifact *artifact, struct err *err);
int store_forget_inputs(struct store *store, struct err *err);
int store_artifacts(struct store *store, struct artifact **out, size_t *n, int64_t run,
                    struct err *err);
void artifacts_free(struct artifact *artifacts, size_t n);

/* One start of the program: host, CPU, BLAS core, library versions, as a JSON object. */
int store_add_session(struct store *store, int64_t *out, const char *environment, struct err *err);
/* The environment of the newest session (NULL: none); the caller frees. */
int store_session(struct store *store, char **out, struct err *err);
/* The environment in which a run was started (NULL: not known); the caller frees. */
int store_environment(struct store *store, char **out, int64_t run, struct err *err);

/*
 * The log (event.h) is written by the functions above, each in the transaction that it is called
 * in, but for three that know only the caller's last word:
 *   - study, spec and inputs of a new record were stored; other inputs were stored;
 *   - a run ended and its metrics and artifacts were stored;
 *   - a decision and its planned commits were stored.
 */
int store_tell_begun(struct store *store, struct err *err);
int store_tell_inputs(struct store *store, struct err *err);
int store_tell_end(struct store *store, int64_t run, struct err *err);
int store_tell_decision(struct store *store, int64_t number, struct err *err);

/* A remark in the log, for people: a kind that event_kind.c does not know.  experiment 0: about the
 * study. */
int store_event(struct store *store, const char *kind, int64_t experiment, const char *text,
                struct err *err);

/* The same in a transaction of its own, which is over afterwards, whatever came of it. */
int store_event_alone(struct store *store, const char *kind, int64_t experiment, const char *text,
                      struct err *err);

/* Configs that the user asked for, first in first out (canonical JSON, possibly partial). */
int store_enqueue(struct store *store, const char *config, struct err *err);
int store_next_enqueued(struct store *store, int64_t *id, char **config,
                        struct err *err); /* NULL: none */
/* experiment 0: it was refused. */
int store_take_enqueued(struct store *store, int64_t id, int64_t experiment, struct err *err);

/* The pages, and that nothing is NULL that may not be (`PRAGMA quick_check`); when `deep` also
 * indexes against their tables, CHECK constraints and foreign keys (integrity_check).  The
 * integrity error says what SQLite said. */
int store_check(struct store *store, bool deep, struct err *err);

/* The log by itself (event.h): its triggers, its numbers without a gap, its hashes. */
int store_check_log(struct store *store, struct err *err);

#endif
