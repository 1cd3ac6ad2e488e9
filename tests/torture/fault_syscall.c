/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SIGKILL at every system call that changes anything, one study a call, and a second SIGKILL at a
 * call of the session that goes on, drawn at random.  A kill at a call that only looks leaves the
 * same behind as a kill at the next one that changes something.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "fault.h"
#include "tracer.h"

extern const struct fault fault_syscall;

static const struct subject_kind kind = {
    .experiments = 20,
    .lookahead = 2,
    .jobs = 2,
    .trainer = "ok, --config, '{config}', --seed, '{seed}', --noise, '0.02'",
    .keys = "audit: off\ndecision: {max_seeds: 2, confirm: 2}\nplacebo: 5\n",
};

/* -1: tracing does not work here. */
static int kill_at(struct traced *out, const char *dir, long nth)
{
    struct trace trace = {
        .dir = dir, .argv = subject_argv(), .counts = call_changes, .nth = nth, .act = TRACE_KILL};

    return trace_run(out, &trace);
}

static int count_calls(long *out, const char *base)
{
    char *dir = subject_new(base, &kind);
    struct traced traced;
    int rc = kill_at(&traced, dir, 0);

    *out = traced.calls;
    subject_remove(dir);
    free(dir);
    return rc;
}

/* The calls differ by a few from run to run, as runs end sooner or later. */
static int one_trial(struct tally *tally, const char *want, long nth, long calls, struct rng *rng)
{
    char *dir = subject_new(tally->order->base, &kind), what[256];
    struct traced first, second;
    long then = 1 + (long)rng_below(rng, (uint64_t)calls);

    if (kill_at(&first, dir, nth) != 0 || kill_at(&second, dir, then) != 0)
        return -1;
    tally->injected += first.acted + second.acted;
    snprintf(what, sizeof what, "killed at %s, then at %s", first.at, second.at);
    ends_as(tally, dir, want, what);
    free(dir);
    return 0;
}

static enum fault_end run(struct tally *tally)
{
    const struct order *order = tally->order;
    struct rng rng;
    double seconds;
    long calls, points;

    if (count_calls(&calls, order->base) != 0)
        return FAULT_SKIPPED;
    points = order->count > 0 && order->count < calls ? order->count : calls;
    char *want = undisturbed(order->base, &kind, &seconds);
    rng_init(&rng, order->seed, "second kill", 0);
    for (long i = 0; i < points; i++) {
        if (tally->violations > 0 && !order->keep_going)
            break;
        long nth = points < calls ? 1 + (long)rng_below(&rng, (uint64_t)calls) : i + 1;
        if (one_trial(tally, want, nth, calls, &rng) != 0)
            return FAULT_STUCK;
    }
    snprintf(tally->note, sizeof tally->note, "%ld of about %ld points, a second kill in each",
             tally->trials, calls);
    free(want);
    return FAULT_DONE;
}

const struct fault fault_syscall = {
    .name = "syscall",
    .summary = "SIGKILL at every system call that changes anything, again during the resume",
    .run = run,
};
