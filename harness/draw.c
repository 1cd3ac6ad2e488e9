/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "draw.h"
#include "file.h"
#include "mem.h"
#include "program.h"

enum { MOST_SVG = 16 << 20 };

/* A file in memory that holds the script, to be read from its start. */
static int script_file(const char *script, struct err *err)
{
    int fd = memfd_create("script", MFD_CLOEXEC);

    if (fd < 0)
        return err_sys(err, "cannot keep a script for gnuplot");
    if (fd_write(fd, script, strlen(script), "script for gnuplot", err) == 0 &&
        lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    close(fd);
    return -1;
}

/* 0, or an error number: ENOENT where there is no gnuplot. */
static int start(pid_t *out, int script, int svg)
{
    char *argv[] = {(char[]){"gnuplot"}, (char[]){"-d"}, (char[]){"-"}, NULL};
    const char *path = getenv("PATH");
    char *env[] = {mem_printf("PATH=%s", path != NULL ? path : "/usr/bin:/bin"),
                   (char[]){"LC_ALL=C.UTF-8"}, NULL};
    int failure = program_start(out, argv, env, script, svg, PROGRAM_NOTHING);

    free(env[0]);
    return failure;
}

/* Its exit status; it is killed when the time is up. */
static int finish(pid_t pid, struct err *err)
{
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    int status = 0, ready = 0;

    if (ended.fd >= 0) {
        while ((ready = poll(&ended, 1, DRAW_LIMIT_S * 1000)) < 0 && errno == EINTR)
            ;
        close(ended.fd);
    }
    if (ready <= 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(err, "gnuplot is lost");
    if (ready <= 0)
        return err_environment(err, "gnuplot took longer than %d s", DRAW_LIMIT_S);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_environment(err, "gnuplot failed");
    return 0;
}

static int read_back(struct str *out, int fd, struct err *err)
{
    char bytes[4096];
    ssize_t n;
    off_t at = 0;

    while ((n = pread(fd, bytes, sizeof bytes, at)) > 0 && at < MOST_SVG) {
        str_addn(out, bytes, (size_t)n);
        at += n;
    }
    return n < 0 ? err_sys(err, "cannot read what gnuplot drew") : 0;
}

int draw(struct str *svg, const char *script, struct err *err)
{
    int in = script_file(script, err), out, rc = -1;
    pid_t pid;

    if (in < 0)
        return -1;
    out = memfd_create("svg", MFD_CLOEXEC);
    if (out < 0) {
        close(in);
        return err_sys(err, "cannot keep what gnuplot draws");
    }
    int failed = start(&pid, in, out);
    if (failed == 0)
        rc = finish(pid, err) == 0 ? read_back(svg, out, err) : -1;
    else if (failed == ENOENT)
        rc = 0;
    else {
        errno = failed;
        err_sys(err, "cannot start gnuplot");
    }
    close(out);
    close(in);
    return rc;
}
