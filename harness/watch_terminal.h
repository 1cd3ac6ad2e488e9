/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_terminal.h - a screen on a terminal, by ncurses; and the keys that come from it.
 *
 * Colours only where the terminal has them and NO_COLOR is not set; block and braille characters
 * only where the locale is UTF-8.  terminal_close() gives the terminal back as it was, and is the
 * only thing that has to be called whatever happened.
 */
#ifndef HARNESS_WATCH_TERMINAL_H
#define HARNESS_WATCH_TERMINAL_H

#include <stdbool.h>

#include "err.h"
#include "screen.h"

struct terminal {
    void *curses; /* SCREEN */
    bool colours, ascii;
};

enum key {
    KEY_NONE,
    KEY_QUIT,
    KEY_NEXT_PANE,
    KEY_OLDER,
    KEY_NEWER,
    KEY_PAGE_ON,
    KEY_PAGE_BACK,
    KEY_NEWEST,
    KEY_OLDEST,
    KEY_EXPLAIN,
    KEY_STOP,
    KEY_SIZE_CHANGED
};

/* A usage error where the terminal is one that cannot be drawn on (TERM unknown, or "dumb"). */
int terminal_open(struct terminal *out, struct err *err);
void terminal_close(struct terminal *terminal);

/* Asks the terminal for its size: call after KEY_SIZE_CHANGED or SIGWINCH. */
void terminal_size(const struct terminal *terminal, int *rows, int *columns);
void terminal_show(const struct terminal *terminal, const struct screen *screen);

/* The next key that has been pressed; KEY_NONE where there is none left: never waits. */
enum key terminal_key(const struct terminal *terminal);

#endif
