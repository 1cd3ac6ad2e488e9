/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "markdown.h"

void markdown_text(struct str *out, const char *text)
{
    struct str clean = {0};

    str_add_printable(&clean, text, strlen(text), MARKDOWN_TEXT);
    for (const char *p = str_text(&clean); *p != '\0'; p++) {
        if (strchr("\\`*_{}[]<>|#!&~$", *p) != NULL)
            str_add(out, "\\");
        str_addn(out, p, 1);
    }
    str_clear(&clean);
}

void markdown_head(struct str *out, const char *const *heads, const char *align)
{
    for (size_t i = 0; align[i] != '\0'; i++)
        markdown_cell(out, heads[i]);
    markdown_end(out);
    for (size_t i = 0; align[i] != '\0'; i++)
        str_add(out, align[i] == 'r' ? "|---:" : "|---");
    markdown_end(out);
}

void markdown_cell(struct str *out, const char *text)
{
    str_add(out, "| ");
    markdown_text(out, text);
    str_add(out, " ");
}

void markdown_take(struct str *out, char *text)
{
    markdown_cell(out, text);
    free(text);
}

void markdown_end(struct str *out)
{
    str_add(out, "|\n");
}
