/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mem.h"
#include "table.h"

enum { CELL_MAX = 4000, WIDTH_MAX = 256 };

void table_init(struct table *out, const char *const *heads, const char *align)
{
    *out = (struct table){.heads = heads, .align = align};
}

void table_clear(struct table *table)
{
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table->paints);
    *table = (struct table){0};
}

void table_row(struct table *table, const char *paint)
{
    table->paints = mem_room(table->paints, table->n_rows, sizeof *table->paints);
    table->paints[table->n_rows++] = paint;
}

/* Takes the text. */
static void add_cell(struct table *table, char *text)
{
    table->cells = mem_room(table->cells, table->n_cells, sizeof *table->cells);
    table->cells[table->n_cells++] = text;
}

void table_cell(struct table *table, const char *text)
{
    struct str clean = {0};

    str_add_printable(&clean, text, strlen(text), CELL_MAX);
    add_cell(table, str_take(&clean));
}

/* As it is where nothing in it has to be made printable or cut. */
void table_take(struct table *table, char *text)
{
    size_t plain = 0;

    while (text[plain] >= ' ' && text[plain] <= '~')
        plain++;
    if (plain <= CELL_MAX && text[plain] == '\0') {
        add_cell(table, text);
        return;
    }
    table_cell(table, text);
    free(text);
}

void table_number(struct table *table, long long n)
{
    struct str text = {0};

    json_write_integer(&text, n);
    add_cell(table, str_take(&text));
}

size_t text_width(const char *text)
{
    const uint64_t low = 0x0101010101010101u;
    size_t len = strlen(text), i = 0, tails = 0; /* 10xxxxxx, of UTF-8's longer characters */
    uint64_t eight;

    for (; i + sizeof eight <= len; i += sizeof eight) {
        memcpy(&eight, text + i, sizeof eight);
        tails += (size_t)__builtin_popcountll(eight >> 7 & ~eight >> 6 & low);
    }
    for (; i < len; i++)
        tails += (text[i] & 0xc0) == 0x80;
    return len - tails;
}

char *text_shorten(const char *text, size_t width)
{
    struct str clean = {0};

    str_add_printable(&clean, text, strlen(text), CELL_MAX);
    if (text_width(str_text(&clean)) > width) {
        size_t at = 0;
        for (size_t seen = 0; seen + 1 < width; seen++)
            do
                at++;
            while ((clean.at[at] & 0xc0) == 0x80);
        clean.len = at;
        clean.at[at] = '\0';
        str_add(&clean, "…");
    }
    return str_take(&clean);
}

static void measure(size_t *widths, const struct table *table, size_t columns)
{
    for (size_t c = 0; c < columns; c++)
        widths[c] = table->heads != NULL ? text_width(table->heads[c]) : 0;
    for (size_t i = 0, c = 0; i < table->n_cells; i++, c = c + 1 < columns ? c + 1 : 0) {
        size_t width = text_width(table->cells[i]);
        widths[c] = width > widths[c] ? width : widths[c];
    }
    for (size_t c = 0; c < columns; c++)
        widths[c] = widths[c] > WIDTH_MAX ? WIDTH_MAX : widths[c];
}

static size_t line_width(const size_t *widths, size_t columns)
{
    size_t sum = 2 * (columns - 1);

    for (size_t c = 0; c < columns; c++)
        sum += widths[c];
    return sum;
}

static void cut_column(struct table *table, size_t column, size_t columns, size_t width)
{
    for (size_t i = column; i < table->n_cells; i += columns) {
        if (text_width(table->cells[i]) <= width)
            continue;
        char *cut = text_shorten(table->cells[i], width);
        free(table->cells[i]);
        table->cells[i] = cut;
    }
}

/* What a column keeps when `excess` columns must go. */
static size_t narrowed(const struct table *table, size_t column, size_t width, size_t excess)
{
    size_t head = table->heads != NULL ? text_width(table->heads[column]) : 0;
    size_t least = head > TABLE_LEAST ? head : TABLE_LEAST;

    if (width <= least)
        return width;
    return width - least < excess ? least : width - excess;
}

void table_fit(struct table *table, size_t width, const char *yields)
{
    size_t columns = strlen(table->align);
    size_t *widths = mem_new(columns, sizeof *widths);

    measure(widths, table, columns);
    for (int turn = '1'; turn <= '9'; turn++) {
        const char *at = strchr(yields, turn);
        size_t line = line_width(widths, columns);
        if (at == NULL || line <= width)
            break;
        size_t column = (size_t)(at - yields);
        widths[column] = narrowed(table, column, widths[column], line - width);
        cut_column(table, column, columns, widths[column]);
    }
    free(widths);
}

static void add_blanks(struct str *out, size_t n)
{
    static const char blanks[] = "                                ";

    for (size_t some; n > 0; n -= some) {
        some = n < sizeof blanks - 1 ? n : sizeof blanks - 1;
        str_addn(out, blanks, some);
    }
}

static void write_line(struct str *out, const char *const *cells, const char *align,
                       const size_t *widths)
{
    size_t start = out->len;

    for (size_t c = 0; align[c] != '\0'; c++) {
        size_t width = text_width(cells[c]);
        size_t pad = width < widths[c] ? widths[c] - width : 0;
        if (c > 0)
            str_add(out, "  ");
        if (align[c] == 'r')
            add_blanks(out, pad);
        str_add(out, cells[c]);
        if (align[c] != 'r')
            add_blanks(out, pad);
    }
    while (out->len > start && out->at[out->len - 1] == ' ')
        out->at[--out->len] = '\0';
}

void table_write(struct str *out, const struct table *table, bool colour)
{
    size_t columns = strlen(table->align);
    size_t *widths = mem_new(columns, sizeof *widths);

    measure(widths, table, columns);
    if (table->heads != NULL) {
        write_line(out, table->heads, table->align, widths);
        str_add(out, "\n");
    }
    for (size_t row = 0; row < table->n_rows; row++) {
        const char *paint = colour ? table->paints[row] : NULL;
        if (paint != NULL)
            str_addf(out, "\033[%sm", paint);
        write_line(out, (const char *const *)table->cells + row * columns, table->align, widths);
        str_add(out, paint != NULL ? "\033[0m\n" : "\n");
    }
    free(widths);
}
