/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "place.h"

enum { WAIT_S = 60 };

static const struct option_row options[] = {
    {"dir", 0, "DIR", "the run directory"},
    {"now", 0, NULL, "do not wait for runs to end by themselves"},
    {NULL, 0, NULL, NULL},
};

extern const struct command command_stop;

/* A first signal asks; a second one, after an instant, insists. */
static int ask(long pid, bool now, struct err *err)
{
    if (kill((pid_t)pid, SIGTERM) != 0)
        return err_sys(err, "cannot stop process %ld", pid);
    if (!now)
        return 0;
    usleep(200000);
    if (kill((pid_t)pid, SIGTERM) != 0 && errno != ESRCH)
        return err_sys(err, "cannot stop process %ld", pid);
    return 0;
}

static int wait_for_end(const struct place *place, long pid, struct err *err)
{
    double until = clock_s() + WAIT_S;

    while (place_owner(place) == pid) {
        if (clock_s() > until)
            return err_failed(err, "study '%s' was asked to stop; process %ld is still ending",
                              place->name, pid);
        usleep(50000);
    }
    printf("study %s: stopped\n", place->name);
    return 0;
}

static int run(const struct arguments *arguments, struct err *err)
{
    const char *word = arguments->n_words > 0 ? arguments->words[0] : NULL;
    struct place place;

    if (place_find(&place, word, option_value(&command_stop, arguments, "dir"), err) != 0)
        return -1;
    long pid = place_owner(&place);
    int rc;
    if (pid == 0)
        rc = err_failed(err, "study '%s' is not being run", place.name);
    else
        rc = ask(pid, option_value(&command_stop, arguments, "now") != NULL, err);
    if (rc == 0)
        rc = wait_for_end(&place, pid, err);
    place_clear(&place);
    return rc;
}

const struct command command_stop = {
    .name = "stop",
    .operands = "[STUDY]",
    .summary = "ask the running one to end cleanly",
    .help = "The current runs are ended and will be repeated; the study stays resumable by\n"
            "`nightshift run`.  Waits until it has ended.\n",
    .options = options,
    .run = run,
};
