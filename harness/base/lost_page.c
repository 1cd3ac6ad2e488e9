/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lost_page.h"

static const char *said; /* for the handler, which is told nothing of ours */

/* Any other error of the bus has its usual end: the same access, once more, ends the program. */
static void on_lost_page(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_code != BUS_ADRERR) {
        (void)signal(number, SIG_DFL);
        return;
    }
    if (write(STDERR_FILENO, said, strlen(said)) < 0)
        _exit(ERR_ENVIRONMENT); /* nobody listens; the status tells it too */
    _exit(ERR_ENVIRONMENT);
}

int lost_page_watch(const char *line, struct err *err)
{
    struct sigaction action = {.sa_sigaction = on_lost_page, .sa_flags = SA_SIGINFO};

    said = line;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, &action, NULL) == 0 ? 0 : err_sys(err, "cannot watch for lost pages");
}
