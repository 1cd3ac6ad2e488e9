/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.h - runs in the queue of a cluster, through the commands that its users type.
 *
 * A run is a task of a queue's job.  The task (task.h) does what is done for a local run and writes
 * its result to the shared file system; record and git are touched here alone.  What we know of a
 * task comes from two sources: the result, which is the truth; and what the queue lists, which
 * matters only where there is no result: then the run is lost when it has been looked for until a
 * deadline, and how it was lost is what the queue has said last.
 *
 * A session that was killed leaves its tasks to the next one, which goes on with the same uuid and
 * folder: each run whose order lies there is adopted (queue_adopt.c), and then is a run like those
 * of this session, lost only where neither the queue nor the folder has anything of it.
 *
 * Nothing is submitted twice: every job carries the session's uuid, which is in the record before
 * anything is submitted, and its tasks' numbers.  Where a submission's fate is not known (no
 * answer, an error, a crash), the queue is asked before anything else is submitted.
 *
 * A kind of queue is a struct of pure functions: argvs, and what is read from what they print.  To
 * add one: executor_<name>.c and a row in executor.c.
 */
#ifndef HARNESS_QUEUE_H
#define HARNESS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor.h"
#include "executor_rule.h"

#define QUEUE_ID 64

struct queue_terms { /* borrowed */
    const struct executor_rule *rule;
    const char *uuid;   /* 32 hexadecimal digits */
    const char *folder; /* for this session's files */
};

/* Tasks `first` to `first + n - 1`, in one job. */
struct submission {
    int64_t first;
    size_t n;
    const char *script; /* starts task `first` + index */
};

enum sight { /* in what state the queue lists a task */
             SIGHT_NONE,
             SIGHT_WAITS,
             SIGHT_RUNS,
             SIGHT_DONE,
             SIGHT_FAILED,    /* the script ended with an error */
             SIGHT_TIME,      /* the queue's time limit */
             SIGHT_MEMORY,    /* the queue's memory limit */
             SIGHT_NODE,      /* its node has failed */
             SIGHT_PREEMPTED, /* it had to make way */
             SIGHT_CANCELLED,
};

struct sighting {
    int64_t number;
    enum sight sight;
    char id[QUEUE_ID]; /* what cancels it */
};

struct queue_kind {
    size_t most;         /* tasks in one job */
    size_t most_cancels; /* ids in one command */
    /* The variable of the script that holds the index, NULL: the only task is `first`. */
    const char *index;
    /* argvs; the caller frees with argv_free(). */
    char **(*submit)(const struct queue_terms *terms, const struct submission *submission);
    char **(*look)(const struct queue_terms *terms);
    char **(*cancel)(const struct queue_terms *terms, const char *const *ids, size_t n);
    /* A line that `look` has printed; false: it is none of this uuid's tasks. */
    bool (*read_line)(struct sighting *out, const struct queue_terms *terms, const char *line);
    /* Does a refusal of `submit`, by its last line, pass by itself? */
    bool (*passes)(const char *why);
};

/* The functions of a row of executor.h whose `queue` is a kind. */
int queue_open(const struct queue_kind *kind, void **self, const struct executor_terms *terms,
               struct err *err);
bool queue_close(void *self);
int queue_start(void *self, struct ticket *out, const struct job *job, struct err *err);
int queue_tend(void *self, struct err *err);
int queue_poll(void *self, struct outcome_facts *out, struct ticket *ticket, const struct job *job,
               struct err *err);
int queue_stop(void *self, struct ticket *ticket, bool now, struct err *err);
int queue_clear(void *self, const char *dir, struct err *err);
bool queue_holds(const void *self, const char *dir);
void queue_adopt(void *self, struct ticket *out, const struct job *job);
void queue_wait(void *self, struct pollfd *fds, size_t n, int limit_ms);

/*
 * Ends the tasks of an earlier session, whose uuid it was, and waits until the queue lists none.
 * Where the queue does not answer, or does not end them, for `limit_s`: an environment error.
 */
int queue_end_earlier(const struct queue_kind *kind, const struct queue_terms *terms,
                      double limit_s, struct err *err);

/* Are the queue's commands there?  A usage error that names the one that is not. */
int queue_check(const struct queue_kind *kind, const struct executor_rule *rule, struct err *err);

/* Seconds before the end of the queue's time at which a task is warned; 0: there is no limit. */
double queue_warning_s(const struct executor_rule *rule);

/* The environment of the queue's commands: what a run may see, and where the queue is.  The caller
 * frees with argv_free(). */
char **queue_environment(char *const *names, size_t n);

#endif
