/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An error in place of the k-th call of one kind, or half of what was to be written or read: for
 * every kind and every error of the table, and every k where all are asked for.  The program must
 * end well, or with exit status 3 and a message; then the same command goes on to the same end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "campaign.h"
#include "fault.h"
#include "mem.h"
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

/* One row and one of its errors, and at how many calls it can happen. */
struct pair {
    int row, error;
    long calls, offset, stride; /* the calls in a spread order: offset, offset + stride, … */
};

/* What all trials share. */
struct plan {
    const char *want;
    struct pair pairs[ROWS * 5];
    int n_pairs;
    struct point {
        int pair;
        long nth;
    } * points;
    long n_points;
};

/* 0, where there is no such call any more, too: their number differs by a few. */
static int one_trial(struct tally *tally, long point, void *context)
{
    const struct plan *plan = context;
    const struct point *at = &plan->points[point - 1];
    const struct pair *pair = &plan->pairs[at->pair];
    char *dir = subject_new(tally->order->base, &kind), what[256];
    struct traced traced;
    int rc = with_error(&traced, dir, call_number(matrix[pair->row].call), pair->error, at->nth);

    if (rc == 0 && traced.acted) {
        tally->injected++;
        snprintf(what, sizeof what, "%s at %s", error_name(pair->error), traced.at);
        if (!is_documented(traced.status))
            violation(tally, dir, "%s: ended with %s %d", what,
                      WIFSIGNALED(traced.status) ? "signal" : "exit",
                      WIFSIGNALED(traced.status) ? WTERMSIG(traced.status)
                                                 : WEXITSTATUS(traced.status));
        else
            ends_as(tally, dir, plan->want, what);
    }
    if (rc == 0 && !traced.acted)
        subject_remove(dir);
    free(dir);
    return rc;
}

/* --- which points there are ----------------------------------------------------------------- */

static bool take_census(const struct call *call, const void *calls)
{
    long *const *counts = calls;

    for (int row = 0; row < ROWS; row++)
        (*counts)[row] += call->number == call_number(matrix[row].call);
    return false;
}

static int count_calls(long counts[ROWS], const char *base)
{
    char *dir = subject_new(base, &kind);
    struct traced traced;
    struct trace trace = {.dir = dir,
                          .argv = subject_argv(),
                          .counts = take_census,
                          .context = &counts,
                          .begin = SUBJECT_STUDY};
    int rc = trace_run(&traced, &trace);

    subject_remove(dir);
    free(dir);
    return rc;
}

static long common_divisor(long a, long b)
{
    while (b != 0) {
        long rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void add_pair(struct plan *plan, int row, int error, long calls, uint64_t seed)
{
    struct pair *pair = &plan->pairs[plan->n_pairs];
    struct rng rng;

    rng_init(&rng, seed, "errors", (uint64_t)plan->n_pairs++);
    *pair = (struct pair){.row = row,
                          .error = error,
                          .calls = calls,
                          .offset = (long)rng_below(&rng, (uint64_t)calls),
                          .stride = 1 + (long)(0.618 * (double)calls)};
    while (common_divisor(pair->stride, calls) != 1)
        pair->stride++;
    plan->n_points += calls;
}

/* Each pair in turn, so that few points are of all kinds, and no point twice. */
static void order_points(struct plan *plan)
{
    long n = 0;

    plan->points = mem_new((size_t)plan->n_points, sizeof *plan->points);
    for (long k = 0; n < plan->n_points; k++)
        for (int i = 0; i < plan->n_pairs; i++) {
            const struct pair *pair = &plan->pairs[i];
            if (k < pair->calls)
                plan->points[n++] =
                    (struct point){i, 1 + (pair->offset + k * pair->stride) % pair->calls};
        }
}

static int make_plan(struct plan *plan, const struct order *order)
{
    long counts[ROWS] = {0};

    if (count_calls(counts, order->base) != 0)
        return -1;
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; matrix[row].errors[i] != 0 && counts[row] > 0; i++)
            add_pair(plan, row, matrix[row].errors[i], counts[row], order->seed);
    order_points(plan);
    return 0;
}

static enum fault_end run(struct tally *tally)
{
    const long faults_wanted = tally->order->count > 0 ? tally->order->count : fault_error.usual;
    struct plan plan = {.n_points = 0};
    double seconds;

    if (make_plan(&plan, tally->order) != 0)
        return FAULT_SKIPPED;
    char *want = undisturbed(tally->order->base, &kind, &seconds);
    plan.want = want;
    enum fault_end end = campaign_run(tally, &(struct campaign){.points = plan.n_points,
                                                                .enough = faults_wanted,
                                                                .trial = one_trial,
                                                                .context = &plan});
    snprintf(tally->note, sizeof tally->note, "of about %ld", plan.n_points);
    free(plan.points);
    free(want);
    return end;
}

const struct fault fault_error = {
    .name = "error",
    .summary = "EIO, ENOSPC, EMFILE, EROFS, EINTR, short counts at each k-th call",
    .usual = 3000,
    .run = run,
};
