/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * html.h - a Markdown text as one page of HTML that needs nothing else: no script, no request.
 *
 * Its content security policy allows its own style (by hash) and pictures within the page, and
 * nothing else, so that whatever slips through as markup has nowhere to go.  HTML within the
 * Markdown stays text, and addresses do not become links.
 */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include "err.h"
#include "str.h"

int html_page(struct str *out, const char *title, const char *markdown, struct err *err);

/* Text from outside, for an element or a quoted attribute. */
void html_text(struct str *out, const char *text);

#endif
