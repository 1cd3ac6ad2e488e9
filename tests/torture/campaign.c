/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "campaign.h"
#include "clock.h"
#include "file.h"
#include "mem.h"

#define TELL_EVERY_S 20.0

/* What the workers share. */
struct shared {
    atomic_long next; /* point */
    atomic_long trials, injected, violations;
    atomic_bool stop, stuck;
};

struct run {
    struct tally *tally;
    const struct campaign *campaign;
    struct shared *shared;
    bool *done;   /* [points + 1] by an earlier call */
    char key[96]; /* first words of our lines in the file */
    int file;     /* -1: nothing is noted */
};

static volatile sig_atomic_t asked_to_stop; /* set by a signal alone */

static void ask_to_stop(int number)
{
    (void)number;
    asked_to_stop = 1;
}

/* --- the file ------------------------------------------------------------------------------- */

static void make_key(struct run *run)
{
    const struct order *order = run->tally->order;
    char hash[SHA256_TEXT] = "";
    struct err err = {0};

    if (sha256_file(hash, NULL, subject_argv()[0], &err) != 0)
        fprintf(stderr, "torture: %s\n", err.text);
    snprintf(run->key, sizeof run->key, "%.16s %s seed %llu count %ld", hash, run->tally->fault,
             (unsigned long long)order->seed, order->count);
}

/* All before was of a campaign that is over. */
static void begin_anew(struct run *run)
{
    memset(run->done, 0, ((size_t)run->campaign->points + 1) * sizeof *run->done);
    atomic_store(&run->shared->trials, 0);
    atomic_store(&run->shared->injected, 0);
    atomic_store(&run->shared->violations, 0);
}

/* Counts a line of ours. */
static void take_line(struct run *run, const char *line)
{
    const size_t len = strlen(run->key);
    long point, trials, injected, violations;
    char over[32];

    if (sscanf(line, "end %31s", over) == 1 && strcmp(over, run->tally->fault) == 0)
        begin_anew(run);
    if (strncmp(line, run->key, len) != 0 ||
        sscanf(line + len, ": %ld %ld %ld %ld", &point, &trials, &injected, &violations) != 4 ||
        point < 1 || point > run->campaign->points || run->done[point])
        return;
    run->done[point] = true;
    atomic_fetch_add(&run->shared->trials, trials);
    atomic_fetch_add(&run->shared->injected, injected);
    atomic_fetch_add(&run->shared->violations, violations);
}

static void read_file(struct run *run)
{
    FILE *in = fopen(run->tally->order->progress, "re");
    char line[256];

    while (in != NULL && fgets(line, sizeof line, in) != NULL)
        take_line(run, line);
    if (in != NULL)
        fclose(in);
    if (atomic_load(&run->shared->trials) > 0)
        fprintf(stderr, "torture: %s: goes on after %ld studies, %ld violations\n",
                run->tally->fault, atomic_load(&run->shared->trials),
                atomic_load(&run->shared->violations));
}

static void open_file(struct run *run)
{
    const char *path = run->tally->order->progress;

    run->file = -1;
    if (path == NULL)
        return;
    make_key(run);
    read_file(run);
    run->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (run->file < 0)
        fprintf(stderr, "torture: cannot write '%s': %s\n", path, strerror(errno));
}

/* One write, so that lines of several workers do not mix. */
static void note(const struct run *run, long point, const struct tally *of_point)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%s: %ld %ld %ld %ld\n", run->key, point, of_point->trials,
                     of_point->injected, of_point->violations);

    if (run->file >= 0 && write(run->file, line, (size_t)n) != n)
        fprintf(stderr, "torture: cannot write '%s'\n", run->tally->order->progress);
}

void campaign_forget(const char *progress, const char *fault)
{
    FILE *out = progress != NULL ? fopen(progress, "ae") : NULL;

    if (out != NULL)
        fprintf(out, "end %s\n", fault);
    if (out != NULL && fclose(out) != 0)
        fprintf(stderr, "torture: cannot write '%s'\n", progress);
}

/* --- workers -------------------------------------------------------------------------------- */

static bool is_over(const struct run *run)
{
    const struct shared *shared = run->shared;
    const long enough = run->campaign->enough;

    return atomic_load(&shared->stop) || atomic_load(&shared->stuck) ||
           (enough > 0 && atomic_load(&shared->injected) >= enough) ||
           (atomic_load(&shared->violations) > 0 && !run->tally->order->keep_going);
}

static void one_point(const struct run *run, long point)
{
    struct tally tally = {.order = run->tally->order, .fault = run->tally->fault};

    if (run->campaign->trial(&tally, point, run->campaign->context) != 0) {
        atomic_store(&run->shared->stuck, true);
        return;
    }
    note(run, point, &tally);
    atomic_fetch_add(&run->shared->trials, tally.trials);
    atomic_fetch_add(&run->shared->injected, tally.injected);
    atomic_fetch_add(&run->shared->violations, tally.violations);
}

/* In a group of its own: keys that the terminal sends must not reach the studies. */
static _Noreturn void work(const struct run *run)
{
    long point;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (!is_over(run) &&
           (point = atomic_fetch_add(&run->shared->next, 1)) <= run->campaign->points)
        if (!run->done[point])
            one_point(run, point);
    exit(0);
}

static int start_workers(const struct run *run)
{
    int n = 0;

    fflush(NULL);
    for (; n < run->tally->order->jobs; n++) {
        pid_t pid = fork();
        if (pid == 0)
            work(run);
        if (pid < 0)
            break;
    }
    return n;
}

/* --- the one who waits ---------------------------------------------------------------------- */

static void tell(const struct run *run, double seconds, long before)
{
    const long trials = atomic_load(&run->shared->trials);
    const long all = run->campaign->enough > 0 ? run->campaign->enough : run->campaign->points;
    const long reached = run->campaign->enough > 0 ? atomic_load(&run->shared->injected) : trials;

    fprintf(stderr, "torture: %s: %ld of %ld, %ld violations, %.2f studies/s\n", run->tally->fault,
            reached, all, atomic_load(&run->shared->violations),
            (double)(trials - before) / seconds);
}

static void wait_for(const struct run *run, int workers)
{
    const double began = clock_s();
    const long before = atomic_load(&run->shared->trials);
    double told = began;

    while (workers > 0) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid > 0) {
            workers--;
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                atomic_store(&run->shared->stuck, true);
            continue;
        }
        subject_pause(0.02);
        if (asked_to_stop)
            atomic_store(&run->shared->stop, true);
        if (clock_s() - told < TELL_EVERY_S)
            continue;
        told = clock_s();
        tell(run, told - began, before);
    }
}

static void work_it_off(const struct run *run)
{
    const struct sigaction stop = {.sa_handler = ask_to_stop};
    struct sigaction before[2];

    sigaction(SIGINT, &stop, &before[0]);
    sigaction(SIGTERM, &stop, &before[1]);
    wait_for(run, start_workers(run));
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
}

static enum fault_end end_of(const struct shared *shared)
{
    if (atomic_load(&shared->stuck))
        return FAULT_STUCK;
    return atomic_load(&shared->stop) ? FAULT_STOPPED : FAULT_DONE;
}

enum fault_end campaign_run(struct tally *tally, const struct campaign *campaign)
{
    struct run run = {.tally = tally,
                      .campaign = campaign,
                      .done = mem_new((size_t)campaign->points + 1, sizeof(bool))};
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED) {
        free(run.done);
        return FAULT_STUCK;
    }
    atomic_store(&shared->next, 1);
    run.shared = shared;
    open_file(&run);
    work_it_off(&run);
    enum fault_end end = end_of(shared);
    tally->trials += atomic_load(&shared->trials);
    tally->injected += atomic_load(&shared->injected);
    tally->violations += atomic_load(&shared->violations);
    if (run.file >= 0)
        close(run.file);
    munmap(shared, sizeof *shared);
    free(run.done);
    return end;
}
