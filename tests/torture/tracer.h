/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tracer.h - a program that is stopped at its n-th system call and killed there, or given an error.
 *
 * Only the program itself is traced, not what it starts: a run's trainer must live.  Calls are
 * counted in the order in which they are made, whatever their numbers, so that "every call" is one
 * sequence; strace counts each number for itself.
 */
#ifndef TORTURE_TRACER_H
#define TORTURE_TRACER_H

#include <stdbool.h>
#include <stdint.h>

struct call {
    long number; /* __NR_… */
    uint64_t args[6];
    const char *text; /* of a call that names a path, where it was asked for: the path; else "" */
};

enum trace_act {
    TRACE_WATCH,    /* only count */
    TRACE_KILL,     /* SIGKILL in place of the call */
    TRACE_FAIL,     /* the call is not made and returns -error */
    TRACE_SHORTEN,  /* the call is made for half as many bytes */
    TRACE_LET_RIVAL /* rival() is called while the program stands still */
};

struct trace {
    const char *dir; /* where the program runs (subject_enter) */
    const char *const *argv;
    bool (*counts)(const struct call *call, const void *context);
    void *context;     /* of counts() and rival() */
    bool names;        /* counts() asks for the path */
    const char *begin; /* counting begins at the first call that names it; NULL: at once */
    long nth;          /* which counted call it happens to, from 1; 0: to none */
    enum trace_act act;
    int error;
    void (*rival)(const struct trace *trace);
};

struct traced {
    int status; /* as waitpid() gives it */
    long calls; /* that counted, until the end */
    bool acted;
    char at[96]; /* what it was done to: "fdatasync(3)" */
};

/* -1 where this machine does not let us trace, with why on standard error. */
int trace_run(struct traced *out, const struct trace *trace);

/* True for all calls but those that change nothing that outlives the program: reads, looks, memory,
 * clocks, waiting.  A kill at one of those leaves what a kill at the next one leaves. */
bool call_changes(const struct call *call, const void *context);

/* The number of a call by its name, and back; -1 and "call N" for those not in the table. */
long call_number(const char *name);
void call_name(char out[32], long number);

#endif
