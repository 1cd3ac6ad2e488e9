/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * place.h - which study a command line means, and where its things lie.
 *
 * STUDY is a study file or a run directory (runs/<name>); left out, it is the only study below the
 * current directory.
 */
#ifndef HARNESS_PLACE_H
#define HARNESS_PLACE_H

#include "err.h"
#include "ledger.h"
#include "record.h"
#include "store.h"

struct place {
    char *study_path; /* the study file, absolute; NULL where only a run directory is known */
    char *study_dir;  /* the folder that relative names in the study mean, absolute */
    char *name;       /* of the study */
    char *run_dir;    /* runs/<name>, absolute; may not exist yet */
    char *db;         /* run_dir/study.db */
};

/* `word` NULL: look for the only study.  `dir` is --dir, NULL: beside the study file. */
int place_find(struct place *out, const char *word, const char *dir, struct err *err);
void place_clear(struct place *place);

/* All that were run below the current directory, in the order of their paths; *out [*n] is the
 * caller's, to clear one by one and free.  Usage error where there is none. */
int place_find_all(struct place **out, size_t *n, struct err *err);

/* True when `word` names a study file or run directory (used where [STUDY] may be left out). */
bool place_is_study(const char *word);

/* Opens the record read-only; "no runs yet" is a usage error that says what to do. */
int place_open(const struct place *place, struct store **store, struct err *err);

/* The same, and loads such parts of it (store_load_parts()). */
int place_load(const struct place *place, struct store **store, struct record *record,
               unsigned parts, struct err *err);

/* Takes the study's lock (run_dir/study.lock, made where it is missing) with our pid inside; it is
 * held until *fd is closed.  Held by another: a locked error with the owner's pid. */
int place_lock(int *fd, const struct place *place, struct err *err);

/* The pid of the run that holds the lock; 0: nobody does. */
long place_owner(const struct place *place);

/* When the one that holds the lock will end, Unix seconds, as it told with place_tell_end(); 0: no
 * time was given, or nobody holds it.  For those who watch: nothing depends on it. */
int64_t place_end(const struct place *place);
void place_tell_end(int lock, int64_t end);

/* Behind the name of a run's folder: the one in which it was judged (`evaluate` of the study). */
#define PLACE_JUDGED ".evaluate"

/* The folder of the runs' own, runs/<name>/runs, as other machines know it: where it is a link,
 * what that names.  The caller frees. */
char *place_runs(const struct place *place);

/* runs/<name>/runs/<experiment>/<seed>, likewise; the caller frees. */
char *place_run_dir(const struct place *place, const struct run *run);

#endif
