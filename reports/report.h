/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - the findings report, written from the record alone: REPORT.md, and report.html, which
 * is one file that opens anywhere.  The same record gives the same bytes: no clock, host or path enters it but what the record holds, and nothing else but
 * the placebos of the records beside it (placebo.h).
 */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include "err.h"
#include "pictures.h"
#include "record.h"
#include "store.h"
#include "str.h"

#define REPORT_MARKDOWN "REPORT.md"
#define REPORT_HTML "report.html"

/* The whole report as Markdown; with `pictures` (NULL: none) linked in their sections. */
int report_compose(struct str *out, const struct record *record, struct store *store,
                   const struct pictures *pictures, enum picture_link link, struct err *err);

/*
 * Makes `dir` where it is missing and writes into it REPORT.md with data/ and figures/ beside it,
 * and report.html, which holds all of it in one file.  `artist` draws (NULL: no figures).  *path is
 * the first one's, which the caller frees.
 */
int report_write(char **path, const struct record *record, struct store *store, const char *dir,
                 pictures_artist *artist, struct err *err);

#endif
