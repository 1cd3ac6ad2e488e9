/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * markdown.h - GitHub's Markdown, written so that text from outside stays text.
 */
#ifndef REPORTS_MARKDOWN_H
#define REPORTS_MARKDOWN_H

#include <stddef.h>

#include "str.h"

/*
 * Text from outside: control characters and broken UTF-8 become \xNN, every character that means
 * something to Markdown or HTML is escaped, and at most `MARKDOWN_TEXT` bytes are taken.  Never
 * at the start of a line, where digits and dashes would mean something too.
 */
enum { MARKDOWN_TEXT = 2000 };
void markdown_text(struct str *out, const char *text);

/* The head of a table and the line below it; align has one letter a column, 'l' or 'r'. */
void markdown_head(struct str *out, const char *const *heads, const char *align);

/* One row, cell by cell: markdown_cell() escapes its text; the other takes the text over and frees
 * it, escaped as well. */
void markdown_cell(struct str *out, const char *text);
void markdown_take(struct str *out, char *text);
void markdown_end(struct str *out); /* ends the row */

#endif
