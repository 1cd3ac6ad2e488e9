/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NCURSES_NOMACROS 1
#include <curses.h>

#include "view.h"
/* curses.h has names of its own for keys: ours come last. */
#include "watch_terminal.h"

enum { CTRL_C = 3, CTRL_L = 12 };

static void begin_colours(struct terminal *terminal)
{
    const char *no = getenv("NO_COLOR");

    terminal->colours = (no == NULL || *no == '\0') && has_colors();
    if (!terminal->colours)
        return;
    start_color();
    use_default_colors();
    init_pair(PAINT_GOOD, COLOR_GREEN, -1);
    init_pair(PAINT_BAD, COLOR_RED, -1);
    init_pair(PAINT_LINE, COLOR_CYAN, -1);
}

int terminal_open(struct terminal *out, struct err *err)
{
    const char *term = getenv("TERM");

    *out = (struct terminal){.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0};
    if (term == NULL || *term == '\0' || strcmp(term, "dumb") == 0)
        return err_usage(err, "watch: this terminal cannot be drawn on (TERM is '%s')",
                         term != NULL ? term : "");
    out->curses = newterm(NULL, stdout, stdin);
    if (out->curses == NULL)
        return err_usage(err, "watch: terminal '%s' is not known here", term);
    set_term(out->curses);
    raw(); /* Ctrl-C is a key, so that the terminal is given back whatever comes */
    noecho();
    nonl();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    begin_colours(out);
    return 0;
}

void terminal_close(struct terminal *terminal)
{
    if (terminal->curses == NULL)
        return;
    curs_set(1);
    endwin();
    delscreen(terminal->curses);
    terminal->curses = NULL;
}

void terminal_size(const struct terminal *terminal, int *rows, int *columns)
{
    struct winsize size = {0};

    (void)terminal;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
        is_term_resized(size.ws_row, size.ws_col)) {
        resize_term(size.ws_row, size.ws_col);
        clearok(stdscr, TRUE); /* the terminal has moved what stood on it */
    }
    *rows = getmaxy(stdscr);
    *columns = getmaxx(stdscr);
}

static attr_t attributes(const struct terminal *terminal, enum paint paint)
{
    switch (paint) {
    case PAINT_TITLE:
        return A_REVERSE;
    case PAINT_HEAD:
        return A_BOLD;
    case PAINT_DIM:
        return A_DIM;
    case PAINT_GOOD:
    case PAINT_BAD:
    case PAINT_LINE:
        return terminal->colours ? (attr_t)COLOR_PAIR(paint) : A_NORMAL;
    case PAINT_PLAIN:
        break;
    }
    return A_NORMAL;
}

void terminal_show(const struct terminal *terminal, const struct screen *screen)
{
    erase();
    for (int row = 0; row < screen->rows; row++)
        for (int column = 0; column < screen->columns; column++) {
            const struct cell *cell =
                &screen->cells[(size_t)row * (size_t)screen->columns + (size_t)column];
            if (cell->text[0] == '\0' && cell->paint != PAINT_TITLE)
                continue;
            attrset((int)attributes(terminal, cell->paint));
            mvaddstr(row, column, cell->text[0] != '\0' ? cell->text : " ");
        }
    attrset((int)A_NORMAL);
    refresh();
}

enum key terminal_key(const struct terminal *terminal)
{
    static const struct {
        int code;
        enum key key;
    } keys[] = {
        {'q', KEY_QUIT},
        {CTRL_C, KEY_QUIT},
        {'\t', KEY_NEXT_PANE},
        {'j', KEY_OLDER},
        {KEY_DOWN, KEY_OLDER},
        {'k', KEY_NEWER},
        {KEY_UP, KEY_NEWER},
        {' ', KEY_PAGE_ON},
        {KEY_NPAGE, KEY_PAGE_ON},
        {'b', KEY_PAGE_BACK},
        {KEY_PPAGE, KEY_PAGE_BACK},
        {'g', KEY_NEWEST},
        {KEY_HOME, KEY_NEWEST},
        {'G', KEY_OLDEST},
        {KEY_END, KEY_OLDEST},
        {'?', KEY_EXPLAIN},
        {'h', KEY_EXPLAIN},
        {'s', KEY_STOP},
        {CTRL_L, KEY_SIZE_CHANGED},
        {KEY_RESIZE, KEY_SIZE_CHANGED},
    };

    (void)terminal;
    for (int code; (code = getch()) != ERR;)
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (keys[i].code == code)
                return keys[i].key;
    return KEY_NONE;
}
