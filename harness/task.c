/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "host.h"
#include "job.h"
#include "mem.h"
#include "signals.h"
#include "str.h"
#include "task.h"
#include "task_file.h"
#include "trial.h"

enum {
    LOOK_MS = 2000, /* between two looks at the order */
    LATE_S = 10,    /* so long may the shared file system take to show an order */
    TRIES = 6,      /* to write a result, in a minute */
};

struct task {
    const char *folder;
    int64_t number;
    struct task_order order;
    struct job_file file;
    struct ticket ticket;
    int signals;
    bool warned, cancelled, forgotten;
};

/* Opening asks the server of a network file system, where a mere look may be answered from what is
 * remembered. */
static bool is_ordered(const struct task *task)
{
    char *path = task_order_path(task->folder, task->number);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    free(path);
    if (fd < 0)
        return errno != ENOENT && errno != ESTALE;
    close(fd);
    return true;
}

static bool wait_for_order(const struct task *task)
{
    double began = clock_s();

    while (!is_ordered(task)) {
        if (clock_s() - began > LATE_S)
            return false;
        poll(NULL, 0, 500);
    }
    return true;
}

/* A queue may start what it was given twice, or again: the first to come works. */
static int claim(const struct task *task, struct err *err)
{
    char *path = task_claim_path(task->folder, task->number);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc = 0;

    if (fd >= 0)
        close(fd);
    else if (errno == EEXIST)
        rc = 1;
    else
        rc = err_sys(err, "cannot make '%s'", path);
    free(path);
    return rc;
}

/* --- what it is asked ------------------------------------------------------------------------- */

static void take_signals(struct task *task)
{
    struct err ignored;

    for (int number; (number = signals_next(task->signals)) != 0;)
        if (number == SIGUSR1 && !task->cancelled) {
            task->warned = true;
            kill(task->ticket.pid, SIGUSR1);
        } else if (number != SIGUSR1) {
            site_stop(&site_local, &task->ticket, task->cancelled, &ignored);
            task->cancelled = true;
        }
}

static void look_at_order(struct task *task, double *looked)
{
    struct err ignored;

    if (task->forgotten || clock_s() - *looked < LOOK_MS / 1000.0)
        return;
    *looked = clock_s();
    task->forgotten = !is_ordered(task);
    if (task->forgotten)
        site_stop(&site_local, &task->ticket, true, &ignored);
}

/* 1: the run has ended, *facts are filled; -1: it could not be run here. */
static int wait_for_end(struct outcome_facts *facts, struct task *task, struct err *err)
{
    double looked = clock_s();
    int ended = 0;

    while (ended == 0) {
        struct pollfd fds[] = {{.fd = task->signals, .events = POLLIN},
                               {.fd = task->ticket.fd, .events = POLLIN}};
        poll(fds, 2, LOOK_MS);
        take_signals(task);
        look_at_order(task, &looked);
        ended = site_poll(&site_local, facts, &task->ticket, &task->file.job, err);
    }
    return ended;
}

/* --- its life --------------------------------------------------------------------------------- */

static int run(struct outcome_facts *facts, struct task *task, struct err *err)
{
    struct job *job = &task->file.job;

    if (task_order_read(&task->order, task->folder, task->number, err) != 0 ||
        job_read(&task->file, task->order.dir, err) != 0)
        return -1;
    job->env = host_run_environment(task->order.env, task->order.n_env,
                                    (size_t)(task->order.threads > 0 ? task->order.threads : 0));
    int rc = site_start(&site_local, &task->ticket, job, err);
    if (rc == 0)
        rc = wait_for_end(facts, task, err) == 1 ? 0 : -1;
    argv_free((char **)(uintptr_t)job->env);
    return rc;
}

/* That this node could not run it, with the node's name: it may be the only one. */
static void refuse(struct task_result *result, const struct err *err)
{
    struct utsname names = {0};

    uname(&names);
    result->end = TASK_REFUSED;
    result->facts = (struct outcome_facts){
        .class = CLASS_SPAWN, .exit_code = -1, .wall_s = NAN, .cpu_s = NAN, .peak_mib = NAN};
    snprintf(result->facts.detail, sizeof result->facts.detail, "node %.40s: %.140s",
             names.nodename, err->text);
    for (char *at = result->facts.detail; *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80) /* what was cut may end within a character */
            *at = '?';
}

static int tell(const struct task_result *result, const struct task *task, struct err *err)
{
    for (int i = 0;; i++) {
        if (task_result_write(result, task->folder, task->number, err) == 0)
            return 0;
        if (i == TRIES - 1)
            return -1;
        poll(NULL, 0, 1000 << i);
    }
}

static int live(struct task *task, struct err *err)
{
    struct task_result result = {.end = TASK_ENDED};

    if (!wait_for_order(task))
        return 0;
    int claimed = claim(task, err);
    if (claimed != 0)
        return claimed > 0 ? 0 : -1;
    if (run(&result.facts, task, err) != 0)
        refuse(&result, err);
    else if (task->warned && result.facts.class == CLASS_INTERRUPTED)
        result.end = TASK_WARNED;
    else if (task->cancelled)
        result.end = TASK_CANCELLED;
    int rc = task->forgotten || !is_ordered(task) ? 0 : tell(&result, task, err);
    free(result.facts.usage);
    return rc;
}

int task_main(const char *folder, const char *number)
{
    static const int asked[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, 0};
    struct task task = {.folder = folder, .ticket = {.pid = -1, .fd = -1, .control = -1}};
    unsigned long long n;
    struct err err = {0};

    if (!integer_read(&n, number, INT64_MAX))
        return ERR_USAGE;
    task.number = (int64_t)n;
    task.signals = signals_open(asked, &err);
    int rc = task.signals < 0 ? -1 : live(&task, &err);
    if (rc != 0)
        fprintf(stderr, "nightshift: task %s: %s\n", number, err.text);
    job_clear(&task.file);
    task_order_clear(&task.order);
    return rc == 0 ? 0 : err.code;
}
