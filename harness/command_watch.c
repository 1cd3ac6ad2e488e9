/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "signals.h"
#include "status.h"
#include "view.h"

extern const struct command command_watch;

enum { EVERY_MS = 2000, CTRL_C = 3 };

/* Reads the study anew and shows where it stands; on a terminal in place of what stood there. */
static int show(const char *study, const char *dir, bool in_place, struct err *err)
{
    struct view view;
    struct str text = {0};

    if (view_open(&view, study, dir, err) != 0)
        return -1;
    if (in_place)
        str_add(&text, "\033[H\033[2J");
    status_write(&text, &view);
    if (in_place)
        str_add(&text, "\nq: quit\n");
    int rc = view_print(&text, err);
    fflush(stdout);
    str_clear(&text);
    view_close(&view);
    return rc;
}

/* One object, as `status --json` has it: who reads JSON asks again by himself. */
static int show_json(const char *study, const char *dir, struct err *err)
{
    struct view view;

    if (view_open(&view, study, dir, err) != 0)
        return -1;
    json_t *object = status_json(&view);
    int rc = view_print_json(object, err);
    json_decref(object);
    view_close(&view);
    return rc;
}

/* Waits for the next look; true: the user wants to go, or a signal came. */
static bool wants_to_quit(int signals)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = signals, .events = POLLIN}};
    char key = 0;

    if (poll(fds, 2, EVERY_MS) <= 0)
        return false;
    if (fds[1].revents != 0)
        return true;
    return read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == CTRL_C;
}

static int watch_until_quit(const char *study, const char *dir, int signals, struct err *err)
{
    do {
        if (show(study, dir, true, err) != 0)
            return -1;
    } while (!wants_to_quit(signals));
    return 0;
}

/* Signals come through a descriptor, so that the terminal is always given back as it was. */
static int watch_terminal(const char *study, const char *dir, struct err *err)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, 0};
    struct termios before, keys;

    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return err_sys(err, "cannot read the terminal's settings");
    int signals = signals_open(ends, err);
    if (signals < 0)
        return -1;
    keys = before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    tcsetattr(STDIN_FILENO, TCSANOW, &keys);
    int rc = watch_until_quit(study, dir, signals, err);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    signals_close(signals);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    const char *dir = option_value(&command_watch, arguments, "dir");
    struct operands operands;

    if (view_operands(&operands, &command_watch, arguments, 0, 0, err) != 0)
        return -1;
    if (option_value(&command_watch, arguments, "json") != NULL)
        return show_json(operands.study, dir, err);
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return show(operands.study, dir, false, err);
    return watch_terminal(operands.study, dir, err);
}

static const struct option_row options[] = {
    {"json", 0, NULL, "one JSON object, once"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {NULL, 0, NULL, NULL},
};

const struct command command_watch = {
    .name = "watch",
    .operands = "[STUDY]",
    .summary = "`status`, again every two seconds",
    .help = "Ends on q or Ctrl-C.  With --json, or where input or output is no terminal, it prints "
            "the\n"
            "status once.\n",
    .options = options,
    .run = run,
};
