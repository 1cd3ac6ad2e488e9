/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * executor.h - a place where runs happen.
 *
 * A run is one process tree that works in one directory.  The executor starts it, says when it has
 * ended and how, and can end it; it neither judges nor records.  To add one: executor_<name>.c and
 * a row in executor.c.
 */
#ifndef HARNESS_EXECUTOR_H
#define HARNESS_EXECUTOR_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "record.h"

struct queue_kind;

struct job {
    const char *dir; /* run directory, absolute; exists, holds config.json; the working directory */
    char *const *argv; /* NULL-terminated; argv[0] absolute (see executor_find_program) */
    char *const *env;  /* NULL-terminated NAME=value, already whitelisted */
    double timeout_s;  /* INFINITY: none */
    double grace_s;    /* between TERM and KILL */
    const int *cpus;   /* [n_cpus] the cores it is pinned to; n_cpus 0: not pinned */
    size_t n_cpus;
    int64_t max_output;    /* bytes of standard output and error together; more is output_flood */
    const char *input;     /* the file in dir that is its standard input; NULL: /dev/null */
    const char *work;      /* where it works; NULL: in dir */
    bool confined;         /* it may write only below dir and work, and to `writable`: confine.h */
    char *const *writable; /* NULL-terminated; NULL: none */
    double max_memory;     /* bytes of all its processes; 0: no limit */
    double max_file;       /* bytes of one file; 0: no limit */
    int max_files;         /* open files of one process; 0: as many as usual */
    bool sandboxed;   /* argv is wrapped by sandbox.h: a signal comes as exit 128 + its number */
    bool resumed;     /* it goes on from its state: what it prints is added to what it printed */
    double warning_s; /* between TERM and KILL where the queue has warned of its end (shim.h) */
};

/* Names a run that was started.  Plain data; fd may be watched with poll() and becomes readable
 * when the run ends (-1: ask now and then). */
struct ticket {
    pid_t pid;
    int fd;
    int control;  /* closing it ends the run */
    bool ended;   /* by stop() at once: it may never have begun */
    int64_t task; /* its number in a queue; 0: it is in none */
};

/* How a run ended, as far as the process tells: struct run's class is found from this and from what
 * it printed (classify.h).  INTERRUPTED: the harness ended it, by stop() or by its own death; who
 * ends a run early on purpose records STOPPED in its place.  PROTOCOL: it has removed its output.
 */
struct outcome_facts {
    enum run_class class;           /* all but NONE, NONFINITE and STOPPED */
    int exit_code, signal;          /* -1 and 0: none */
    double wall_s, cpu_s, peak_mib; /* NAN where unknown */
    double suspended_s; /* of the wall time that the machine slept, which wall_s does not hold */
    int left_processes; /* descendants that had to be killed after the trainer itself had ended */
    bool killed;        /* TERM was not enough, or was not tried */
    char detail[200];   /* one printable line for a person; "" when there is nothing to add */
    char *usage;        /* JSON object or NULL, the caller frees */
};

/* What an executor must know of the study when it is opened; all borrowed. */
struct executor_terms {
    const struct executor_rule *rule;
    char *const *env; /* [n_env] names of environment variables that runs may see */
    size_t n_env;
    const char *folder; /* for files that it shares with its tasks, absolute */
    const char *uuid;   /* of this session's tasks, in the record already */
    bool goes_on;       /* an earlier session has begun with this uuid and folder, and was killed */
};

/*
 * `self` is what the executor keeps while it is open, NULL for one that keeps nothing (local).
 *
 *               local                    in a queue (queue.h)
 *     start     the process is there     the run joins the next batch
 *     tend      -                        submits the batch, asks the queue, cancels
 *     poll      has the shim ended?      is there a result, or will there be none?
 *     stop      TERM, KILL               the task is cancelled
 *     clear     the lock says            the queue has said it when the session was opened
 *     holds     never                    an earlier session has ordered the run
 *     adopt     -                        its task is ours now
 */
struct executor {
    const char *name, *summary;
    const struct queue_kind *queue; /* NULL: it is none */
    int (*open)(void **self, const struct executor_terms *terms, struct err *err); /* NULL: - */
    /* False: something of this session may be left in its queue. */
    bool (*close)(void *self);
    /* `out->fd` and `out->control` are the executor's until poll() says 1.  A trainer that cannot
     * be executed is an outcome (SPAWN), no error here.  `job` stays where it is meanwhile. */
    int (*start)(void *self, struct ticket *out, const struct job *job, struct err *err);
    /* Once a turn, when all that is wanted now was started.  NULL: there is nothing to do. */
    int (*tend)(void *self, struct err *err);
    /* 1: ended, *out filled, the ticket is used up; 0: still running; -1: error (of ours, not of
     * the trainer: a full disk, say), the ticket is used up */
    int (*poll)(void *self, struct outcome_facts *out, struct ticket *ticket, const struct job *job,
                struct err *err);
    /* Asks the run to end, and returns at once: TERM, then KILL after grace_s; `now`: KILL. */
    int (*stop)(void *self, struct ticket *ticket, bool now, struct err *err);
    /* Waits until no process of an earlier harness still works in `dir` (its proof of life is a
     * lock); ends survivors.  Called before a directory is used again. */
    int (*clear)(void *self, const char *dir, struct err *err);
    /* Where the terms go on: has an earlier session ordered the run in `dir`?  adopt() then takes
     * it over, as if start() had been called; what nobody has adopted by the first tend() is given
     * up. NULL: it has none. */
    bool (*holds)(const void *self, const char *dir);
    void (*adopt)(void *self, struct ticket *out, const struct job *job);
    /* Until one of `fds` is ready, or limit_ms are over.  NULL: poll(2); others have a clock of
     * their own. */
    void (*wait)(void *self, struct pollfd *fds, size_t n, int limit_ms);
};
extern const struct executor *const executors[]; /* NULL-terminated */
const struct executor *executor_find(const char *name);

/* An executor that is open. */
struct site {
    const struct executor *executor;
    void *self;
};
int site_open(struct site *out, const struct executor *executor, const struct executor_terms *terms,
              struct err *err);
bool site_close(struct site *site); /* a zeroed one is fine */
int site_start(const struct site *site, struct ticket *out, const struct job *job, struct err *err);
int site_tend(const struct site *site, struct err *err);
int site_poll(const struct site *site, struct outcome_facts *out, struct ticket *ticket,
              const struct job *job, struct err *err);
int site_stop(const struct site *site, struct ticket *ticket, bool now, struct err *err);
int site_clear(const struct site *site, const char *dir, struct err *err);
bool site_holds(const struct site *site, const char *dir);
void site_adopt(const struct site *site, struct ticket *out, const struct job *job);
void site_wait(const struct site *site, struct pollfd *fds, size_t n, int limit_ms);

/* This machine, which needs no opening. */
extern const struct site site_local;

/* The program that argv[0] names: a path with a slash relative to study_dir; a bare name beside
 * our own program, then in PATH.  The caller frees.  A missing, foreign or non-executable one is a
 * usage error that says where it was looked for. */
int executor_find_program(char **out, const char *name, const char *study_dir, struct err *err);

/* The same for a program that is no trainer: errors call it `what`. */
int executor_find_named(char **out, const char *what, const char *name, const char *study_dir,
                        struct err *err);

/* Where a run's output lies: stream (standard output), log (standard error). */
#define RUN_STREAM  "stream"
#define RUN_LOG     "log"
#define RUN_OUTCOME "outcome.json" /* written by the shim by rename, last of all */
#define RUN_ALIVE   "alive.lock"   /* held by shim and trainer while any of them lives */

#endif
