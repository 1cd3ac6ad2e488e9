/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources of manual pages, in the language of scdoc(5). */
#include <ctype.h>
#include <string.h>

#include "manual.h"

/* --- text ------------------------------------------------------------------------------------- */

/* One line in which nothing but our own marks means anything to scdoc. */
static void add_text(struct str *out, const char *text)
{
    if (*text != '\0' && strchr("#-.|[];", *text) != NULL)
        str_add(out, "\\");
    for (; *text != '\0'; text++) {
        if (*text == MANUAL_BOLD_ON || *text == MANUAL_BOLD_OFF) {
            str_add(out, "*");
            continue;
        }
        if (strchr("*_\\`", *text) != NULL)
            str_add(out, "\\");
        str_addn(out, text, 1);
    }
}

static void add_heading(struct str *out, const char *text)
{
    for (; *text != '\0'; text++) {
        char up = (char)toupper((unsigned char)*text);
        if (*text != MANUAL_BOLD_ON && *text != MANUAL_BOLD_OFF)
            str_addn(out, &up, 1);
    }
}

static void add_literal(struct str *out, const char *text)
{
    str_addf(out, "```\n%s%s```\n\n", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
}

/* The first line of a source, and its NAME. */
static void add_name(struct str *out, const char *name, int section, const char *summary)
{
    str_addf(out, "%s(%d) \"\" \"nightshift\"\n\n# NAME\n\n%s - ", name, section, name);
    add_text(out, summary);
    str_add(out, "\n\n");
}

/* --- pages of docs/ --------------------------------------------------------------------------- */

static void add_block(struct str *out, const struct block *block)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        str_add(out, block->level > 2 ? "## " : "# ");
        add_heading(out, block->text);
        str_add(out, "\n\n");
        break;
    case BLOCK_ITEM:
        str_add(out, block->level > 0 ? "\t- " : "- ");
        add_text(out, block->text);
        str_add(out, "\n");
        break;
    case BLOCK_ROW:
        add_text(out, block->text);
        str_add(out, "\n\t");
        add_text(out, block->more);
        str_add(out, "\n\n");
        break;
    case BLOCK_CODE:
        add_literal(out, block->text);
        break;
    case BLOCK_TEXT:
        add_text(out, block->text);
        str_add(out, "\n\n");
        break;
    }
}

void manual_scdoc(struct str *out, const struct manual *manual, const char *name, int section,
                  const char *summary)
{
    add_name(out, name, section, summary);
    str_add(out, "# DESCRIPTION\n\n");
    for (size_t i = 0; i < manual->n; i++) {
        const struct block *block = &manual->blocks[i];
        bool ends_list =
            i > 0 && manual->blocks[i - 1].kind == BLOCK_ITEM && block->kind != BLOCK_ITEM;
        str_add(out, ends_list ? "\n" : "");
        if (block->kind != BLOCK_HEADING || block->level > 1)
            add_block(out, block);
    }
    str_add(out, "\n# SEE ALSO\n\n*nightshift*(1)\n");
}

/* --- commands --------------------------------------------------------------------------------- */

/* Paragraphs are filled; lines that begin with blanks stay as they are. */
static void add_help(struct str *out, const char *text)
{
    struct str paragraph = {0}, code = {0};

    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, "\n");
        bool literal = len > 0 && *text == ' ';
        if (literal)
            str_addf(&code, "%.*s\n", (int)len, text);
        else if (len > 0)
            str_addf(&paragraph, "%s%.*s", paragraph.len > 0 ? " " : "", (int)len, text);
        text += len + (text[len] == '\n');
        if (paragraph.len > 0 && (len == 0 || literal || *text == '\0' || *text == ' ')) {
            add_text(out, paragraph.at);
            str_add(out, "\n\n");
            str_clear(&paragraph);
        }
        if (code.len > 0 && *text != ' ') {
            add_literal(out, code.at);
            str_clear(&code);
        }
    }
}

static void add_option(struct str *out, const struct option_row *row)
{
    if (row->letter != 0)
        str_addf(out, "*-%c*, ", row->letter);
    str_addf(out, "*--%s*", row->name);
    if (row->value != NULL) {
        str_add(out, " ");
        add_text(out, row->value);
    }
    str_add(out, "\n\t");
    add_text(out, row->help);
    str_add(out, "\n\n");
}

void manual_scdoc_command(struct str *out, const struct command *command)
{
    struct str name = {0};

    str_addf(&name, "nightshift-%s", command->name);
    add_name(out, name.at, 1, command->summary);
    str_clear(&name);
    str_addf(out, "# SYNOPSIS\n\n*nightshift %s* ", command->name);
    str_add(out, command->options != NULL ? "\\[OPTION…\\] " : "");
    add_text(out, command->operands != NULL ? command->operands : "");
    str_add(out, "\n\n# DESCRIPTION\n\n");
    add_help(out, command->help);
    if (command->help == NULL) {
        add_text(out, command->summary);
        str_add(out, ".\n\n");
    }
    if (command->options != NULL)
        str_add(out, "# OPTIONS\n\n");
    for (const struct option_row *row = command->options; row != NULL && row->name != NULL; row++)
        add_option(out, row);
    str_add(out, "# SEE ALSO\n\n*nightshift*(1)\n");
}

void manual_scdoc_commands(struct str *out)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->hidden)
            continue;
        str_addf(out, "*nightshift-%s*(1)\n\t", commands[i]->name);
        add_text(out, commands[i]->summary);
        str_add(out, "\n\n");
    }
}
