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

#include "campaign.h"
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

/* What all trials share. */
struct plan {
    const char *want;
    long calls, points; /* fewer points than calls: drawn at random */
};

/* The calls differ by a few from run to run, as runs end sooner or later. */
static int one_trial(struct tally *tally, long point, void *context)
{
    const struct plan *plan = context;
    struct traced first, second;
    char what[256];
    struct rng rng;

    rng_init(&rng, tally->order->seed, "kills", (uint64_t)point);
    long drawn = 1 + (long)rng_below(&rng, (uint64_t)plan->calls);
    long then = 1 + (long)rng_below(&rng, (uint64_t)plan->calls);
    char *dir = subject_new(tally->order->base, &kind);
    int rc = kill_at(&first, dir, plan->points < plan->calls ? drawn : point);
    if (rc == 0)
        rc = kill_at(&second, dir, then);
    if (rc == 0) {
        tally->injected += first.acted + second.acted;
        snprintf(what, sizeof what, "killed at %s, then at %s", first.at, second.at);
        ends_as(tally, dir, plan->want, what);
    }
    free(dir);
    return rc;
}

static enum fault_end run(struct tally *tally)
{
    const struct order *order = tally->order;
    struct plan plan;
    double seconds;

    if (count_calls(&plan.calls, order->base) != 0)
        return FAULT_SKIPPED;
    plan.points = order->count > 0 && order->count < plan.calls ? order->count : plan.calls;
    char *want = undisturbed(order->base, &kind, &seconds);
    plan.want = want;
    enum fault_end end = campaign_run(
        tally, &(struct campaign){.points = plan.points, .trial = one_trial, .context = &plan});
    snprintf(tally->note, sizeof tally->note, "%ld of about %ld points, a second kill in each",
             tally->trials, plan.calls);
    free(want);
    return end;
}

const struct fault fault_syscall = {
    .name = "syscall",
    .summary = "SIGKILL at every system call that changes anything, again during the resume",
    .run = run,
};
