/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs on a cluster with Slurm: one array a batch, by sbatch, squeue and scancel. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "queue.h"
#include "str.h"

extern const struct executor executor_slurm;

/* --- sbatch ----------------------------------------------------------------------------------- */

/* Whole minutes are what Slurm counts, and whole MiB what it takes memory in. */
static size_t add_limits(char **argv, const struct executor_rule *rule)
{
    size_t n = 0;

    argv[n++] = mem_printf("--cpus-per-task=%d", rule->cpus);
    if (rule->partition != NULL)
        argv[n++] = mem_printf("--partition=%s", rule->partition);
    if (rule->gres != NULL)
        argv[n++] = mem_printf("--gres=%s", rule->gres);
    if (rule->memory > 0)
        argv[n++] = mem_printf("--mem=%.0fM", ceil(rule->memory / 0x1p20));
    if (rule->time_s > 0) {
        argv[n++] = mem_printf("--time=%.0f", ceil(rule->time_s / 60));
        argv[n++] = mem_printf("--signal=B:USR1@%.0f", queue_warning_s(rule));
    }
    for (size_t i = 0; i < rule->options.n; i++)
        argv[n++] = mem_strdup(rule->options.at[i]);
    return n;
}

/* Our own options come last, so that none of the user's takes their place. */
static char **submit(const struct queue_terms *terms, const struct submission *submission)
{
    char **argv = mem_new(terms->rule->options.n + 24, sizeof *argv);
    size_t n = 0;

    argv[n++] = mem_strdup("sbatch");
    n += add_limits(argv + n, terms->rule);
    argv[n++] = mem_strdup("--parsable");
    argv[n++] = mem_strdup("--no-requeue");
    argv[n++] = mem_strdup("--nodes=1");
    argv[n++] = mem_strdup("--ntasks=1");
    argv[n++] = mem_printf("--array=0-%zu", submission->n - 1);
    argv[n++] = mem_printf("--job-name=nightshift-%s", terms->uuid);
    argv[n++] = mem_printf("--comment=%s/%" PRId64, terms->uuid, submission->first);
    argv[n++] = mem_printf("--chdir=%s", terms->folder);
    argv[n++] = mem_strdup("--output=/dev/null");
    argv[n++] = mem_strdup("--error=/dev/null");
    argv[n++] = mem_strdup(submission->script);
    return argv;
}

/* What a busy, full or restarting controller says, in its own words (slurm_errno.c). */
static bool passes(const char *why)
{
    static const char *const words[] = {"nable to contact",
                                        "ocket timed out",
                                        "temporarily",
                                        "Zero Bytes",
                                        "onnection",
                                        "ommunication",
                                        "ontroller",
                                        "no answer in time",
                                        "Limit",
                                        "limit",
                                        "QOS",
                                        "try again",
                                        "ransport",
                                        "busy"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(why, words[i]) != NULL)
            return true;
    return false;
}

/* --- squeue ----------------------------------------------------------------------------------- */

/* A line for each task: the array's job, the index, the state, the comment. */
static char **look(const struct queue_terms *terms)
{
    char **argv = mem_new(8, sizeof *argv);
    size_t n = 0;

    argv[n++] = mem_strdup("squeue");
    argv[n++] = mem_strdup("--noheader");
    argv[n++] = mem_strdup("--array");
    argv[n++] = mem_strdup("--states=all");
    argv[n++] = mem_printf("--name=nightshift-%s", terms->uuid);
    argv[n++] = mem_strdup("--format=%F|%K|%T|%k");
    return argv;
}

static const struct {
    const char *state;
    enum sight sight;
} states[] = {
    {"PENDING", SIGHT_WAITS},       {"CONFIGURING", SIGHT_WAITS}, {"REQUEUED", SIGHT_WAITS},
    {"SPECIAL_EXIT", SIGHT_WAITS},  {"COMPLETED", SIGHT_DONE},    {"FAILED", SIGHT_FAILED},
    {"TIMEOUT", SIGHT_TIME},        {"DEADLINE", SIGHT_TIME},     {"OUT_OF_MEMORY", SIGHT_MEMORY},
    {"NODE_FAIL", SIGHT_NODE},      {"BOOT_FAIL", SIGHT_NODE},    {"PREEMPTED", SIGHT_PREEMPTED},
    {"CANCELLED", SIGHT_CANCELLED}, {"REVOKED", SIGHT_CANCELLED},
};

/* What is neither waiting nor over has a node: running, completing, suspended, stopped. */
static enum sight sight_of(const char *state)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(states[i].state, state) == 0)
            return states[i].sight;
    return SIGHT_RUNS;
}

static bool read_line(struct sighting *out, const struct queue_terms *terms, const char *line)
{
    unsigned long long job, index, first;
    char state[32], uuid[64];

    if (sscanf(line, "%20llu|%20llu|%31[^|]|%63[^/]/%20llu", &job, &index, state, uuid, &first) !=
        5)
        return false;
    if (strcmp(uuid, terms->uuid) != 0 || first > INT32_MAX || index > INT32_MAX)
        return false;
    out->number = (int64_t)(first + index);
    out->sight = sight_of(state);
    snprintf(out->id, sizeof out->id, "%llu_%llu", job, index);
    return true;
}

static char **cancel(const struct queue_terms *terms, const char *const *ids, size_t n)
{
    char **argv = mem_new(n + 2, sizeof *argv);

    (void)terms;
    argv[0] = mem_strdup("scancel");
    for (size_t i = 0; i < n; i++)
        argv[i + 1] = mem_strdup(ids[i]);
    return argv;
}

static const struct queue_kind slurm = {
    .most = 1000, /* MaxArraySize is 1001 where nobody has changed it */
    .most_cancels = 500,
    .index = "SLURM_ARRAY_TASK_ID",
    .submit = submit,
    .look = look,
    .cancel = cancel,
    .read_line = read_line,
    .passes = passes,
};

static int slurm_open(void **self, const struct executor_terms *terms, struct err *err)
{
    return queue_open(&slurm, self, terms, err);
}

const struct executor executor_slurm = {
    .name = "slurm",
    .summary = "on a cluster with Slurm: one array a batch, results by files",
    .queue = &slurm,
    .open = slurm_open,
    .close = queue_close,
    .start = queue_start,
    .tend = queue_tend,
    .poll = queue_poll,
    .stop = queue_stop,
    .clear = queue_clear,
    .holds = queue_holds,
    .adopt = queue_adopt,
    .wait = queue_wait,
};
