/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - the findings report: REPORT.md, written from the record alone.  The same record gives
 * the same bytes: no clock, host or path enters it but what the record holds, and nothing else but
 * the placebos of the records beside it (placebo.h).
 */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include "err.h"
#include "record.h"
#include "store.h"
#include "str.h"

/* The whole report as Markdown. */
int report_compose(struct str *out, const struct record *record, struct store *store,
                   struct err *err);

/* Makes `dir` where it is missing and writes REPORT.md into it; *path is the file, which the caller
 * frees. */
int report_write(char **path, const struct record *record, struct store *store, const char *dir,
                 struct err *err);

#endif
