/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - the findings report, written from the record alone: REPORT.md, and report.html, which
 * is one file that opens anywhere.  The same record gives the same bytes: no clock, host or path
 * enters it but what the record holds, and nothing else but the placebos of the records beside it
 * (placebo.h).
 */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include "err.h"
#include "pictures.h"
#include "record.h"
#include "store.h"
#include "str.h"

#define REPORT_MARKDOWN "REPORT.md"
#define REPORT_HTML     "report.html"

/* The whole report as Markdown, without figures; `files` NULL: from the record alone. */
int report_compose(struct str *out, const struct record *record, struct store *store,
                   const struct run_files *files, struct err *err);

/* What a report needs that this layer has not. */
struct report_means {
    pictures_artist *artist;       /* who draws; NULL: no figures */
    const struct run_files *files; /* what runs left on disk; NULL: the record alone */
};

/*
 * Makes `dir` where it is missing and writes into it REPORT.md with data/ and figures/ beside it,
 * and report.html, which holds all of it in one file (page.h).  *path is the first one's, which the
 * caller frees.
 */
int report_write(char **path, const struct record *record, struct store *store, const char *dir,
                 const struct report_means *means, struct err *err);

#endif
