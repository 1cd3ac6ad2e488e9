/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An error in place of the k-th call of one kind, or half of what was to be written or read: for
 * every k, every kind and every error of the table.  The program must end well, or with exit status
 * 3 and a message; then the same command goes on to the same end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "fault.h"
#include "tracer.h"

extern const struct fault fault_error;

static const struct subject_kind kind = {
    .experiments = 5,
    .lookahead = 2,
    .jobs = 2,
    .trainer = "ok, --config, '{config}', --seed, '{seed}', --noise, '0.02'",
    .keys = "audit: off\ndecision: {max_seeds: 2, confirm: 2}\n",
};

#define SHORT_COUNT (-1)

static const struct {
    const char *call;
    int errors[5]; /* 0 at the end */
} matrix[] = {
    {"openat", {EIO, EMFILE, ENOSPC, EROFS}},
    {"write", {EIO, ENOSPC, EINTR, SHORT_COUNT}},
    {"pwrite64", {EIO, ENOSPC, EINTR, SHORT_COUNT}},
    {"fsync", {EIO, ENOSPC}},
    {"fdatasync", {EIO, ENOSPC}},
    {"syncfs", {EIO, ENOSPC}},
    {"rename", {EIO, ENOSPC, EROFS}},
    {"link", {EIO, ENOSPC, EROFS}},
    {"unlink", {EIO, EROFS}},
    {"unlinkat", {EIO, EROFS}},
    {"mkdir", {EIO, ENOSPC, EROFS}},
    {"ftruncate", {EIO, ENOSPC, EROFS}},
    {"chmod", {EIO, EROFS}},
    {"flock", {EINTR, EIO}},
    {"socketpair", {EMFILE}},
    {"clone", {EAGAIN, ENOMEM}},
    {"clone3", {EAGAIN, ENOMEM}},
    {"vfork", {EAGAIN, ENOMEM}},
    {"read", {EIO, EINTR, SHORT_COUNT}},
    {"pread64", {EIO, EINTR, SHORT_COUNT}},
    {"getdents64", {EIO}},
    {"fstat", {EIO}},
};
enum { ROWS = sizeof matrix / sizeof *matrix };

static bool has_number(const struct call *call, const void *number)
{
    return call->number == *(const long *)number;
}

static const char *error_name(int error)
{
    return error == SHORT_COUNT ? "short" : strerrorname_np(error);
}

/* One run with one error.  -1: tracing does not work. */
static int with_error(struct traced *out, const char *dir, long number, int error, long nth)
{
    struct trace trace = {.dir = dir,
                          .argv = subject_argv(),
                          .counts = has_number,
                          .context = &number,
                          .begin = SUBJECT_STUDY, /* what the loader does before is not ours */
                          .nth = nth,
                          .act = error == SHORT_COUNT ? TRACE_SHORTEN : TRACE_FAIL,
                          .error = error};

    return trace_run(out, &trace);
}

static bool is_documented(int status)
{
    return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3);
}

/* 1: it happened; 0: there was no such call any more. */
static int one_trial(struct tally *tally, const char *want, int row, int error, long nth)
{
    char *dir = subject_new(tally->order->base, &kind), what[256];
    struct traced traced;
    int rc = with_error(&traced, dir, call_number(matrix[row].call), error, nth);

    if (rc == 0 && traced.acted) {
        tally->injected++;
        snprintf(what, sizeof what, "%s at %s", error_name(error), traced.at);
        if (!is_documented(traced.status))
            violation(tally, dir, "%s: ended with %s %d", what,
                      WIFSIGNALED(traced.status) ? "signal" : "exit",
                      WIFSIGNALED(traced.status) ? WTERMSIG(traced.status)
                                                 : WEXITSTATUS(traced.status));
        else
            ends_as(tally, dir, want, what);
    }
    if (rc == 0 && !traced.acted)
        subject_remove(dir);
    free(dir);
    return rc != 0 ? -1 : traced.acted;
}

/* Every k in turn, or, where fewer are asked for, some of them. */
static int one_row(struct tally *tally, const char *want, int row, int error, long stride)
{
    for (long nth = 1 + (long)(tally->injected % stride);; nth += stride) {
        int rc = one_trial(tally, want, row, error, nth);
        if (rc != 1)
            return rc;
        if (is_enough(tally, fault_error.usual))
            return 0;
    }
}

/* Calls per study are some 1,500: a stride that spreads what was asked for over all of them. */
static long stride_for(long count)
{
    const long all = 6000;

    return count > 0 && count < all ? (all + count - 1) / count : 1;
}

static enum fault_end run(struct tally *tally)
{
    double seconds;
    char *want = undisturbed(tally->order->base, &kind, &seconds);
    long stride = stride_for(tally->order->count);
    enum fault_end end = FAULT_DONE;

    for (int row = 0; row < ROWS && end == FAULT_DONE; row++)
        for (int i = 0; matrix[row].errors[i] != 0 && end == FAULT_DONE; i++)
            if (!is_enough(tally, fault_error.usual) &&
                one_row(tally, want, row, matrix[row].errors[i], stride) < 0)
                end = FAULT_SKIPPED;
    free(want);
    return end;
}

const struct fault fault_error = {
    .name = "error",
    .summary = "EIO, ENOSPC, EMFILE, EROFS, EINTR, short counts at each k-th call",
    .usual = 100000, /* all there are */
    .run = run,
};
