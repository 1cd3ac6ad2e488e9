/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screen.h - a rectangle of characters with their paint, as a terminal will show it: what
 * watch_layout.c writes on, watch_terminal.c shows, and a test reads as text.
 *
 * Every cell is one column wide.  Text from outside is made printable; a character that needs two
 * columns, or none, becomes one '?'.  On an ASCII screen what is not ASCII is replaced too.
 */
#ifndef HARNESS_SCREEN_H
#define HARNESS_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

enum paint { PAINT_PLAIN, PAINT_TITLE, PAINT_HEAD, PAINT_DIM, PAINT_GOOD, PAINT_BAD, PAINT_LINE };

struct cell {
    char text[5]; /* one UTF-8 character; "" is a blank */
    enum paint paint;
};

struct screen {
    int rows, columns;
    bool ascii;
    struct cell *cells; /* [rows][columns] */
};

/* Blank.  The caller clears. */
void screen_init(struct screen *out, int rows, int columns, bool ascii);
void screen_clear(struct screen *screen);

/* Writes from (row, column) on as far as the row goes; rows that are not there are no matter.
 * Returns the column behind it. */
int screen_put(struct screen *screen, int row, int column, enum paint paint, const char *text);

/* Paints a whole row, from its first column to its last. */
void screen_paint_row(struct screen *screen, int row, enum paint paint);

/* The rows as lines, without blanks at their ends. */
void screen_text(struct str *out, const struct screen *screen);

#endif
