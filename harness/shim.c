/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "clock.h"
#include "file.h"
#include "job.h"
#include "process.h"
#include "run_text.h"
#include "shim.h"
#include "shim_state.h"

/* After the trainer itself has ended, its helpers (a tee, a resource tracker) get this long to end
 * by themselves before they are killed. */
#define MERCY_S 0.2

/* --- ending --- */

/* Never less than a nanosecond: zero would disarm it. */
static struct timespec time_of(double seconds)
{
    double whole = floor(seconds);
    struct timespec t = {(time_t)whole, (long)((seconds - whole) * 1e9)};

    if (t.tv_sec == 0 && t.tv_nsec == 0)
        t.tv_nsec = 1;
    return t;
}

/* A longer time than a century is none. */
static void arm(struct shim *shim, double seconds)
{
    struct itimerspec when = {{0, 0}, {0, 0}};

    if (seconds < 3e9)
        when.it_value = time_of(seconds > 0 ? seconds : 0);
    timerfd_settime(shim->timer, 0, &when, NULL);
}

/* Called again and again while `phase` is KILLING: a killed process leaves us its children. */
static void sweep(struct shim *shim)
{
    if (shim->leader != 0) {
        shim->killed_leader = true;
        kill(-shim->leader, SIGKILL);
    }
    cgroup_kill(&shim->cgroup);
    process_kill_children();
}

static void kill_all(struct shim *shim, enum run_class reason)
{
    if (shim->reason == CLASS_NONE && shim->leader != 0)
        shim->reason = reason;
    shim->phase = KILLING;
    sweep(shim);
}

/* TERM to the trainer's group, and CONT so that a stopped one hears it. */
static void begin_ending(struct shim *shim, enum run_class reason, double grace_s)
{
    if (shim->phase != RUNNING)
        return;
    shim->reason = reason;
    shim->phase = ENDING;
    kill(-shim->leader, SIGTERM);
    kill(-shim->leader, SIGCONT);
    arm(shim, grace_s);
}

static void on_timer(struct shim *shim)
{
    uint64_t times;

    if (read(shim->timer, &times, sizeof times) < 0)
        return;
    if (shim->phase == RUNNING)
        begin_ending(shim, CLASS_TIMEOUT, shim->job->grace_s);
    else
        kill_all(shim, CLASS_NONE);
}

/* --- what the trainer prints --- */

static int keep(struct shim *shim, const struct output *output, const char *bytes, size_t len,
                struct err *err)
{
    int64_t room = shim->job->max_output - shim->written;
    size_t fits = (int64_t)len <= room ? len : (size_t)(room > 0 ? room : 0);

    shim->written += (int64_t)len;
    if (fits < len && shim->reason != CLASS_OUTPUT_FLOOD) {
        kill_all(shim, CLASS_OUTPUT_FLOOD);
        shim->reason = CLASS_OUTPUT_FLOOD; /* also of one that has ended well: its tail is cut */
    }
    return fd_write(output->file, bytes, fits, output->name, err);
}

/* Takes what is in the pipe now, a MiB at most so that the clock and the harness are heard. */
static int drain(struct shim *shim, struct output *output, struct err *err)
{
    char bytes[1 << 16];

    for (int i = 0; i < 16 && output->pipe >= 0; i++) {
        ssize_t n = read(output->pipe, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return 0;
        if (n <= 0) {
            close(output->pipe);
            output->pipe = -1;
        } else if (keep(shim, output, bytes, (size_t)n, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- who has ended --- */

static void add_usage(struct rusage *total, const struct rusage *one)
{
    timeradd(&total->ru_utime, &one->ru_utime, &total->ru_utime);
    timeradd(&total->ru_stime, &one->ru_stime, &total->ru_stime);
    if (one->ru_maxrss > total->ru_maxrss)
        total->ru_maxrss = one->ru_maxrss;
    total->ru_nvcsw += one->ru_nvcsw;
    total->ru_nivcsw += one->ru_nivcsw;
    total->ru_majflt += one->ru_majflt;
}

/* How long the machine has slept since it was started. */
static double time_asleep(void)
{
    return clock_boot_s() - clock_s();
}

static void leader_ended(struct shim *shim, int status)
{
    shim->ended = clock_s();
    shim->asleep = time_asleep() - shim->asleep;
    shim->status = status;
    shim->leader = 0;
    if (shim->phase == KILLING)
        return;
    shim->phase = LEAVING;
    arm(shim, MERCY_S);
}

/* Waits for all that have ended; true when nobody is left. */
static bool reap(struct shim *shim)
{
    struct rusage usage;
    int status;

    for (;;) {
        pid_t pid = wait4(-1, &status, WNOHANG, &usage);
        if (pid <= 0)
            return pid < 0 && errno == ECHILD;
        add_usage(&shim->total, &usage);
        if (pid == shim->leader)
            leader_ended(shim, status);
        else if (shim->phase == KILLING && !shim->killed_leader && WIFSIGNALED(status) &&
                 WTERMSIG(status) == SIGKILL)
            shim->left++;
    }
}

/* --- the loop --- */

static bool harness_is_gone(const struct shim *shim)
{
    char byte;
    ssize_t n = recv(SHIM_CONTROL, &byte, 1, MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno == ECONNRESET) || getppid() != shim->file.parent;
}

static void on_signal(struct shim *shim)
{
    struct signalfd_siginfo info;

    while (read(shim->signals, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo != SIGCHLD && harness_is_gone(shim))
            kill_all(shim, CLASS_INTERRUPTED);
        else if (info.ssi_signo == SIGUSR1)
            begin_ending(shim, CLASS_INTERRUPTED, fmax(shim->job->warning_s, shim->job->grace_s));
        else if (info.ssi_signo != SIGCHLD)
            begin_ending(shim, CLASS_INTERRUPTED, shim->job->grace_s);
}

static int turn(struct shim *shim, struct err *err)
{
    enum { CONTROL, SIGNALS, TIMER, OUT, LOG, N };
    struct pollfd fds[N] = {
        [CONTROL] = {shim->phase == KILLING ? -1 : SHIM_CONTROL, POLLIN, 0},
        [SIGNALS] = {shim->signals, POLLIN, 0},
        [TIMER] = {shim->timer, POLLIN, 0},
        [OUT] = {shim->outputs[0].pipe, POLLIN, 0},
        [LOG] = {shim->outputs[1].pipe, POLLIN, 0},
    };

    if (poll(fds, N, shim->phase == KILLING ? 10 : -1) < 0 && errno != EINTR)
        return err_sys(err, "cannot wait for a trainer");
    if (fds[CONTROL].revents != 0 && harness_is_gone(shim))
        kill_all(shim, CLASS_INTERRUPTED);
    if (fds[SIGNALS].revents != 0)
        on_signal(shim);
    if (fds[TIMER].revents != 0)
        on_timer(shim);
    if (shim->phase == KILLING)
        sweep(shim);
    for (int i = 0; i < 2; i++)
        if (fds[OUT + i].revents != 0 && drain(shim, &shim->outputs[i], err) != 0)
            return -1;
    return 0;
}

/* Until the whole tree has ended.  When we ourselves fail, the tree is ended first. */
static int supervise(struct shim *shim, struct err *err)
{
    int rc = 0;

    arm(shim, shim->job->timeout_s);
    while (!reap(shim))
        if (rc == 0 && turn(shim, err) != 0) {
            rc = -1;
            kill_all(shim, CLASS_INTERRUPTED);
        } else if (rc != 0) {
            sweep(shim);
            poll(NULL, 0, 10);
        }
    for (int i = 0; rc == 0 && i < 2; i++)
        for (int k = 0; rc == 0 && k < 64; k++) /* a pipe holds a MiB: never without end */
            rc = drain(shim, &shim->outputs[i], err);
    return rc;
}

/* --- the life of a shim --- */

static int open_signals(struct shim *shim, struct err *err)
{
    sigset_t set;

    sigfillset(&set);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return err_sys(err, "cannot block signals");
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    shim->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return shim->signals < 0 ? err_sys(err, "cannot listen for signals") : 0;
}

/* From here on a death of the harness is noticed, whenever it comes. */
static int bind_to_harness(const struct shim *shim, struct err *err)
{
    if (fcntl(SHIM_CONTROL, F_SETFD, FD_CLOEXEC) != 0)
        return err_sys(err, "cannot hear the harness");
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return err_sys(err, "cannot watch over processes");
    return harness_is_gone(shim) ? err_failed(err, "the harness has ended") : 0;
}

static int open_outputs(struct shim *shim, struct err *err)
{
    static const char *const names[] = {RUN_STREAM, RUN_LOG};
    const int begin = shim->job->resumed ? O_APPEND : O_TRUNC;
    struct stat st;

    for (int i = 0; i < 2; i++) {
        shim->outputs[i] = (struct output){-1, -1, names[i]};
        shim->outputs[i].file =
            open(names[i], O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | begin, 0600);
        if (shim->outputs[i].file < 0 || fstat(shim->outputs[i].file, &st) != 0)
            return err_sys(err, "cannot write '%s'", names[i]);
        shim->written += st.st_size;
    }
    return 0;
}

static int prepare(struct shim *shim, struct err *err)
{
    if (open_signals(shim, err) != 0 || job_read(&shim->file, ".", err) != 0)
        return -1;
    shim->job = &shim->file.job;
    if (bind_to_harness(shim, err) != 0 || open_outputs(shim, err) != 0)
        return -1;
    shim->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (shim->timer < 0)
        return err_sys(err, "cannot make a timer");
    shim->oom_kills = process_oom_kills();
    shim->began = clock_s();
    shim->asleep = time_asleep();
    return 0;
}

static int sync_outputs(struct shim *shim, struct err *err)
{
    for (int i = 0; i < 2; i++)
        if (fsync(shim->outputs[i].file) != 0)
            return err_sys(err, "cannot sync '%s'", shim->outputs[i].name);
    return 0;
}

/* In a group of its own where one can be made; one that lets nobody in is done without. */
static int begin_trainer(struct trainer *out, struct shim *shim, char *why, size_t size,
                         struct err *err)
{
    cgroup_open(&shim->cgroup, shim->job->max_memory);
    int rc = trainer_begin(out, shim->job, &shim->cgroup, why, size, err);
    if (rc != 0 || out->pid >= 0 || !cgroup_is_made(&shim->cgroup))
        return rc;
    cgroup_close(&shim->cgroup);
    shim->cgroup = (struct cgroup){.tree = ""};
    return trainer_begin(out, shim->job, &shim->cgroup, why, size, err);
}

static int run(struct shim *shim, struct outcome_facts *facts, struct err *err)
{
    struct trainer trainer;
    char why[1024];

    if (begin_trainer(&trainer, shim, why, sizeof why, err) != 0)
        return -1;
    if (trainer.pid < 0) {
        shim_describe_refusal(facts, why);
        return 0;
    }
    shim->leader = trainer.pid;
    shim->outputs[0].pipe = trainer.out;
    shim->outputs[1].pipe = trainer.log;
    if (supervise(shim, err) != 0 || sync_outputs(shim, err) != 0)
        return -1;
    shim_describe(facts, shim);
    return 0;
}

/* A trainer may have removed the directory that it was given, and ourselves with it. */
static int return_to(const char *dir, struct err *err)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_sys(err, "cannot make the folder '%s'", dir);
    return chdir(dir) != 0 ? err_sys(err, "cannot enter '%s'", dir) : 0;
}

/* Nor shall what it has left under our names be taken for ours: a folder, a FIFO, a link. */
static int remove_impostors(const struct shim *shim, struct err *err)
{
    struct stat ours, there;

    for (int i = 0; i < 2; i++) {
        const struct output *output = &shim->outputs[i];
        if (fstat(output->file, &ours) != 0)
            return err_sys(err, "cannot look at '%s'", output->name);
        if (lstat(output->name, &there) == 0 &&
            (there.st_ino != ours.st_ino || there.st_dev != ours.st_dev) &&
            file_remove(output->name, err) != 0)
            return -1;
    }
    if (file_remove(RUN_STREAM RUN_TEXT_PACKED, err) != 0 ||
        file_remove(RUN_LOG RUN_TEXT_PACKED, err) != 0)
        return -1;
    return file_remove(RUN_OUTCOME, err);
}

static int live(struct shim *shim, const char *dir, struct err *err)
{
    struct outcome_facts facts = {.usage = NULL};

    if (close_range(SHIM_LOCK + 1, ~0U, 0) != 0)
        return err_sys(err, "cannot close inherited files");
    if (chdir(dir) != 0)
        return err_sys(err, "cannot enter '%s'", dir);
    int rc = prepare(shim, err);
    if (rc == 0)
        rc = run(shim, &facts, err);
    cgroup_close(&shim->cgroup);
    if (rc == 0)
        rc = return_to(dir, err);
    if (rc == 0)
        rc = remove_impostors(shim, err);
    if (rc == 0)
        rc = outcome_write(&facts, ".", err);
    free(facts.usage);
    return rc;
}

int shim_main(const char *dir)
{
    struct shim shim = {.phase = RUNNING};
    struct err err = {0};

    prctl(PR_SET_NAME, "nightshift-shim");
    int rc = live(&shim, dir, &err);
    if (rc != 0)
        send(SHIM_CONTROL, err.text, strlen(err.text), MSG_NOSIGNAL | MSG_DONTWAIT);
    job_clear(&shim.file);
    return rc == 0 ? 0 : err.code;
}
