/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIGKILL after a random time, in three of ten studies up to three more during the resume. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

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

static enum fault_end run(struct tally *tally)
{
    double seconds;
    char *want = undisturbed(tally->order->base, &kind, &seconds), what[128];

    while (!is_enough(tally, fault_random.usual)) {
        char *dir = subject_new(tally->order->base, &kind);
        struct rng rng;
        rng_init(&rng, tally->order->seed, "random kill", (uint64_t)tally->trials);
        kill_after(tally, dir, rng_uniform(&rng) * seconds);
        int more = rng_uniform(&rng) < 0.3 ? 1 + (int)rng_below(&rng, 3) : 0;
        for (int i = 0; i < more; i++)
            kill_after(tally, dir, rng_uniform(&rng) * seconds / 3);
        snprintf(what, sizeof what, "killed %d times, trial %ld", 1 + more, tally->trials);
        ends_as(tally, dir, want, what);
        free(dir);
    }
    free(want);
    return FAULT_DONE;
}

const struct fault fault_random = {
    .name = "random",
    .summary = "SIGKILL after a random time, up to three more during the resume",
    .usual = 1000,
    .run = run,
};
