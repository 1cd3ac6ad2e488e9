/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "signals.h"
#include "status.h"
#include "store_change.h"
#include "view.h"
#include "watch_layout.h"
#include "watch_terminal.h"

extern const struct command command_watch;

/*
 * What it may cost: every LOOK_MS it asks whether the record has changed, which is one page; it is
 * read anew where it has, but never so often that reading takes more than one part in SPARING of
 * the time.
 */
enum { LOOK_MS = 1000, SPARING = 400 };
enum { NOTE_S = 10 }; /* a note stands so long, or until the next key */

/* --- once, for pipes and scripts -------------------------------------------------------------- */

static int show_once(const char *study, const char *dir, struct err *err)
{
    struct view view;
    struct str text = {0};

    if (view_open(&view, study, dir, err) != 0)
        return -1;
    status_write(&text, &view);
    int rc = view_print(&text, err);
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

/* --- the live view ---------------------------------------------------------------------------- */

struct watch {
    const char *study, *dir; /* as the user named them */
    struct view view;
    struct store_change *change;
    double next_read; /* clock_s(): not before */
    struct watch_live live;
    struct watch_model model;
    struct watch_place place;
    bool unread; /* the last reading failed */
    char note[1024];
    double noted; /* clock_s() of the note */
    size_t page;
    struct terminal terminal;
    int signals;
};

static struct watch_now now_of(const struct watch *w)
{
    return (struct watch_now){.unix_s = (int64_t)time(NULL), .end = place_end(&w->view.place)};
}

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void adopt(struct watch *w, const struct view *fresh)
{
    if (w->view.store != NULL)
        view_close(&w->view);
    w->view = *fresh;
    facts_clear(&w->view.facts); /* which points at where the record was */
    facts_init(&w->view.facts, &w->view.record);
    struct watch_now now = now_of(w);
    watch_live_follow(&w->live, &w->view);
    watch_live_read(&w->live);
    watch_model_clear(&w->model);
    watch_model_make(&w->model, &w->view, &w->live, &now);
}

static int read_record(struct watch *w, struct err *err)
{
    struct view fresh;
    double began = cpu_s();
    int rc = view_open(&fresh, w->study, w->dir, err);

    if (rc == 0)
        adopt(w, &fresh);
    w->next_read = clock_s() + SPARING * (cpu_s() - began);
    return rc;
}

/* What was shown stays where that fails, and the last line says why. */
static void renew(struct watch *w)
{
    struct err err;

    w->unread = read_record(w, &err) != 0;
    if (w->unread)
        snprintf(w->note, sizeof w->note, "%s", err.text);
    w->place.error = w->unread ? w->note : NULL;
}

static void draw_all(struct watch *w)
{
    struct screen screen;
    int rows, columns;

    terminal_size(&w->terminal, &rows, &columns);
    screen_init(&screen, rows, columns, w->terminal.ascii);
    watch_layout(&screen, &w->model, &w->place, &w->page);
    terminal_show(&w->terminal, &screen);
    screen_clear(&screen);
}

/* The record where it has changed, and what the runs under way have said. */
static void look(struct watch *w)
{
    bool owner = place_owner(&w->view.place) > 0;

    if (clock_s() >= w->next_read &&
        (store_change_seen(w->change) || owner != w->model.running || w->unread)) {
        renew(w);
        return;
    }
    if (!w->unread && clock_s() > w->noted + NOTE_S)
        w->place.error = NULL;
    struct watch_now now = now_of(w);
    watch_live_read(&w->live);
    watch_model_renew(&w->model, &w->view, &w->live, &now);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void scroll(struct watch *w, size_t on, size_t back)
{
    size_t first = w->place.first + on;

    w->place.first = first > back ? first - back : 0;
}

static void explain_stop(struct watch *w)
{
    if (w->model.running)
        snprintf(w->note, sizeof w->note, "watch only reads; `nightshift stop %s` ends it cleanly",
                 w->model.study);
    else
        snprintf(w->note, sizeof w->note, "the study is not running");
    w->place.error = w->note;
    w->noted = clock_s();
}

/* True where the user wants to go. */
static bool obey(struct watch *w, enum key key)
{
    w->place.error = NULL;
    switch (key) {
    case KEY_QUIT:
        return true;
    case KEY_NEXT_PANE:
        if (!w->place.help)
            w->place.pane = (w->place.pane + 1) % WATCH_PANES;
        w->place.help = false;
        w->place.first = 0;
        break;
    case KEY_OLDER:
        scroll(w, 1, 0);
        break;
    case KEY_NEWER:
        scroll(w, 0, 1);
        break;
    case KEY_PAGE_ON:
        scroll(w, w->page, 0);
        break;
    case KEY_PAGE_BACK:
        scroll(w, 0, w->page);
        break;
    case KEY_NEWEST:
        w->place.first = 0;
        break;
    case KEY_OLDEST:
        scroll(w, WATCH_DECISIONS, 0);
        break;
    case KEY_EXPLAIN:
        w->place.help = !w->place.help;
        break;
    case KEY_STOP:
        explain_stop(w);
        break;
    case KEY_SIZE_CHANGED:
    case KEY_NONE:
        break;
    }
    return false;
}

/* --- the loop --------------------------------------------------------------------------------- */

/* Waits for a key, a signal, or until it is time for the next look.  False: it is over; *status is
 * set where a signal has ended it. */
static bool wait_for_more(struct watch *w, int *status)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = w->signals, .events = POLLIN}};

    if (poll(fds, 2, LOOK_MS) <= 0) {
        look(w);
        return true;
    }
    for (int signal; (signal = signals_next(w->signals)) != 0;)
        if (signal != SIGWINCH) {
            *status = signal == SIGINT ? 130 : 128 + signal;
            return false;
        }
    for (enum key key; (key = terminal_key(&w->terminal)) != KEY_NONE;)
        if (obey(w, key))
            return false;
    return (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

static int watch_terminal(struct watch *w, struct err *err)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, 0};
    int status = 0;

    if (terminal_open(&w->terminal, err) != 0)
        return -1;
    w->signals = signals_open(caught, err);
    if (w->signals < 0) {
        terminal_close(&w->terminal);
        return -1;
    }
    do
        draw_all(w);
    while (wait_for_more(w, &status));
    terminal_close(&w->terminal);
    signals_close(w->signals);
    return status;
}

static int watch(const char *study, const char *dir, struct err *err)
{
    struct watch w = {.study = study, .dir = dir};
    int rc = -1;

    if (read_record(&w, err) != 0)
        return -1;
    if (store_change_open(&w.change, w.view.place.db, err) == 0)
        rc = watch_terminal(&w, err);
    store_change_close(w.change);
    watch_model_clear(&w.model);
    watch_live_clear(&w.live);
    view_close(&w.view);
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
        return show_once(operands.study, dir, err);
    return watch(operands.study, dir, err);
}

static const struct option_row options[] = {
    {"json", 0, NULL, "one JSON object, once"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {NULL, 0, NULL, NULL},
};

const struct command command_watch = {
    .name = "watch",
    .operands = "[STUDY]",
    .summary = "a live view of a study in the terminal",
    .help = "The runs under way with bars and curves, what may be believed, decisions as they "
            "fall,\n"
            "what went wrong, and the time left.  It only reads; the study does not wait for it.\n"
            "\n"
            "  tab         the next pane: decisions, trouble, chart\n"
            "  up, down    scroll (k, j; space and b by pages)\n"
            "  ?           the keys\n"
            "  q, Ctrl-C   quit\n"
            "\n"
            "With --json, or where input or output is no terminal, it prints the status once.\n",
    .options = options,
    .run = run,
};
