/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.h - a command that is asked something while we go on: its output is kept, and looked at when
 * it has ended.
 */
#ifndef HARNESS_CALL_H
#define HARNESS_CALL_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

struct call {
    pid_t pid;       /* of the command, which leads a group of its own; 0: none is under way */
    int out, errors; /* what it prints, as files in memory */
    double since;    /* clock_s() */
    double limit_s;
};

struct reply {
    bool ok;       /* exit 0 */
    bool unheard;  /* it took too long and was killed, or could not be started */
    char *out;     /* what it printed, a MiB at most */
    char why[400]; /* its last line of standard error, printable, or how it ended; "" where ok */
};

/* argv[0] is looked for in PATH; `env` as for execve().  A command that cannot be started is an
 * reply too. */
int call_start(struct call *call, char *const argv[], char *const env[], double limit_s,
               struct err *err);

/* 1: it has ended, *out is filled and the caller frees with reply_clear(); 0: not yet; -1: error,
 * nothing is under way any more. */
int call_poll(struct call *call, struct reply *out, struct err *err);
void reply_clear(struct reply *reply);

/* The same, and waits for it. */
int call_wait(struct call *call, struct reply *out, struct err *err);

/* Kills it and forgets it. */
void call_abandon(struct call *call);

#endif
