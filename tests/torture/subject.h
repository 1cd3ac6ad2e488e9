/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * subject.h - the study that is tortured: a scratch folder with a study file and whatever
 * `nightshift run` makes there, looked at from outside and through the record's reader.
 */
#ifndef TORTURE_SUBJECT_H
#define TORTURE_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SUBJECT_STUDY "torture.yaml"

struct subject_kind {
    int experiments, lookahead, jobs;
    const char *trainer; /* YAML words of fake_trainer's command line */
    const char *keys;    /* further lines of the study file */
};

/* Finds the programs in $BUILD or build/, and puts a stand-in for gnuplot in front of the PATH;
 * ends the program where they are not built. */
void subject_find_programs(void);

/* A fresh folder below `base` with the study file in it; the caller frees the name after
 * subject_remove(). */
char *subject_new(const char *base, const struct subject_kind *kind);
void subject_write_study(const char *dir, const struct subject_kind *kind);
void subject_remove(const char *dir);

/* argv of `nightshift run`, NULL at its end. */
const char *const *subject_argv(void);

/* What a child does before argv: it goes to dir, its output to dir/err, its input from nowhere. */
void subject_enter(const char *dir);
_Noreturn void subject_exec(const char *dir, const char *const *argv);

pid_t subject_start(const char *dir);
int subject_wait(pid_t pid);                                /* as waitpid() gives it */
int subject_call(const char *dir, const char *const *argv); /* started and waited for */
int subject_run(const char *dir);                           /* `nightshift run` to its end */
void subject_pause(double seconds);

/*
 * All that must not depend on faults, as text: study, experiments, pairs, decisions with their
 * bodies, commits, nights' ends, findings report (times and attempts apart).  NULL where the record
 * cannot be read, and why [512] says so.  The caller frees.
 */
char *subject_state(const char *dir, char *why);

/* Decisions and which commits are published, oldest first: a reader who saw this before a fault
 * must find it at the beginning after it.  "" where there is no record yet. */
char *subject_acknowledged(const char *dir);

/* `doctor --deep` and `git fsck --strict --full` find nothing. */
bool subject_is_healthy(const char *dir);

/* The last line that the program said, for messages; borrowed until the next call. */
const char *subject_last_words(const char *dir);

#endif
