/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * become.h - becoming a trainer: everything that stands between fork() and execve().
 */
#ifndef HARNESS_BECOME_H
#define HARNESS_BECOME_H

#include <stddef.h>
#include <sys/types.h>

#include "cgroup.h"
#include "executor.h"

/* A trainer that was started. */
struct trainer {
    pid_t pid; /* leads a session and process group of its own; -1: it could not be started */
    int out;   /* read ends of its standard output and error, non-blocking, close-on-exec */
    int log;
};

/*
 * Starts job->argv in the current directory: own session, job->input as standard input, pinned to
 * job->cpus, in the control group, within the job's limits, no core files, first in line for the
 * kernel's out-of-memory killer, no new privileges, umask 077, signals as at login; it dies when
 * the caller dies.  Descriptors without close-on-exec are inherited.
 * -1: our own failure, *err says which.  0 with pid -1: the program cannot be executed, and
 * why [size] says so.
 */
int trainer_begin(struct trainer *out, const struct job *job, const struct cgroup *group, char *why,
                  size_t size, struct err *err);

#endif
