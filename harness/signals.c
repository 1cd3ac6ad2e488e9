/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "signals.h"

/* A handler is given nothing but a number, so what it needs cannot stand elsewhere. */
static volatile sig_atomic_t write_end = -1;
static sigset_t caught;

/* A full pipe holds signals enough. */
static void on_signal(int number)
{
    int before = errno;
    unsigned char byte = (unsigned char)number;

    if (write(write_end, &byte, 1) < 0)
        errno = 0;
    errno = before;
}

static int catch (int number, struct err *err)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigfillset(&action.sa_mask);
    if (sigaction(number, &action, NULL) != 0)
        return err_sys(err, "cannot catch signal %d", number);
    sigaddset(&caught, number);
    return 0;
}

int signals_open(const int *numbers, struct err *err)
{
    int pipe[2];

    assert(write_end < 0);
    if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_sys(err, "cannot listen for signals");
    write_end = pipe[1];
    sigemptyset(&caught);
    for (; *numbers != 0; numbers++)
        if (catch (*numbers, err) != 0) {
            signals_close(pipe[0]);
            return -1;
        }
    return pipe[0];
}

int signals_next(int fd)
{
    unsigned char byte;

    return read(fd, &byte, 1) == 1 ? byte : 0;
}

void signals_close(int fd)
{
    int last = write_end;

    for (int number = 1; number < NSIG; number++)
        if (sigismember(&caught, number) == 1)
            signal(number, SIG_DFL);
    write_end = -1;
    close(last);
    close(fd);
}
