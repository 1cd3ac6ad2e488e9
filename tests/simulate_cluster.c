/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulate_cluster - what one orchestrator costs, and how well it keeps a cluster busy
 * (docs/cluster.md).
 *
 *     simulate_cluster [--experiments N] [--slots LIST] [--run SECONDS] [--queued SHARE]
 *                      [--seed N] [--wall] [--dir DIR]
 *
 * The study is real: the loop, the referee, the record in SQLite, git, orders and results as files,
 * the reading of what squeue prints.  Only the cluster is simulated, and with it time: a clock that
 * goes on by the CPU time that the orchestrator has taken (--wall: by all of its time, for a
 * machine that does nothing else), and else jumps to the next end of a run.  So a slot that waits
 * for the orchestrator is idle in the figures as it would be on a cluster.
 *
 * A run takes SECONDS (120), log-normal with a spread of 10 %.  A task that is submitted starts at
 * the scheduler's next cycle, a second apart, 0.5 to 3 s after that (prolog, start), on the first
 * slot that is free; besides, SHARE (0.25) as many tasks as slots wait in the queue.  One task in
 * 200 is lost with its node half way and noticed a minute later; one in 50 fails.  Efficiency is
 * the time that slots have spent on runs with a result, over all of their time until the last
 * experiment was decided.
 */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "job.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "queue.h"
#include "rng.h"
#include "session.h"
#include "task_file.h"

#define TURN_S    0.25 /* as queue_wait() has it */
#define CYCLE_S   1.0
#define LOST_S    60.0
#define LOOK_S    10.0
#define ONE_LOST  200
#define ONE_FAILS 50

static const char uuid[] = "00112233445566778899aabbccddeeff";

/* --- the cluster ------------------------------------------------------------------------------ */

struct simulated_task {
    int64_t ticket;
    double ends; /* virtual time at which its result is there */
    bool lost, fails;
    const struct job *job;
};

struct span { /* of a run with a result, virtual seconds */
    double begin, end;
};

struct cluster {
    struct span *spans; /* [n_spans] */
    size_t n_spans;
    double now;       /* virtual seconds */
    bool wall;        /* the orchestrator's time is that of the clock, not of the processor */
    double waited_at; /* own_s() when the orchestrator was last let go */
    double outside_s; /* of its time since then, what was the nodes' work */
    double busy_s;    /* real time that the orchestrator has taken in all */
    double useful_s;  /* virtual time of slots with runs that have a result */
    double looked;    /* virtual time of the last look at the queue */
    double run_s;
    double *slots; /* [n_slots] when each is free */
    size_t n_slots;
    struct simulated_task *tasks; /* [n] in the queue or running */
    size_t n;
    int64_t last;
    const char *folder;
    struct rng rng;
    struct queue_terms terms;
};

static double *first_free(struct cluster *c)
{
    double *first = c->slots;

    for (size_t i = 1; i < c->n_slots; i++)
        if (c->slots[i] < *first)
            first = &c->slots[i];
    return first;
}

/* Of this process. */
static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double own_s(const struct cluster *c)
{
    return c->wall ? clock_s() : cpu_s();
}

/* Places the task on the slot where the scheduler would: the first that is free. */
static void place_task(struct cluster *c, struct simulated_task *task)
{
    double *slot = first_free(c);
    double cycle = ceil(c->now / CYCLE_S) * CYCLE_S;
    double length = c->run_s * exp(0.1 * rng_normal(&c->rng));
    double starts = fmax(cycle, *slot) + 0.5 + 2.5 * rng_uniform(&c->rng);

    task->lost = rng_below(&c->rng, ONE_LOST) == 0;
    task->fails = !task->lost && rng_below(&c->rng, ONE_FAILS) == 0;
    *slot = starts + (task->lost ? length / 2 + LOST_S : length);
    task->ends = *slot;
    if (task->lost)
        return;
    c->useful_s += length;
    c->spans = mem_room(c->spans, c->n_spans, sizeof *c->spans);
    c->spans[c->n_spans++] = (struct span){starts, task->ends};
}

/* --- what a node does: its time is not the orchestrator's ---------------------------------------
 */

static void write_stream(const struct simulated_task *task, double loss)
{
    char *path = path_join(task->job->dir, RUN_STREAM);
    FILE *out = fopen(path, "we");

    if (out != NULL) {
        if (!task->fails)
            fprintf(out, "{\"val_loss\": %.17g, \"steps\": 100}\n", loss);
        fclose(out);
    }
    free(path);
}

static void write_result(struct cluster *c, const struct simulated_task *task)
{
    struct task_result result = {.end = TASK_ENDED,
                                 .facts = {.class = task->fails ? CLASS_EXIT : CLASS_OK,
                                           .exit_code = task->fails,
                                           .wall_s = c->run_s,
                                           .cpu_s = c->run_s,
                                           .peak_mib = 100}};
    struct err err = {0};

    write_stream(task, 1 + 0.1 * rng_normal(&c->rng));
    if (task_result_write(&result, c->folder, task->ticket, &err) != 0)
        fprintf(stderr, "simulate_cluster: %s\n", err.text);
}

/* As squeue prints them. */
static char *list_queue(const struct cluster *c)
{
    struct str text = {0};

    for (size_t i = 0; i < c->n; i++)
        str_addf(&text, "4711|%" PRId64 "|RUNNING|%s/1\n", c->tasks[i].ticket - 1, uuid);
    return str_take(&text);
}

/* --- the executor ----------------------------------------------------------------------------- */

static int start(void *self, struct ticket *out, const struct job *job, struct err *err)
{
    struct cluster *c = self;
    struct simulated_task task = {.ticket = ++c->last, .job = job};
    char *dir = mem_strdup(job->dir);
    struct task_order order = {.dir = dir, .threads = 1};
    int rc = job_write(job, err);

    *out = (struct ticket){.pid = -1, .fd = -1, .control = -1, .task = task.ticket};
    if (rc == 0)
        rc = task_order_write(&order, c->folder, task.ticket, err);
    place_task(c, &task);
    c->tasks = mem_room(c->tasks, c->n, sizeof *c->tasks);
    c->tasks[c->n++] = task;
    free(dir);
    return rc;
}

/* The parsing of a list is the orchestrator's work, the list is not. */
static void look(struct cluster *c)
{
    const struct queue_kind *slurm = executor_find("slurm")->queue;
    struct sighting seen;
    double began = own_s(c);
    char *text = list_queue(c), *rest = NULL;

    c->outside_s += own_s(c) - began;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        slurm->read_line(&seen, &c->terms, line);
    free(text);
    c->looked = c->now;
}

static int tend(void *self, struct err *err)
{
    struct cluster *c = self;

    (void)err;
    if (c->now - c->looked >= LOOK_S)
        look(c);
    return 0;
}

static struct simulated_task *find(struct cluster *c, int64_t ticket)
{
    size_t low = 0, high = c->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->tasks[middle].ticket < ticket)
            low = middle + 1;
        else
            high = middle;
    }
    return &c->tasks[low];
}

static int take(struct outcome_facts *out, struct cluster *c, const struct simulated_task *task,
                struct err *err)
{
    struct task_result result;
    char *path = task_result_path(c->folder, task->ticket);
    char *order = task_order_path(c->folder, task->ticket);
    double began = own_s(c);

    write_result(c, task);
    c->outside_s += own_s(c) - began;
    int rc = task_result_read(&result, c->folder, task->ticket, err);
    *out = result.facts;
    unlink(path);
    unlink(order);
    free(path);
    free(order);
    return rc;
}

static int poll_task(void *self, struct outcome_facts *out, struct ticket *ticket,
                     const struct job *job, struct err *err)
{
    struct cluster *c = self;
    struct simulated_task *task = find(c, ticket->task);
    int rc = 0;

    (void)job;
    if (task->ends > c->now)
        return 0;
    if (task->lost)
        *out = (struct outcome_facts){.class = CLASS_INTERRUPTED,
                                      .exit_code = -1,
                                      .wall_s = NAN,
                                      .cpu_s = NAN,
                                      .peak_mib = NAN,
                                      .detail = "its node failed"};
    else
        rc = take(out, c, task, err);
    memmove(task, task + 1, (size_t)(c->tasks + c->n - task - 1) * sizeof *task);
    c->n--;
    return rc == 0 ? 1 : -1;
}

static int stop(void *self, struct ticket *ticket, bool now, struct err *err)
{
    struct cluster *c = self;

    (void)now;
    (void)err;
    find(c, ticket->task)->ends = c->now;
    return 0;
}

static int clear(void *self, const char *dir, struct err *err)
{
    (void)self;
    (void)dir;
    (void)err;
    return 0;
}

/* The orchestrator has nothing to do: time goes on by what it took, and to its next look. */
static void wait_turn(void *self, struct pollfd *fds, size_t n, int limit_ms)
{
    struct cluster *c = self;
    double took = own_s(c) - c->waited_at - c->outside_s, next = INFINITY;

    (void)limit_ms;
    for (size_t i = 0; i < n; i++)
        fds[i].revents = 0;
    c->busy_s += took;
    c->now += took + TURN_S;
    for (size_t i = 0; i < c->n; i++)
        next = fmin(next, c->tasks[i].ends);
    if (isfinite(next) && next > c->now)
        c->now += ceil((next - c->now) / TURN_S) * TURN_S;
    c->outside_s = 0;
    c->waited_at = own_s(c);
}

static const struct executor simulated = {
    .name = "simulated",
    .summary = "a cluster that is none",
    .start = start,
    .tend = tend,
    .poll = poll_task,
    .stop = stop,
    .clear = clear,
    .wait = wait_turn,
};

/* --- one study -------------------------------------------------------------------------------- */

struct options {
    long experiments, seed;
    double run_s, queued;
    const char *slots, *dir;
    bool wall;
};

static void write_study(const char *path, long slots)
{
    FILE *out = fopen(path, "we");

    if (out == NULL) {
        perror(path);
        exit(3);
    }
    fprintf(out,
            "name: cluster\n"
            "metric: {name: val_loss, goal: minimize}\n"
            "trainer: {command: [/bin/true, \"{seed}\"], timeout: 1h}\n"
            "parameters:\n"
            "  x: {distribution: uniform, min: 0, max: 1, start: 0.5}\n"
            "  y: {distribution: uniform, min: 0, max: 1, start: 0.5}\n"
            "search: {strategy: random}\n"
            "decision: {procedure: greedy}\n"
            "breaker: off\n"
            "lookahead: %ld\n",
            4 * slots < 4096 ? 4 * slots : 4096);
    fclose(out);
}

static int drive(struct cluster *c, const char *study, const struct options *options,
                 struct err *err)
{
    struct session session;
    struct limits limits = {.experiments = options->experiments,
                            .seconds = INFINITY,
                            .jobs = (int)ceil((1 + options->queued) * (double)c->n_slots)};
    enum loop_end end;
    int signal;

    if (session_open(&session, study, NULL, "local", err) != 0)
        return -1;
    session.site = (struct site){&simulated, c};
    c->waited_at = own_s(c);
    int rc = loop_run(&session, &limits, &end, &signal, err);
    session_close(&session);
    return rc;
}

/* Share of the slots' time between two virtual times that runs with a result have had. */
static double busy_between(const struct cluster *c, double begin, double end)
{
    double sum = 0;

    for (size_t i = 0; i < c->n_spans; i++)
        sum += fmax(0, fmin(c->spans[i].end, end) - fmax(c->spans[i].begin, begin));
    return sum / ((double)c->n_slots * (end - begin));
}

static void print_row(const struct cluster *c, const struct options *options, double real_s)
{
    double n = (double)options->experiments;

    printf("%6zu  %11.2f  %10.2f  %12.2f  %12.1f  %10.1f  %7.1f %8.1f %6.1f\n", c->n_slots,
           1e3 * c->busy_s / n, 1e3 * real_s / n, c->now / 3600, n / c->now * 3600,
           100 * c->useful_s / ((double)c->n_slots * c->now),
           100 * busy_between(c, 0, 0.1 * c->now),
           100 * busy_between(c, 0.1 * c->now, 0.9 * c->now),
           100 * busy_between(c, 0.9 * c->now, c->now));
    fflush(stdout);
}

static int simulate(long slots, const struct options *options, struct err *err)
{
    char *dir = mem_printf("%s/cluster-%ld-%ld", options->dir, (long)getpid(), slots);
    char *study = path_join(dir, "cluster.yaml"), *folder = path_join(dir, "queue");
    char *tasks = path_join(folder, "task"), *done = path_join(folder, "done");
    struct executor_rule rule = {.kind = NULL};
    struct cluster c = {.run_s = options->run_s,
                        .n_slots = (size_t)slots,
                        .wall = options->wall,
                        .slots = mem_new((size_t)slots, sizeof *c.slots),
                        .folder = folder,
                        .terms = {&rule, uuid, folder}};
    double began = clock_s();
    int rc = -1;

    rng_init(&c.rng, (uint64_t)options->seed, "cluster", (uint64_t)slots);
    if (file_mkdirs(tasks, err) == 0 && file_mkdirs(done, err) == 0) {
        write_study(study, slots);
        rc = drive(&c, study, options, err);
    }
    if (rc == 0)
        print_row(&c, options, clock_s() - began);
    if (rc == 0)
        rc = file_remove(dir, err);
    free(dir);
    free(study);
    free(folder);
    free(tasks);
    free(done);
    free(c.slots);
    free(c.spans);
    free(c.tasks);
    return rc;
}

/* --- the command line ------------------------------------------------------------------------- */

static const struct option names[] = {
    {"experiments", required_argument, NULL, 'n'},
    {"slots", required_argument, NULL, 's'},
    {"run", required_argument, NULL, 'r'},
    {"seed", required_argument, NULL, 'e'},
    {"queued", required_argument, NULL, 'q'},
    {"wall", no_argument, NULL, 'w'},
    {"dir", required_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void usage(void)
{
    puts("simulate_cluster - what one orchestrator costs on a cluster that is simulated\n\n"
         "  --experiments N  of each study, one run each [10000]\n"
         "  --slots LIST     runs at a time [1,4,16,64,256,1024]\n"
         "  --run SECONDS    of one run [120]\n"
         "  --seed N         of the cluster's luck [1]\n"
         "  --queued SHARE   tasks that wait in the queue, of those that run [0.25]\n"
         "  --wall           its own time by the clock: with disks, and all else that the machine "
         "does\n"
         "  --dir DIR        on a disk, in no git repository [/var/tmp]");
}

static double number_of(const char *text, double low, double high)
{
    char *end;
    double x = strtod(text, &end);

    if (end != text && *end == '\0' && x >= low && x <= high)
        return x;
    fprintf(stderr, "simulate_cluster: '%s' is not a number from %g to %g\n", text, low, high);
    exit(2);
}

static void read_options(struct options *out, int argc, char **argv)
{
    for (int which; (which = getopt_long(argc, argv, "", names, NULL)) != -1;)
        if (which == 'n')
            out->experiments = (long)number_of(optarg, 10, 1e6);
        else if (which == 's')
            out->slots = optarg;
        else if (which == 'r')
            out->run_s = number_of(optarg, 0.1, 1e6);
        else if (which == 'e')
            out->seed = (long)number_of(optarg, 0, 1e6);
        else if (which == 'q')
            out->queued = number_of(optarg, 0, 1);
        else if (which == 'd')
            out->dir = optarg;
        else if (which == 'w')
            out->wall = true;
        else {
            usage();
            exit(which == 'h' ? 0 : 2);
        }
}

int main(int argc, char **argv)
{
    struct options options = {10000, 1, 120, 0.25, "1,4,16,64,256,1024", "/var/tmp", false};
    struct err err = {0};

    read_options(&options, argc, argv);
    log_quiet(true);
    printf("%ld experiments of one run of %g s; the orchestrator's own time is measured, the "
           "cluster's is simulated\n\n%6s  %11s  %10s  %12s  %12s  %10s  %7s %8s %6s\n",
           options.experiments, options.run_s, "slots", "own ms/exp", "real ms", "hours in all",
           "exp an hour", "busy %", "first", "steady", "last");
    char *list = mem_strdup(options.slots), *rest = NULL;
    int rc = 0;
    for (char *word = strtok_r(list, ",", &rest); word != NULL && rc == 0;
         word = strtok_r(NULL, ",", &rest))
        rc = simulate((long)number_of(word, 1, 2048), &options, &err);
    free(list);
    if (rc != 0)
        fprintf(stderr, "simulate_cluster: %s\n", err.text);
    return rc == 0 ? 0 : err.code;
}
