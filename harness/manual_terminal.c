/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages for a terminal: text filled to its width, code as it is. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "manual.h"
#include "mem.h"
#include "table.h"

enum { INDENT = 2, WIDEST = 100 };

struct printer {
    struct str *out;
    size_t columns;
    bool colour, bold;
};

static void paint(struct printer *p, bool bold)
{
    p->bold = bold;
    if (p->colour)
        str_add(p->out, bold ? "\033[1m" : "\033[m");
}

/* A word without its marks, as wide as it will be; the caller frees. */
static char *bare(const char *word, size_t len)
{
    struct str text = {0};

    for (size_t i = 0; i < len; i++)
        if (word[i] != MANUAL_BOLD_ON && word[i] != MANUAL_BOLD_OFF)
            str_addn(&text, word + i, 1);
    return text.at != NULL ? str_take(&text) : mem_strdup("");
}

static void add_word(struct printer *p, const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (word[i] == MANUAL_BOLD_ON || word[i] == MANUAL_BOLD_OFF)
            paint(p, word[i] == MANUAL_BOLD_ON);
        else
            str_addn(p->out, word + i, 1);
    }
}

static void add_blanks(struct printer *p, size_t n)
{
    while (n-- > 0)
        str_add(p->out, " ");
}

/* Fills lines; `at` columns of the first one are taken already. */
static void fill(struct printer *p, const char *text, size_t indent, size_t at)
{
    bool begun = false;

    while (*(text += strspn(text, " ")) != '\0') {
        size_t len = strcspn(text, " ");
        char *plain = bare(text, len);
        size_t width = text_width(plain);
        free(plain);
        if (begun && at + 1 + width > p->columns) {
            str_add(p->out, "\n");
            add_blanks(p, indent);
            at = indent;
        } else if (begun) {
            str_add(p->out, " ");
            at++;
        }
        add_word(p, text, len);
        at += width;
        text += len;
        begun = true;
    }
    str_add(p->out, "\n");
}

static void print_text(struct printer *p, const char *text, size_t indent)
{
    add_blanks(p, indent);
    fill(p, text, indent, indent);
}

static void print_heading(struct printer *p, const struct block *block)
{
    str_add(p->out, p->out->len > 0 ? "\n" : "");
    paint(p, true);
    for (const char *c = block->text; *c != '\0'; c++) {
        char up = block->level == 1 ? (char)toupper((unsigned char)*c) : *c;
        if (*c != MANUAL_BOLD_ON && *c != MANUAL_BOLD_OFF)
            str_addn(p->out, &up, 1);
    }
    paint(p, false);
    str_add(p->out, "\n");
}

static void print_code(struct printer *p, const struct block *block)
{
    for (const char *line = block->text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        if (len > 0)
            add_blanks(p, INDENT * (size_t)(block->level + 2));
        str_addn(p->out, line, len);
        str_add(p->out, "\n");
        line += len + (line[len] == '\n');
    }
}

static void print_block(struct printer *p, const struct block *block)
{
    size_t indent = INDENT * (size_t)(block->level + 1);
    bool tight = (block->kind == BLOCK_ITEM || block->kind == BLOCK_ROW) && !block->first;

    if (block->kind == BLOCK_HEADING) {
        print_heading(p, block);
        return;
    }
    if (!tight)
        str_add(p->out, "\n");
    switch (block->kind) {
    case BLOCK_ITEM:
        add_blanks(p, indent);
        str_add(p->out, "- ");
        fill(p, block->text, indent + INDENT, indent + INDENT);
        break;
    case BLOCK_ROW:
        print_text(p, block->text, INDENT);
        print_text(p, block->more, INDENT * 4);
        break;
    case BLOCK_CODE:
        print_code(p, block);
        break;
    case BLOCK_TEXT:
    case BLOCK_HEADING:
        print_text(p, block->text, indent);
        break;
    }
}

void manual_print(struct str *out, const struct manual *manual, size_t columns, bool colour)
{
    struct printer p = {
        .out = out, .columns = columns < WIDEST ? columns : WIDEST, .colour = colour};

    for (size_t i = 0; i < manual->n; i++)
        print_block(&p, &manual->blocks[i]);
}
