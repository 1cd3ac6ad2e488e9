/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second `nightshift run` on the same study, at a random moment: it must end with exit 5 and
 * change nothing. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "fault.h"
#include "file.h"

extern const struct fault fault_second;

static const struct subject_kind kind = {
    .experiments = 8,
    .lookahead = 2,
    .jobs = 2,
    .trainer = "ok, --config, '{config}', --seed, '{seed}', --noise, '0.02', --sleep-ms, '6'",
    .keys = "audit: off\ndecision: {max_seeds: 2, confirm: 2}\n",
};

/* Waits until the first one holds the study, and a random time more, then makes it stand still;
 * false where it has ended meanwhile. */
static bool hold(pid_t first, const char *dir, double more_s)
{
    char *db = path_join(dir, "runs/torture/study.db");
    int status;

    while (!file_exists(db) && waitpid(first, &status, WNOHANG) == 0)
        subject_pause(0.001);
    free(db);
    subject_pause(more_s);
    kill(first, SIGSTOP);
    return waitpid(first, &status, WNOHANG) == 0;
}

static void one_trial(struct tally *tally, const char *want, double more_s)
{
    char *dir = subject_new(tally->order->base, &kind), what[64];
    pid_t first = subject_start(dir);

    snprintf(what, sizeof what, "second harness, trial %ld", tally->trials);
    if (hold(first, dir, more_s)) {
        int status = subject_run(dir);
        kill(first, SIGCONT);
        int of_first = subject_wait(first);
        tally->injected++;
        if (of_first != 0 || !(WIFEXITED(status) && WEXITSTATUS(status) == 5))
            violation(tally, dir, "%s: the first ended with status %d, the second with %d", what,
                      of_first, status);
        else
            ends_as(tally, dir, want, what);
    } else {
        tally->trials++;
        subject_remove(dir);
    }
    free(dir);
}

static enum fault_end run(struct tally *tally)
{
    double seconds;
    char *want = undisturbed(tally->order->base, &kind, &seconds);

    while (!is_enough(tally, fault_second.usual)) {
        struct rng rng;
        rng_init(&rng, tally->order->seed, "second harness", (uint64_t)tally->trials);
        one_trial(tally, want, 0.5 * rng_uniform(&rng) * seconds);
    }
    free(want);
    return FAULT_DONE;
}

const struct fault fault_second = {
    .name = "second",
    .summary = "a second harness on the same study is turned away",
    .usual = 50,
    .run = run,
};
