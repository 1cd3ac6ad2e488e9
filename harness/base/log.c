/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.h"

static bool quiet;
static char progress[512]; /* what stands on the last line now */
static unsigned long lost; /* messages that nobody took */

void log_quiet(bool on)
{
    quiet = on;
}

static void erase_progress(void)
{
    if (progress[0] != '\0')
        fputs("\r\033[K", stderr);
}

/* A terminal that was stopped (Ctrl-S), or a pipe whose reader sleeps, takes no more: writing to it
 * would hold up the night. */
static bool is_taken(void)
{
    enum { PATIENCE_MS = 50 };
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&out, 1, lost > 0 ? 0 : PATIENCE_MS) != 0;
}

static void say(const char *prefix, const char *fmt, va_list args)
{
    if (!is_taken()) {
        lost++;
        return;
    }
    erase_progress();
    if (lost > 0)
        fprintf(stderr, "(%lu messages before this one were not taken)\n", lost);
    lost = 0;
    fputs(prefix, stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    fputs(progress, stderr);
    fflush(stderr);
}

void log_info(const char *fmt, ...)
{
    va_list args;

    if (quiet)
        return;
    va_start(args, fmt);
    say("", fmt, args);
    va_end(args);
}

void log_warn(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say("warning: ", fmt, args);
    va_end(args);
}

/* Cuts a line of UTF-8 to the terminal's width, so that it never wraps. */
static void fit(char *out, size_t room, const char *line)
{
    struct winsize size = {0};
    size_t columns = 80, used = 0, n = 0;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    for (; line[n] != '\0' && n + 1 < room; n++) {
        bool starts = ((unsigned char)line[n] & 0xc0) != 0x80;
        if (starts && ++used >= columns)
            break;
        out[n] = line[n];
    }
    out[n] = '\0';
}

void log_progress(const char *line)
{
    if (!isatty(STDERR_FILENO) || !is_taken())
        return;
    erase_progress();
    progress[0] = '\0';
    if (line != NULL)
        fit(progress, sizeof progress, line);
    fputs(progress, stderr);
    fflush(stderr);
}
