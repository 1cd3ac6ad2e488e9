/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trainer, shim, both or the harness, killed or stopped at a random moment, with trainers that
 * behave and trainers that leave deaf daemons behind.  Of the processes of that moment none may
 * live two seconds after the harness has ended, or has been killed.  Where shim and harness are
 * killed at once nobody is left who could end what ignores everything: then none may live two
 * seconds after the study is gone on with, which ends those who hold a run's lock.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "clock.h"
#include "crowd.h"
#include "fault.h"

extern const struct fault fault_process;

#define LIMIT_S 2.0 /* after which nobody may be left */

/* What is done to whom; 0: nothing. */
static const struct {
    const char *name;
    int trainer, shim, harness;
    bool go_on; /* SIGCONT a moment later */
} deeds[] = {
    {"trainer killed", SIGKILL, 0, 0, false},
    {"shim killed", 0, SIGKILL, 0, false},
    {"trainer and shim killed", SIGKILL, SIGKILL, 0, false},
    {"harness killed", 0, 0, SIGKILL, false},
    {"all killed", SIGKILL, SIGKILL, SIGKILL, false},
    {"trainer stopped, harness killed", SIGSTOP, 0, SIGKILL, false},
    {"trainer stopped, shim killed", SIGSTOP, SIGKILL, 0, false},
    {"trainer stopped for a moment", SIGSTOP, 0, 0, true},
    {"shim stopped for a moment", 0, SIGSTOP, 0, true},
    {"both stopped for a moment", SIGSTOP, SIGSTOP, 0, true},
    {"shim stopped, trainer killed", SIGKILL, SIGSTOP, 0, true},
    {"shim stopped, harness killed", 0, SIGSTOP, SIGKILL, true},
    {"harness terminated", 0, 0, SIGTERM, false},
};

/* Trainers that end by themselves, and those that must be ended. */
static const char *const manners[] = {"ok", "ignore-term", "tree", "daemon", "grandchild"};

static struct subject_kind kind_of(char *text, size_t size, const char *manner)
{
    snprintf(text, size, "%s, --config, '{config}', --seed, '{seed}', --sleep-ms, '60'", manner);
    return (struct subject_kind){.experiments = 2,
                                 .lookahead = 1,
                                 .jobs = 2,
                                 .trainer = text,
                                 .keys = "decision: {procedure: greedy}\n"};
}

static void send(const struct crowd *crowd, enum member_role role, int number, size_t which)
{
    const struct member *member = number != 0 ? crowd_pick(crowd, role, which) : NULL;

    if (member != NULL)
        kill(member->pid, number);
}

/* Until there is a shim and a trainer, or the harness has ended. */
static bool await_crowd(struct crowd *out, const char *dir)
{
    const double began = clock_s();

    while (clock_s() - began < 5) {
        crowd_find(out, dir);
        if (crowd_pick(out, ROLE_SHIM, 0) != NULL && crowd_pick(out, ROLE_TRAINER, 0) != NULL)
            return true;
        crowd_clear(out);
        subject_pause(0.002);
    }
    return false;
}

static bool all_gone(const struct crowd *crowd)
{
    const double began = clock_s();

    while (crowd_alive(crowd) > 0) {
        if (clock_s() - began > LIMIT_S)
            return false;
        subject_pause(0.02);
    }
    return true;
}

/* The harness is given a while for runs that cannot end by themselves, then asked to end. */
static int end_harness(pid_t pid, bool was_ended)
{
    const double began = clock_s();
    int status;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (clock_s() - began > 0.4 && !was_ended) {
            kill(pid, SIGTERM);
            kill(pid, SIGTERM);
            was_ended = true;
        }
        subject_pause(0.005);
    }
    return status;
}

static void do_deed(const struct crowd *crowd, pid_t harness, size_t deed, struct rng *rng)
{
    size_t which = (size_t)rng_below(rng, 64);

    send(crowd, ROLE_TRAINER, deeds[deed].trainer, which);
    send(crowd, ROLE_SHIM, deeds[deed].shim, which);
    if (deeds[deed].harness != 0)
        kill(harness, deeds[deed].harness);
    if (!deeds[deed].go_on)
        return;
    subject_pause(0.05 + 0.2 * rng_uniform(rng));
    send(crowd, ROLE_TRAINER, deeds[deed].trainer == SIGSTOP ? SIGCONT : 0, which);
    send(crowd, ROLE_SHIM, deeds[deed].shim == SIGSTOP ? SIGCONT : 0, which);
}

/* SIGTERM itself ends a harness whose night was over when it came. */
static bool ended_well(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM;
    return WEXITSTATUS(status) <= 1 || WEXITSTATUS(status) == 143; /* 1: the baseline failed */
}

/* Whether nobody is left who could end the trainers. */
static bool is_deserted(size_t deed)
{
    return deeds[deed].shim == SIGKILL && deeds[deed].harness == SIGKILL;
}

/* Those of the crowd are gone in time; how the harness that goes on has ended. */
static bool gone_after_resume(const struct crowd *crowd, const char *dir, int *status)
{
    pid_t pid = subject_start(dir);
    bool gone = all_gone(crowd);

    *status = end_harness(pid, false);
    return gone;
}

static void one_trial(struct tally *tally, size_t deed, const char *manner)
{
    char words[256];
    struct subject_kind kind = kind_of(words, sizeof words, manner);
    char *dir = subject_new(tally->order->base, &kind);
    struct crowd crowd = {NULL, 0}, after = {NULL, 0};
    long violations = tally->violations;
    struct rng rng;
    pid_t pid = subject_start(dir);

    rng_init(&rng, tally->order->seed, "process", (uint64_t)tally->trials++);
    if (await_crowd(&crowd, dir)) {
        subject_pause(0.05 * rng_uniform(&rng));
        crowd_clear(&crowd);
        crowd_find(&crowd, dir);
        tally->injected += crowd.n > 0;
        do_deed(&crowd, pid, deed, &rng);
    }
    int status = end_harness(pid, deeds[deed].harness != 0);
    bool gone = !is_deserted(deed) || gone_after_resume(&crowd, dir, &status);
    crowd_find(&after, dir);
    if (!ended_well(status))
        violation(tally, dir, "%s (%s): the harness ended with status %d", deeds[deed].name, manner,
                  status);
    else if (!gone || !all_gone(&crowd) || !all_gone(&after))
        violation(tally, dir, "%s (%s): %zu processes live after %g s", deeds[deed].name, manner,
                  crowd_alive(&crowd) + crowd_alive(&after), LIMIT_S);
    crowd_clear(&crowd);
    crowd_clear(&after);
    if (tally->violations == violations)
        subject_remove(dir);
    free(dir);
}

static enum fault_end run(struct tally *tally)
{
    const size_t n = sizeof deeds / sizeof *deeds, m = sizeof manners / sizeof *manners;

    for (size_t i = 0; !is_enough(tally, fault_process.usual); i++)
        one_trial(tally, i % n, manners[i / n % m]);
    return FAULT_DONE;
}

const struct fault fault_process = {
    .name = "process",
    .summary = "trainer, shim, both or harness killed or stopped: nobody lives 2 s later",
    .usual = 325,
    .run = run,
};
