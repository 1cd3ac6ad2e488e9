/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * section.h - one section of the findings report.  To add one: section_<name>.c and a row in
 * section.c.
 *
 * A section is written from the record alone (placebos are pooled over the records beside it), so
 * the same record gives the same bytes.  Unknown is a dash.  No sentence claims an effect whose
 * interval holds zero: sections write effects through claim.h, and the plain ways to write one do
 * not compile where this header was included.
 */
#ifndef REPORTS_SECTION_H
#define REPORTS_SECTION_H

#include "err.h"
#include "facts.h"
#include "record.h"
#include "store.h"
#include "str.h"

struct section {
    const char *name;
    const char *title; /* the heading, as a question: "How far can seeds alone move the loss?" */
    const char *empty; /* the line that stands instead while there is no experiment; NULL: none */
    int (*write)(struct str *out, const struct facts *facts, struct store *store, struct err *err);
};
extern const struct section *const sections[]; /* NULL-terminated, in the order of the report */

/* What stands below the heading. */
int section_write(struct str *out, const struct section *section, const struct facts *facts,
                  struct store *store, struct err *err);

#pragma GCC poison say_effect say_interval say_measured

#endif
