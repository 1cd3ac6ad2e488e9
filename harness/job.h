/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * job.h - the two small files that harness and shim hand each other in a run directory: what is to
 * be done (RUN_JOB) and how it ended (RUN_OUTCOME).
 *
 * The environment stands in neither: it goes from process to process, so that no value of it is
 * ever on disk.
 */
#ifndef HARNESS_JOB_H
#define HARNESS_JOB_H

#include <sys/types.h>

#include <jansson.h>

#include "err.h"
#include "executor.h"

#define RUN_JOB "job.json"

/* A job as the shim read it; the pointers of `job` lead into the rest. */
struct job_file {
    struct job job;
    pid_t parent; /* the harness that wrote it */
    json_t *json;
    char **argv, **writable;
    int *cpus;
};

/* Writes dir/RUN_JOB in the name of this process.  An argument that is not UTF-8 is a usage error.
 */
int job_write(const struct job *job, struct err *err);

/* Reads dir/RUN_JOB; the environment is this process's own.  The caller clears. */
int job_read(struct job_file *out, const char *dir, struct err *err);
void job_clear(struct job_file *file);

/* Writes dir/RUN_OUTCOME by rename, synced. */
int outcome_write(const struct outcome_facts *facts, const char *dir, struct err *err);

/* The same as JSON, for who keeps it elsewhere (task_file.h); NULL where a text is not UTF-8.
 * outcome_from_json() wants an object of that form; `path` stands in its error. */
json_t *outcome_json(const struct outcome_facts *facts);
int outcome_from_json(struct outcome_facts *out, json_t *json, const char *path, struct err *err);

/* Reads it; one that does not hold together is an integrity error.  The caller frees out->usage. */
int outcome_read(struct outcome_facts *out, const char *dir, struct err *err);

#endif
