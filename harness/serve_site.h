/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serve_site.h - what `serve` has to give: a table of paths, each with its bytes in memory.  A path
 * that is not in the table is not there, so none can lead anywhere else.
 *
 * The report is made by report_write(), as `report` makes it, into a folder of our own outside of
 * the study's, and read from there: report.html and REPORT.md, and the CSV files behind the charts.
 * "/" is a small page around it that listens to "/events" (serve.h) and fetches the report anew.
 */
#ifndef HARNESS_SERVE_SITE_H
#define HARNESS_SERVE_SITE_H

#include "view.h"

struct serve_site_page {
    char *path;                /* "/data/history.csv" */
    const char *type, *policy; /* Content-Type, Content-Security-Policy */
    char *bytes;
    size_t len;
};

struct serve_site {
    char *dir;                     /* ours, private */
    char *name;                    /* of the study */
    char *policy;                  /* of "/" */
    struct serve_site_page *pages; /* [n] */
    size_t n;
};

/* The table holds "/" alone.  The caller clears, which removes the folder. */
int serve_site_init(struct serve_site *out, const char *study, struct err *err);
void serve_site_clear(struct serve_site *site);

/* Makes the report of what the record holds now; on error the table stays as it was. */
int serve_site_make(struct serve_site *site, const struct view *view, struct err *err);

const struct serve_site_page *serve_site_find(const struct serve_site *site,
                                              const char *path); /* or NULL */

#endif
