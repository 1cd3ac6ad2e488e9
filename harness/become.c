/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "confine.h"

/* What the child says through a close-on-exec pipe when it cannot become the trainer. */
struct refusal {
    char step[48];
    int number; /* errno */
};

static _Noreturn void refuse(int report, const char *step)
{
    struct refusal refusal = {.number = errno};

    strncpy(refusal.step, step, sizeof refusal.step - 1);
    if (write(report, &refusal, sizeof refusal) < 0)
        _exit(126);
    _exit(127);
}

/* Ignored signals and a signal mask would outlive execve(). */
static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* False where the cores do not exist or are not ours to use. */
static bool pin(const int *cpus, size_t n)
{
    cpu_set_t set;

    if (n == 0)
        return true;
    CPU_ZERO(&set);
    for (size_t i = 0; i < n; i++)
        if (cpus[i] >= 0 && cpus[i] < CPU_SETSIZE)
            CPU_SET((size_t)cpus[i], &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

/* So that memory that runs out takes the trainer, not the harness.  A wish: failure is no harm. */
static void volunteer_for_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    ssize_t ignored = write(fd, "500", 3);
    (void)ignored;
    close(fd);
}

static bool redirect(const char *input, int out, int log)
{
    int in = open(input != NULL ? input : "/dev/null", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    return in >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(log, 2) == 2;
}

/* What a confined process may write to: its folder, where it works, and what the job names. */
static bool confine(const struct job *job)
{
    enum { MOST = 64 };
    const char *folders[MOST + 1] = {"."};
    size_t n = 1;

    if (!job->confined)
        return true;
    if (job->work != NULL)
        folders[n++] = job->work;
    for (char *const *folder = job->writable; folder != NULL && *folder != NULL && n < MOST;)
        folders[n++] = *folder++;
    folders[n] = NULL;
    return confine_writes(folders);
}

/* 0: no limit.  One that is higher than what we are held to is not raised. */
static bool limit(int resource, double most)
{
    struct rlimit now;

    if (most <= 0)
        return true;
    if (getrlimit(resource, &now) != 0)
        return false;
    rlim_t value = (rlim_t)most < now.rlim_max ? (rlim_t)most : now.rlim_max;
    now = (struct rlimit){value, value};
    return setrlimit(resource, &now) == 0;
}

/* Where no control group holds the memory, the data of each process is held to the limit. */
static bool set_limits(const struct job *job, const struct cgroup *group)
{
    const struct rlimit no_core = {0, 0};

    return setrlimit(RLIMIT_CORE, &no_core) == 0 && limit(RLIMIT_FSIZE, job->max_file) &&
           limit(RLIMIT_NOFILE, job->max_files) &&
           limit(RLIMIT_DATA, group->memory[0] != '\0' ? 0 : job->max_memory);
}

static _Noreturn void become(const struct job *job, const struct cgroup *group, pid_t parent,
                             int out, int log, int report)
{

    if (setsid() < 0)
        refuse(report, "cannot make a session");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(127);
    if (!pin(job->cpus, job->n_cpus))
        refuse(report, "cannot be pinned to its cores");
    if (!cgroup_join(group))
        refuse(report, "cannot join its control group");
    if (!set_limits(job, group))
        refuse(report, "cannot be given its limits");
    volunteer_for_oom();
    umask(077);
    if (!redirect(job->input, out, log))
        refuse(report, "cannot be given its descriptors");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        refuse(report, "cannot be kept from new privileges");
    if (!confine(job))
        refuse(report, "cannot be confined");
    if (job->work != NULL && chdir(job->work) != 0)
        refuse(report, "cannot enter its folder");
    reset_signals();
    execve(job->argv[0], job->argv, job->env);
    refuse(report, "cannot be executed");
}

/* Waits until the child is the trainer (the pipe closes) or has refused. */
static bool was_refused(struct refusal *out, int report)
{
    ssize_t n;

    do
        n = read(report, out, sizeof *out);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *out;
}

enum { OUT, LOG, REPORT, N_PIPES };

static void close_pipes(int pipes[N_PIPES][2])
{
    for (int i = 0; i < N_PIPES; i++)
        for (int end = 0; end < 2; end++)
            if (pipes[i][end] >= 0)
                close(pipes[i][end]);
}

static int make_pipes(int pipes[N_PIPES][2], struct err *err)
{
    for (int i = 0; i < N_PIPES; i++)
        pipes[i][0] = pipes[i][1] = -1;
    for (int i = 0; i < N_PIPES; i++)
        if (pipe2(pipes[i], O_CLOEXEC) != 0)
            return err_sys(err, "cannot make a pipe");
    if (fcntl(pipes[OUT][0], F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(pipes[LOG][0], F_SETFL, O_NONBLOCK) != 0)
        return err_sys(err, "cannot make a pipe non-blocking");
    return 0;
}

/* Gives the read ends away, so that close_pipes() leaves them alone. */
static void keep_read_ends(struct trainer *out, int pipes[N_PIPES][2])
{
    out->out = pipes[OUT][0];
    out->log = pipes[LOG][0];
    pipes[OUT][0] = pipes[LOG][0] = -1;
}

/* The parent's half: learns whether the child became the trainer. */
static void welcome(struct trainer *out, pid_t pid, int pipes[N_PIPES][2], const char *program,
                    char *why, size_t size)
{
    struct refusal refusal;

    close(pipes[REPORT][1]);
    pipes[REPORT][1] = -1;
    if (was_refused(&refusal, pipes[REPORT][0])) {
        waitpid(pid, NULL, 0);
        snprintf(why, size, "'%s' %.*s: %s", program, (int)sizeof refusal.step, refusal.step,
                 strerror(refusal.number));
    } else {
        out->pid = pid;
        keep_read_ends(out, pipes);
    }
}

int trainer_begin(struct trainer *out, const struct job *job, const struct cgroup *group, char *why,
                  size_t size, struct err *err)
{
    int pipes[N_PIPES][2], rc = -1;
    pid_t self = getpid();

    *out = (struct trainer){-1, -1, -1};
    if (make_pipes(pipes, err) != 0)
        goto out;
    pid_t pid = fork();
    if (pid < 0) {
        err_sys(err, "cannot fork");
        goto out;
    }
    if (pid == 0)
        become(job, group, self, pipes[OUT][1], pipes[LOG][1], pipes[REPORT][1]);
    welcome(out, pid, pipes, job->argv[0], why, size);
    rc = 0;
out:
    close_pipes(pipes);
    return rc;
}
