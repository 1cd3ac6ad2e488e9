/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs on this machine: one shim a run (shim.h), started from its program that we carry in us. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "executor.h"
#include "file.h"
#include "job.h"
#include "mem.h"
#include "process.h"
#include "shim.h"
#include "shim_image.h"

extern const struct executor executor_local;

/* --- start --- */

/* Opens and locks RUN_ALIVE.  The lock belongs to the open file, and so to all who inherit it. */
static int lock_alive(int *out, const char *dir, struct err *err)
{
    char *path = path_join(dir, RUN_ALIVE);

    *out = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*out < 0)
        err_sys(err, "cannot open '%s'", path);
    else if (flock(*out, LOCK_EX | LOCK_NB) == 0) {
        free(path);
        return 0;
    } else if (errno == EWOULDBLOCK)
        err_environment(err, "'%s' is still in use by an earlier run", dir);
    else
        err_sys(err, "cannot lock '%s'", path);
    free(path);
    return -1;
}

static int forget_outcome(const char *dir, struct err *err)
{
    char *path = path_join(dir, RUN_OUTCOME);
    int rc = 0;

    if (unlink(path) != 0 && errno != ENOENT)
        rc = err_sys(err, "cannot remove '%s'", path);
    free(path);
    return rc;
}

/* Moves a descriptor out of the way of those that the shim expects at fixed numbers. */
static int raise_fd(int *fd, struct err *err)
{
    int raised = fcntl(*fd, F_DUPFD_CLOEXEC, SHIM_LOCK + 1);

    if (raised < 0)
        return err_sys(err, "cannot duplicate a descriptor");
    close(*fd);
    *fd = raised;
    return 0;
}

static int make_control(int pair[2], struct err *err)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        pair[0] = pair[1] = -1;
        return err_sys(err, "cannot make a socket pair");
    }
    return raise_fd(&pair[1], err);
}

/* A shim is born with all signals blocked, so that they are blocked in the threads too that
 * libraries start before main(): else one of those would take a signal, and the shim die of it. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all;

    sigfillset(&all);
    if (posix_spawnattr_setsigdefault(attributes, &all) != 0 ||
        posix_spawnattr_setsigmask(attributes, &all) != 0)
        return -1;
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSIGMASK);
}

static int set_actions(posix_spawn_file_actions_t *actions, int control, int lock)
{
    if (posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
        posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0) != 0 ||
        posix_spawn_file_actions_adddup2(actions, control, SHIM_CONTROL) != 0 ||
        posix_spawn_file_actions_adddup2(actions, lock, SHIM_LOCK) != 0)
        return -1;
    return 0;
}

/* The shim's program, which we carry in us, as a file in memory; -1 where there are no such files.
 * So it is the one that we were built with, also where our own file was replaced since. */
static int open_image(void)
{
    int fd = memfd_create("nightshift-shim", MFD_CLOEXEC);
    struct err ignored;

    if (fd < 0)
        return -1;
    if (raise_fd(&fd, &ignored) == 0 &&
        fd_write(fd, shim_image, (size_t)shim_image_len, "shim", &ignored) == 0)
        return fd;
    close(fd);
    return -1;
}

/* errno's number.  Where files in memory may not be executed, our own image does the same. */
static int spawn_image(pid_t *out, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const *argv, char *const *env)
{
    char path[64];
    int image = open_image(), failure = EACCES;

    if (image >= 0) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", image);
        failure = posix_spawn(out, path, actions, attributes, argv, env);
        close(image);
    }
    if (failure == EACCES || failure == EPERM || failure == ENOENT)
        failure = posix_spawn(out, "/proc/self/exe", actions, attributes, argv, env);
    return failure;
}

/* Of all processes of a run, whatever they have closed or left. */
static char *run_mark(const char *dir)
{
    return mem_printf("NIGHTSHIFT_RUN=%s", dir);
}

/* [n] and the mark: what a run's processes see.  The caller frees the last and the list. */
static char **marked(char *const *env, size_t *n, const char *dir)
{
    for (*n = 0; env[*n] != NULL;)
        ++*n;
    char **out = mem_new(*n + 2, sizeof *out);
    memcpy(out, env, *n * sizeof *out);
    out[*n] = run_mark(dir);
    return out;
}

static int spawn_shim(pid_t *out, const struct job *job, int control, int lock, struct err *err)
{
    char name[] = "nightshift", word[] = SHIM_WORD, *dir = mem_strdup(job->dir);
    char *argv[] = {name, word, dir, NULL};
    size_t n;
    char **env = marked(job->env, &n, dir);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = ENOMEM;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    if (set_attributes(&attributes) == 0 && set_actions(&actions, control, lock) == 0)
        failure = spawn_image(out, &actions, &attributes, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(env[n]);
    free(env);
    free(dir);
    errno = failure;
    return failure == 0 ? 0 : err_sys(err, "cannot start the shim");
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int local_start(void *self, struct ticket *out, const struct job *job, struct err *err)
{
    int lock = -1, control[2] = {-1, -1}, rc = -1;

    (void)self;
    *out = (struct ticket){.pid = -1, .fd = -1, .control = -1};
    if (lock_alive(&lock, job->dir, err) != 0 || raise_fd(&lock, err) != 0 ||
        forget_outcome(job->dir, err) != 0 || job_write(job, err) != 0 ||
        make_control(control, err) != 0 || spawn_shim(&out->pid, job, control[1], lock, err) != 0)
        goto out;
    out->fd = (int)syscall(SYS_pidfd_open, out->pid, 0);
    out->control = control[0];
    control[0] = -1;
    rc = 0;
out:
    close_fd(&control[0]);
    close_fd(&control[1]);
    close_fd(&lock);
    return rc;
}

/* --- clear --- */

static bool lock_is_free(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* A shim whose harness died ends its run by itself and at once: it is given the time.  Then those
 * that hold the lock are killed. */
static int wait_for_lock(int fd, const char *dir, double patience_s, struct err *err)
{
    enum { STEP_MS = 5 };
    const double limit_s = 10, began = clock_s();

    while (!lock_is_free(fd)) {
        double waited = clock_s() - began;
        if (waited > limit_s)
            return err_environment(err, "a process of an earlier run still works in '%s'", dir);
        if (waited > patience_s)
            process_kill_holders(fd);
        poll(NULL, 0, STEP_MS);
    }
    return 0;
}

/* A daemon that has closed everything holds no lock, and one whose shim was killed has no
 * subreaper: it is known by its run's mark. */
static void kill_strays(const char *dir)
{
    enum { STEP_MS = 5, TIMES = 400 };
    char *word = run_mark(dir);

    for (int i = 0; i < TIMES && process_kill_marked(word) > 0; i++)
        poll(NULL, 0, STEP_MS); /* it may have been about to start another */
    free(word);
}

static int clear_after(const char *dir, double patience_s, struct err *err)
{
    char *path = path_join(dir, RUN_ALIVE);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), rc = 0;

    if (fd >= 0)
        rc = wait_for_lock(fd, dir, patience_s, err);
    else if (errno != ENOENT)
        rc = err_sys(err, "cannot open '%s'", path);
    close_fd(&fd);
    free(path);
    if (rc == 0)
        kill_strays(dir);
    return rc;
}

static int local_clear(void *self, const char *dir, struct err *err)
{
    (void)self;
    return clear_after(dir, 1.0, err);
}

/* --- poll and stop --- */

/* The one line with which a shim that failed has explained itself; false: it said nothing. */
static bool last_words(char *line, size_t size, int control)
{
    ssize_t n = control < 0 ? 0 : recv(control, line, size - 1, MSG_DONTWAIT);

    line[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* A shim that has told nothing.  Its trainer dies with it; that nobody else is left is made sure of
 * here. */
static int describe_ended(struct outcome_facts *out, const char *how, const struct job *job,
                          struct err *err)
{
    *out = (struct outcome_facts){
        .class = CLASS_INTERRUPTED, .exit_code = -1, .wall_s = NAN, .cpu_s = NAN, .peak_mib = NAN};
    snprintf(out->detail, sizeof out->detail, "%s", how);
    return clear_after(job->dir, 0, err);
}

/* `status` is the shim's, as wait() gives it. */
static int read_end(struct outcome_facts *out, const struct ticket *ticket, int status,
                    const struct job *job, struct err *err)
{
    char *path = path_join(job->dir, RUN_OUTCOME), line[512];
    bool told = file_exists(path);

    free(path);
    if (told)
        return outcome_read(out, job->dir, err);
    if (ticket->ended) /* before the shim had bound itself to us, which is all it could say */
        return describe_ended(out, "the harness ended it", job, err);
    if (last_words(line, sizeof line, ticket->control))
        return err_environment(err, "run in '%s': %s", job->dir, line);
    if (WIFEXITED(status))
        return err_environment(err, "run in '%s': the shim could not do its work (exit %d)",
                               job->dir, WEXITSTATUS(status));
    return describe_ended(out, "its shim was killed", job, err);
}

static int local_poll(void *self, struct outcome_facts *out, struct ticket *ticket,
                      const struct job *job, struct err *err)
{
    int status = SIGKILL; /* what is known of a shim that somebody else has waited for */
    pid_t ended = waitpid(ticket->pid, &status, WNOHANG);

    (void)self;
    if (ended == 0 || (ended < 0 && errno == EINTR))
        return 0;
    int rc = read_end(out, ticket, status, job, err);
    close_fd(&ticket->fd);
    close_fd(&ticket->control);
    ticket->pid = -1;
    return rc == 0 ? 1 : -1;
}

static int local_stop(void *self, struct ticket *ticket, bool now, struct err *err)
{
    (void)self;
    if (now) {
        ticket->ended = true;
        if (ticket->control >= 0)
            shutdown(ticket->control, SHUT_WR);
        return 0;
    }
    if (ticket->pid > 0 && kill(ticket->pid, SIGTERM) != 0 && errno != ESRCH)
        return err_sys(err, "cannot stop the run of process %d", (int)ticket->pid);
    return 0;
}

const struct executor executor_local = {
    .name = "local",
    .summary = "on this machine, one process tree a run",
    .start = local_start,
    .poll = local_poll,
    .stop = local_stop,
    .clear = local_clear,
};
