/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "clock.h"
#include "mem.h"
#include "program.h"
#include "str.h"

enum { MAX_OUTPUT = 8 << 20 };

static void close_files(struct call *call)
{
    if (call->out >= 0)
        close(call->out);
    if (call->errors >= 0)
        close(call->errors);
    *call = (struct call){.out = -1, .errors = -1};
}

int call_start(struct call *call, char *const argv[], char *const env[], double limit_s,
               struct err *err)
{
    *call = (struct call){.since = clock_s(),
                          .limit_s = limit_s,
                          .out = memfd_create("call-out", MFD_CLOEXEC),
                          .errors = memfd_create("call-errors", MFD_CLOEXEC)};
    if (call->out < 0 || call->errors < 0) {
        close_files(call);
        return err_sys(err, "cannot keep what '%s' says", argv[0]);
    }
    int failure = program_start(&call->pid, argv, env, PROGRAM_NOTHING, call->out, call->errors);
    if (failure == 0)
        return 0;
    call->pid = -1; /* heard at the next poll */
    dprintf(call->errors, "cannot start '%s': %s\n", argv[0], strerror(failure));
    return 0;
}

static char *read_back(int fd)
{
    off_t end = lseek(fd, 0, SEEK_END);
    size_t len = end < 0 ? 0 : end > MAX_OUTPUT ? MAX_OUTPUT : (size_t)end, at = 0;
    char *text = mem_new(len + 1, 1);

    while (at < len) {
        ssize_t n = pread(fd, text + at, len - at, (off_t)at);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    return text;
}

/* The last line that says something. */
static void last_line(char *out, size_t size, const char *text)
{
    const char *end = text + strlen(text);
    struct str line = {0};

    while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    const char *begin = end;
    while (begin > text && begin[-1] != '\n')
        begin--;
    str_add_printable(&line, begin, (size_t)(end - begin), size / 2);
    snprintf(out, size, "%s", str_text(&line));
    str_clear(&line);
}

static void describe(struct reply *out, int status, const char *name)
{
    if (out->ok || out->why[0] != '\0')
        return;
    if (out->unheard)
        snprintf(out->why, sizeof out->why, "%s", name);
    else if (WIFSIGNALED(status))
        snprintf(out->why, sizeof out->why, "ended by signal %d", WTERMSIG(status));
    else
        snprintf(out->why, sizeof out->why, "exit %d", WEXITSTATUS(status));
}

static void fill(struct reply *out, const struct call *call, int status, bool late)
{
    char *errors = read_back(call->errors);

    *out = (struct reply){.ok = !late && call->pid > 0 && WIFEXITED(status) &&
                                WEXITSTATUS(status) == 0,
                          .unheard = late || call->pid < 0,
                          .out = read_back(call->out)};
    if (!out->ok)
        last_line(out->why, sizeof out->why, errors);
    describe(out, status, "no answer in time");
    free(errors);
}

int call_poll(struct call *call, struct reply *out, struct err *err)
{
    int status = 0;
    bool late = clock_s() - call->since > call->limit_s;

    if (call->pid > 0) {
        if (late)
            kill(-call->pid, SIGKILL);
        pid_t ended = waitpid(call->pid, &status, late ? 0 : WNOHANG);
        if (ended == 0 || (ended < 0 && errno == EINTR))
            return 0;
        if (ended < 0) {
            close_files(call);
            return err_sys(err, "cannot wait for a command of the queue");
        }
    }
    fill(out, call, status, late);
    close_files(call);
    call->pid = 0;
    return 1;
}

int call_wait(struct call *call, struct reply *out, struct err *err)
{
    int ended;

    while ((ended = call_poll(call, out, err)) == 0)
        poll(NULL, 0, 5);
    return ended;
}

void reply_clear(struct reply *reply)
{
    free(reply->out);
    *reply = (struct reply){.out = NULL};
}

void call_abandon(struct call *call)
{
    if (call->pid > 0) {
        kill(-call->pid, SIGKILL);
        waitpid(call->pid, NULL, 0);
    }
    if (call->pid != 0)
        close_files(call);
    call->pid = 0;
}
