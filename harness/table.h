/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table.h - a table of text whose columns line up on a terminal.
 */
#ifndef HARNESS_TABLE_H
#define HARNESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

struct table {
    const char *const *heads; /* [columns] borrowed; NULL: no head */
    const char *align;        /* one letter a column: 'l' or 'r'; borrowed */
    char **cells;             /* [n_cells] row by row */
    size_t n_cells;
    const char **paints; /* [rows] an ANSI colour ("32"), or NULL */
    size_t n_rows;
};

void table_init(struct table *out, const char *const *heads, const char *align);
void table_clear(struct table *table);

/* Begins a row, painted as a whole where colours are wanted; its cells follow from left to right.
 */
void table_row(struct table *table, const char *paint);

/* One cell: text from outside is made printable.  table_take() frees the text afterwards. */
void table_cell(struct table *table, const char *text);
void table_take(struct table *table, char *text);
void table_number(struct table *table, long long n);

/*
 * Cuts cells until no line is wider than `width`, as far as the columns that may give way allow.
 * `yields` has one character a column: '1' gives way first, then '2' and so on, ' ' never; each
 * keeps its head, and TABLE_LEAST columns of text.
 */
enum { TABLE_LEAST = 12 };
void table_fit(struct table *table, size_t width, const char *yields);

/* The rows with two blanks between columns and none at the end of a line. */
void table_write(struct str *out, const struct table *table, bool colour);

/* Columns that a terminal needs for `text`: its characters (combining marks count as one too). */
size_t text_width(const char *text);

/* At most `width` columns of printable text; a cut one ends in "…".  The caller frees. */
char *text_shorten(const char *text, size_t width);

#endif
