/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * section.h - one section of the findings report.  To add one: section_<name>.c and a row in
 * section.c.
 *
 * A section is written from the record alone, so the same record gives the same bytes.  No sentence
 * claims an effect whose interval holds zero; unknown is a dash.
 */
#ifndef REPORTS_SECTION_H
#define REPORTS_SECTION_H

#include "err.h"
#include "record.h"
#include "store.h"
#include "str.h"

struct section {
    const char *name,
        *title; /* the heading, as a question: "How far can seeds alone move the loss?" */
    int (*write)(struct str *out, const struct record *record, struct store *store,
                 struct err *err);
};
extern const struct section *const sections[]; /* NULL-terminated, in the order of the report */

#endif
