/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIGKILL after a random time, in three of ten studies up to three more during the resume. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "campaign.h"
#include "fault.h"

extern const struct fault fault_random;

static const struct subject_kind kind = {
    .experiments = 20,
    .lookahead = 3,
    .jobs = 2,
    .trainer = "ok, --config, '{config}', --seed, '{seed}', --noise, '0.02', --sleep-ms, '3'",
    .keys = "",
};

static void kill_after(struct tally *tally, const char *dir, double seconds)
{
    pid_t pid = subject_start(dir);

    subject_pause(seconds);
    kill(pid, SIGKILL);
    tally->injected += WIFSIGNALED(subject_wait(pid));
}

/* What all trials share. */
struct plan {
    const char *want;
    double seconds; /* that an undisturbed study takes */
};

static int one_trial(struct tally *tally, long point, void *context)
{
    const struct plan *plan = context;
    char *dir = subject_new(tally->order->base, &kind), what[128];
    struct rng rng;

    rng_init(&rng, tally->order->seed, "random kill", (uint64_t)point);
    kill_after(tally, dir, rng_uniform(&rng) * plan->seconds);
    int more = rng_uniform(&rng) < 0.3 ? 1 + (int)rng_below(&rng, 3) : 0;
    for (int i = 0; i < more; i++)
        kill_after(tally, dir, rng_uniform(&rng) * plan->seconds / 3);
    snprintf(what, sizeof what, "killed %d times, trial %ld", 1 + more, point);
    ends_as(tally, dir, plan->want, what);
    free(dir);
    return 0;
}

static enum fault_end run(struct tally *tally)
{
    const long kills = tally->order->count > 0 ? tally->order->count : fault_random.usual;
    struct plan plan;
    char *want = undisturbed(tally->order->base, &kind, &plan.seconds);

    plan.want = want;
    enum fault_end end = campaign_run(
        tally, &(struct campaign){
                   .points = 10 * kills, .enough = kills, .trial = one_trial, .context = &plan});
    free(want);
    return end;
}

const struct fault fault_random = {
    .name = "random",
    .summary = "SIGKILL after a random time, up to three more during the resume",
    .usual = 1000,
    .run = run,
};
