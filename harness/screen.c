/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "screen.h"

enum { TEXT_MAX = 4000 };

void screen_init(struct screen *out, int rows, int columns, bool ascii)
{
    *out = (struct screen){.rows = rows, .columns = columns, .ascii = ascii};
    out->cells = mem_new((size_t)rows * (size_t)columns, sizeof *out->cells);
}

void screen_clear(struct screen *screen)
{
    free(screen->cells);
    *screen = (struct screen){0};
}

/* Scripts and signs whose characters take one column in every terminal: Latin, Greek, Cyrillic,
 * punctuation, arrows, mathematics, blocks, braille. */
static bool is_narrow(uint32_t code)
{
    return (code >= 0x20 && code < 0x300) || (code >= 0x370 && code < 0x483) ||
           (code >= 0x48a && code < 0x530) || (code >= 0x2010 && code < 0x2028) ||
           (code >= 0x2030 && code < 0x205f) || (code >= 0x2190 && code < 0x231a) ||
           (code >= 0x2500 && code < 0x2600) || (code >= 0x2800 && code < 0x2900);
}

static const char *in_ascii(uint32_t code)
{
    switch (code) {
    case 0xb1: /* plus or minus */
        return "~";
    case 0xb7: /* middle dot */
        return "|";
    case 0x2013: /* dash */
        return "-";
    case 0x2026: /* ellipsis */
        return ".";
    default:
        return "?";
    }
}

static void put_cell(struct screen *screen, int row, int column, enum paint paint,
                     const char *bytes, size_t n, uint32_t code)
{
    struct cell *cell = &screen->cells[(size_t)row * (size_t)screen->columns + (size_t)column];

    *cell = (struct cell){.paint = paint};
    if (code >= 0x80 && screen->ascii)
        strcpy(cell->text, in_ascii(code));
    else if (!is_narrow(code))
        strcpy(cell->text, "?");
    else
        memcpy(cell->text, bytes, n);
}

int screen_put(struct screen *screen, int row, int column, enum paint paint, const char *text)
{
    struct str clean = {0};

    if (row < 0 || row >= screen->rows)
        return column;
    str_add_printable(&clean, text, strlen(text), TEXT_MAX);
    for (size_t at = 0; at < clean.len && column < screen->columns; column++) {
        uint32_t code = '?';
        size_t n = utf8_read(&code, clean.at + at, clean.len - at);
        n = n > 0 ? n : 1;
        put_cell(screen, row, column, paint, clean.at + at, n, code);
        at += n;
    }
    str_clear(&clean);
    return column;
}

void screen_paint_row(struct screen *screen, int row, enum paint paint)
{
    for (int c = 0; row >= 0 && row < screen->rows && c < screen->columns; c++)
        screen->cells[(size_t)row * (size_t)screen->columns + (size_t)c].paint = paint;
}

void screen_text(struct str *out, const struct screen *screen)
{
    for (int row = 0; row < screen->rows; row++) {
        const struct cell *cells = &screen->cells[(size_t)row * (size_t)screen->columns];
        int end = screen->columns;
        while (end > 0 && (cells[end - 1].text[0] == '\0' || cells[end - 1].text[0] == ' '))
            end--;
        for (int c = 0; c < end; c++)
            str_add(out, cells[c].text[0] != '\0' ? cells[c].text : " ");
        str_add(out, "\n");
    }
}
