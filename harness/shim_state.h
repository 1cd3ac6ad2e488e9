/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shim_state.h - what a shim knows of its run (shim.c), and what it tells in the end
 * (shim_describe.c).
 */
#ifndef HARNESS_SHIM_STATE_H
#define HARNESS_SHIM_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "cgroup.h"
#include "executor.h"
#include "job.h"

enum phase {
    RUNNING,
    ENDING,  /* TERM was sent; the grace period runs */
    LEAVING, /* the trainer itself has ended; descendants may follow */
    KILLING, /* everything gets SIGKILL until nothing is left */
};

/* One of the trainer's two outputs: from its pipe to its file. */
struct output {
    int pipe, file;
    const char *name;
};

struct shim {
    struct job_file file;
    const struct job *job;
    struct cgroup cgroup;
    struct output outputs[2]; /* standard output, standard error */
    int signals, timer;
    enum phase phase;
    pid_t leader;        /* the trainer; 0 once it has ended */
    int status;          /* of the trainer, as wait() gives it */
    int64_t written;     /* bytes of both outputs */
    int64_t oom_kills;   /* when it began */
    double began, ended; /* clock_s() */
    double asleep; /* clock_boot_s() less clock_s() when it began; then what it has grown by */
    enum run_class reason; /* why the shim ends it; CLASS_NONE: it does not */
    bool killed_leader;    /* SIGKILL was sent while the trainer lived */
    int left;              /* descendants killed after the trainer had ended */
    struct rusage total;   /* of all that were waited for */
};

/* How the run ended; everything of it has ended.  The caller frees facts->usage. */
void shim_describe(struct outcome_facts *facts, const struct shim *shim);

/* That the trainer could not be executed, and why. */
void shim_describe_refusal(struct outcome_facts *facts, const char *why);

#endif
