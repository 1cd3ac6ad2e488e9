/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "subject.h"
#include "tracer.h"

#if !defined(__x86_64__)

int trace_run(struct traced *out, const struct trace *trace)
{
    (void)out, (void)trace;
    fprintf(stderr, "torture: programs are traced on x86-64 alone\n");
    return -1;
}

bool call_changes(const struct call *call, const void *context)
{
    (void)call, (void)context;
    return true;
}

long call_number(const char *name)
{
    (void)name;
    return -1;
}

void call_name(char out[32], long number)
{
    snprintf(out, 32, "call %ld", number);
}

#else

/* --- calls by name -------------------------------------------------------------------------- */

enum effect { LOOKS, CHANGES };

static const struct {
    const char *name;
    long number;
    enum effect effect;
    int path; /* which argument is a path; -1: none */
} calls[] = {
    {"openat", __NR_openat, CHANGES, 1}, /* only where it makes or cuts a file */
    {"rename", __NR_rename, CHANGES, 0},
    {"link", __NR_link, CHANGES, 0},
    {"unlink", __NR_unlink, CHANGES, 0},
    {"unlinkat", __NR_unlinkat, CHANGES, 1},
    {"mkdir", __NR_mkdir, CHANGES, 0},
    {"rmdir", __NR_rmdir, CHANGES, 0},
    {"chmod", __NR_chmod, CHANGES, 0},
    {"write", __NR_write, CHANGES, -1},
    {"pwrite64", __NR_pwrite64, CHANGES, -1},
    {"fsync", __NR_fsync, CHANGES, -1},
    {"fdatasync", __NR_fdatasync, CHANGES, -1},
    {"syncfs", __NR_syncfs, CHANGES, -1},
    {"ftruncate", __NR_ftruncate, CHANGES, -1},
    {"clone", __NR_clone, CHANGES, -1},
    {"clone3", __NR_clone3, CHANGES, -1},
    {"vfork", __NR_vfork, CHANGES, -1},
    {"kill", __NR_kill, CHANGES, -1},
    {"flock", __NR_flock, CHANGES, -1},
    {"socketpair", __NR_socketpair, CHANGES, -1},
    {"pidfd_open", __NR_pidfd_open, CHANGES, -1},
    {"read", __NR_read, LOOKS, -1},
    {"pread64", __NR_pread64, LOOKS, -1},
    {"readv", __NR_readv, LOOKS, -1},
    {"readlink", __NR_readlink, LOOKS, 0},
    {"getdents64", __NR_getdents64, LOOKS, -1},
    {"lseek", __NR_lseek, LOOKS, -1},
    {"stat", __NR_stat, LOOKS, 0},
    {"lstat", __NR_lstat, LOOKS, 0},
    {"fstat", __NR_fstat, LOOKS, -1},
    {"newfstatat", __NR_newfstatat, LOOKS, 1},
    {"statx", __NR_statx, LOOKS, 1},
    {"statfs", __NR_statfs, LOOKS, 0},
    {"fstatfs", __NR_fstatfs, LOOKS, -1},
    {"access", __NR_access, LOOKS, 0},
    {"faccessat", __NR_faccessat, LOOKS, 1},
    {"faccessat2", __NR_faccessat2, LOOKS, 1},
    {"getcwd", __NR_getcwd, LOOKS, -1},
    {"mmap", __NR_mmap, LOOKS, -1},
    {"munmap", __NR_munmap, LOOKS, -1},
    {"mremap", __NR_mremap, LOOKS, -1},
    {"mprotect", __NR_mprotect, LOOKS, -1},
    {"madvise", __NR_madvise, LOOKS, -1},
    {"brk", __NR_brk, LOOKS, -1},
    {"poll", __NR_poll, LOOKS, -1},
    {"ppoll", __NR_ppoll, LOOKS, -1},
    {"wait4", __NR_wait4, LOOKS, -1},
    {"waitid", __NR_waitid, LOOKS, -1},
    {"nanosleep", __NR_nanosleep, LOOKS, -1},
    {"clock_nanosleep", __NR_clock_nanosleep, LOOKS, -1},
    {"clock_gettime", __NR_clock_gettime, LOOKS, -1},
    {"gettimeofday", __NR_gettimeofday, LOOKS, -1},
    {"time", __NR_time, LOOKS, -1},
    {"futex", __NR_futex, LOOKS, -1},
    {"rt_sigaction", __NR_rt_sigaction, LOOKS, -1},
    {"rt_sigprocmask", __NR_rt_sigprocmask, LOOKS, -1},
    {"rt_sigreturn", __NR_rt_sigreturn, LOOKS, -1},
    {"signalfd4", __NR_signalfd4, LOOKS, -1},
    {"recvfrom", __NR_recvfrom, LOOKS, -1},
    {"getpid", __NR_getpid, LOOKS, -1},
    {"gettid", __NR_gettid, LOOKS, -1},
    {"getuid", __NR_getuid, LOOKS, -1},
    {"geteuid", __NR_geteuid, LOOKS, -1},
    {"getgid", __NR_getgid, LOOKS, -1},
    {"getegid", __NR_getegid, LOOKS, -1},
    {"getrandom", __NR_getrandom, LOOKS, -1},
    {"getrusage", __NR_getrusage, LOOKS, -1},
    {"sysinfo", __NR_sysinfo, LOOKS, -1},
    {"uname", __NR_uname, LOOKS, -1},
    {"ioctl", __NR_ioctl, LOOKS, -1},
    {"fcntl", __NR_fcntl, LOOKS, -1},
    {"close", __NR_close, LOOKS, -1},
    {"dup", __NR_dup, LOOKS, -1},
    {"dup2", __NR_dup2, LOOKS, -1},
    {"fadvise64", __NR_fadvise64, LOOKS, -1},
    {"sched_getaffinity", __NR_sched_getaffinity, LOOKS, -1},
    {"sched_setaffinity", __NR_sched_setaffinity, LOOKS, -1},
    {"sched_yield", __NR_sched_yield, LOOKS, -1},
    {"prlimit64", __NR_prlimit64, LOOKS, -1},
    {"arch_prctl", __NR_arch_prctl, LOOKS, -1},
    {"set_tid_address", __NR_set_tid_address, LOOKS, -1},
    {"set_robust_list", __NR_set_robust_list, LOOKS, -1},
    {"rseq", __NR_rseq, LOOKS, -1},
    {"execve", __NR_execve, LOOKS, 0},
    {"exit_group", __NR_exit_group, LOOKS, -1},
    {"get_mempolicy", __NR_get_mempolicy, LOOKS, -1},
};
enum { N_CALLS = sizeof calls / sizeof *calls };

static int find_call(long number)
{
    for (int i = 0; i < N_CALLS; i++)
        if (calls[i].number == number)
            return i;
    return -1;
}

long call_number(const char *name)
{
    for (int i = 0; i < N_CALLS; i++)
        if (strcmp(calls[i].name, name) == 0)
            return calls[i].number;
    return -1;
}

void call_name(char out[32], long number)
{
    int at = find_call(number);

    if (at >= 0)
        snprintf(out, 32, "%s", calls[at].name);
    else
        snprintf(out, 32, "call %ld", number);
}

bool call_changes(const struct call *call, const void *context)
{
    int at = find_call(call->number);

    (void)context;
    if (call->number == __NR_openat)
        return (call->args[2] & (O_CREAT | O_TRUNC)) != 0;
    return at < 0 || calls[at].effect == CHANGES;
}

/* --- the program under the tracer ----------------------------------------------------------- */

/* One program, being traced. */
struct tracee {
    pid_t pid;
    bool begun;      /* counting has */
    bool inside;     /* a call: the next stop is its end */
    bool pending;    /* the call that we are inside of gets an error at its end */
    char text[4096]; /* path of the call */
    struct call call;
};

static const char *read_path(struct tracee *t, uint64_t address)
{
    struct iovec here = {t->text, sizeof t->text - 1};
    struct iovec there = {(void *)(uintptr_t)address, sizeof t->text - 1};
    ssize_t n = process_vm_readv(t->pid, &here, 1, &there, 1, 0);

    if (n <= 0) { /* the text stands at the end of a page */
        here.iov_len = there.iov_len = 4096 - address % 4096;
        n = here.iov_len < sizeof t->text ? process_vm_readv(t->pid, &here, 1, &there, 1, 0) : 0;
    }
    t->text[n > 0 ? n : 0] = '\0';
    return t->text;
}

/* False where the stop is not the beginning of a call. */
static bool read_call(struct tracee *t)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)(uintptr_t)sizeof info, &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return false;
    t->call = (struct call){.number = (long)info.entry.nr, .text = ""};
    memcpy(t->call.args, info.entry.args, sizeof t->call.args);
    return true;
}

/* Half of all calls name a path and few of those are asked for it. */
static void read_text(struct tracee *t)
{
    int at = find_call(t->call.number);

    if (at >= 0 && calls[at].path >= 0)
        t->call.text = read_path(t, t->call.args[calls[at].path]);
}

static int set_register(pid_t pid, size_t offset, uint64_t value)
{
    return ptrace(PTRACE_POKEUSER, pid, (void *)offset, (void *)(uintptr_t)value) == 0 ? 0 : -1;
}

static int skip_call(pid_t pid)
{
    return set_register(pid, offsetof(struct user_regs_struct, orig_rax), (uint64_t)-1);
}

static int set_result(pid_t pid, long result)
{
    return set_register(pid, offsetof(struct user_regs_struct, rax), (uint64_t)result);
}

static int set_length(pid_t pid, uint64_t length)
{
    return set_register(pid, offsetof(struct user_regs_struct, rdx), length);
}

static void note_call(struct traced *out, const struct tracee *t)
{
    char name[32];
    const char *file = strrchr(t->call.text, '/');

    call_name(name, t->call.number);
    snprintf(out->at, sizeof out->at, "%s #%ld %.40s", name, out->calls,
             file != NULL ? file + 1 : t->call.text);
    out->acted = true;
}

static int act(struct traced *out, struct tracee *t, const struct trace *trace)
{
    read_text(t);
    note_call(out, t);
    switch (trace->act) {
    case TRACE_WATCH:
        return 0;
    case TRACE_KILL:
        return kill(t->pid, SIGKILL);
    case TRACE_FAIL:
        t->pending = true;
        return skip_call(t->pid);
    case TRACE_SHORTEN:
        return set_length(t->pid, t->call.args[2] > 1 ? t->call.args[2] / 2 : t->call.args[2]);
    case TRACE_LET_RIVAL:
        trace->rival(trace);
        return 0;
    }
    return -1;
}

static int on_begin(struct traced *out, struct tracee *t, const struct trace *trace)
{
    if (!read_call(t))
        return 0;
    t->inside = true;
    if (!t->begun || trace->names)
        read_text(t);
    if (!t->begun && strstr(t->call.text, trace->begin) != NULL)
        t->begun = true;
    if (!t->begun || !trace->counts(&t->call, trace->context))
        return 0;
    out->calls++;
    return out->calls == trace->nth ? act(out, t, trace) : 0;
}

static int on_end(struct tracee *t, const struct trace *trace)
{
    bool pending = t->pending;

    t->inside = t->pending = false;
    return pending ? set_result(t->pid, -trace->error) : 0;
}

static pid_t begin(const struct trace *trace)
{
    pid_t pid = fork();

    if (pid == 0) {
        subject_enter(trace->dir);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(124);
        raise(SIGSTOP);
        execv(trace->argv[0], (char *const *)(uintptr_t)trace->argv);
        _exit(126);
    }
    return pid;
}

/* The signal that the program is to be given when it goes on. */
static int signal_of(int status)
{
    int number = WSTOPSIG(status);

    return number == SIGTRAP || number == (SIGTRAP | 0x80) ? 0 : number;
}

int trace_run(struct traced *out, const struct trace *trace)
{
    const int options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC;
    struct tracee t = {.pid = begin(trace), .begun = trace->begin == NULL};
    int status, pass = 0;

    *out = (struct traced){.at = ""};
    status = subject_wait(t.pid);
    if (!WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, t.pid, NULL, (void *)(intptr_t)options) != 0) {
        fprintf(stderr, "torture: this machine does not let us trace a program\n");
        kill(t.pid, SIGKILL);
        return -1;
    }
    for (;;) {
        ptrace(PTRACE_SYSCALL, t.pid, NULL, (void *)(intptr_t)pass);
        status = subject_wait(t.pid);
        if (!WIFSTOPPED(status))
            break;
        pass = signal_of(status);
        if (WSTOPSIG(status) != (SIGTRAP | 0x80))
            continue;
        if ((t.inside ? on_end(&t, trace) : on_begin(out, &t, trace)) != 0)
            kill(t.pid, SIGKILL);
    }
    out->status = status;
    return 0;
}

#endif
