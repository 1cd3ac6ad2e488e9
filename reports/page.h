/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * page.h - the report as one page of HTML: the sections' Markdown, and for each figure its drawn
 * picture, its data, and the script that makes a live chart of these (chart_script.h).
 *
 * Without script, in print, and where the program was built without Vega, the picture is what is
 * seen.
 */
#ifndef REPORTS_PAGE_H
#define REPORTS_PAGE_H

#include "err.h"
#include "facts.h"
#include "pictures.h"
#include "store.h"
#include "str.h"

/* `top`: what stands above the first section, in Markdown. */
int page_compose(struct str *out, const char *top, const struct facts *facts, struct store *store,
                 const struct pictures *pictures, struct err *err);

#endif
