/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * html.h - one page of HTML that needs nothing else: no request, nothing from outside.
 *
 * Its content security policy allows its own style and its own script, each by its hash, pictures
 * within the page, and nothing else (no eval, no inline handler, no address), so that whatever
 * slips through as markup has nowhere to go.  HTML within Markdown stays text, and addresses do
 * not become links.
 */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include "err.h"
#include "str.h"

/* The page around a body that was made with the functions below; `script` [len]: len 0: none. */
void html_page(struct str *out, const char *title, const char *body, const char *script,
               size_t len);

/* Markdown (markdown.h) as elements. */
int html_markdown(struct str *out, const char *markdown, struct err *err);

/* Text from outside, for an element or a quoted attribute. */
void html_text(struct str *out, const char *text);

/* A text as a block of data that no browser runs, `id` ours: the script's JSON.parse() of its
 * content gives the text. */
void html_data(struct str *out, const char *id, const char *text);

#endif
