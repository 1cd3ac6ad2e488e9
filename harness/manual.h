/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * manual.h - what stands in docs/ and in the table of commands, as pages for a terminal and as
 * sources of manual pages (scdoc), so that nothing is written twice.
 *
 * Of Markdown it knows what docs/ uses: headings, paragraphs, lists, tables, code, `words`, strong
 * and plain emphasis, links (their text), images (left out).  A row of a table becomes a term, its
 * first cell, and what the other cells say about it.
 */
#ifndef HARNESS_MANUAL_H
#define HARNESS_MANUAL_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"
#include "str.h"

enum block_kind { BLOCK_HEADING, BLOCK_TEXT, BLOCK_ITEM, BLOCK_CODE, BLOCK_ROW };

/* Text in which MANUAL_BOLD_ON … MANUAL_BOLD_OFF stand around what is bold; of code as it is. */
#define MANUAL_BOLD_ON  '\x01'
#define MANUAL_BOLD_OFF '\x02'
struct block {
    enum block_kind kind;
    int level;  /* heading: 1 is the title; item and code: how far it is indented, from 0 */
    char *text; /* of a row: the first cell */
    char *more; /* of a row: what the others say; NULL else */
    bool first; /* of a table or list */
};

struct manual {
    struct block *blocks; /* [n] */
    size_t n;
};

void manual_read(struct manual *out, const char *markdown, size_t len);
void manual_clear(struct manual *manual);

/* For a terminal of so many columns. */
void manual_print(struct str *out, const struct manual *manual, size_t columns, bool colour);

/* The source of NAME(SECTION); the title becomes its summary's place, so it is left out. */
void manual_scdoc(struct str *out, const struct manual *manual, const char *name, int section,
                  const char *summary);

/* The source of nightshift-COMMAND(1), and the list of all commands for nightshift(1). */
void manual_scdoc_command(struct str *out, const struct command *command);
void manual_scdoc_commands(struct str *out);

#endif
