/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task_file.h - the two small files that the harness and a task in a queue hand each other through
 * the shared file system: what is to be done, and what became of it.
 *
 *   FOLDER/task/N.json   is there as long as the task may work: it ends itself where it is gone
 *   FOLDER/task/N.taken  made by the one task that works at it, whoever else has its number
 *   FOLDER/done/N.json   written by the task by rename, synced, last of all
 *
 * The run itself stands in its own folder (job.h).  The environment stands in neither: only its
 * names.
 */
#ifndef HARNESS_TASK_FILE_H
#define HARNESS_TASK_FILE_H

#include <stdint.h>

#include "err.h"
#include "executor.h"

struct task_order {
    char *dir;  /* the run's folder */
    char **env; /* [n_env] names of environment variables */
    size_t n_env;
    int threads;
};

enum task_end {
    TASK_ENDED,     /* the run has ended by itself */
    TASK_WARNED,    /* it was asked to end since the queue's time was nearly up */
    TASK_CANCELLED, /* the queue has asked for its end */
    TASK_REFUSED,   /* the node could not run it */
};

struct task_result {
    enum task_end end;
    struct outcome_facts facts; /* of REFUSED class and detail alone */
};

/* The paths; the caller frees. */
char *task_order_path(const char *folder, int64_t number);
char *task_claim_path(const char *folder, int64_t number);
char *task_result_path(const char *folder, int64_t number);

int task_order_write(const struct task_order *order, const char *folder, int64_t number,
                     struct err *err);
/* One that does not hold together is an integrity error. */
int task_order_read(struct task_order *out, const char *folder, int64_t number, struct err *err);
void task_order_clear(struct task_order *order);

int task_result_write(const struct task_result *result, const char *folder, int64_t number,
                      struct err *err);
/* The caller frees out->facts.usage. */
int task_result_read(struct task_result *out, const char *folder, int64_t number, struct err *err);

#endif
