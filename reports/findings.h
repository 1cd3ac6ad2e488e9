/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findings.h - what many studies found, as two documents: FINDINGS.md, with a claim as the title of
 * each finding and its evidence below, and EXPERIMENTS.md, with an entry for each study.
 *
 * They are made from the records alone: the same records give the same bytes, and every number
 * stands beside the study, experiment and seed that it came from.  No sentence tells of an effect
 * whose interval holds zero (claim.h).
 */
#ifndef REPORTS_FINDINGS_H
#define REPORTS_FINDINGS_H

#include "err.h"
#include "record.h"
#include "registry.h"
#include "str.h"

#define FINDINGS_FILE    "FINDINGS.md"
#define EXPERIMENTS_FILE "EXPERIMENTS.md"

struct found_study {
    const struct record *record;
    char *label;       /* its name; "name (seed 2)" where another has that name too */
    char *environment; /* JSON object of its newest session; NULL: unknown */
};

struct found_studies {
    struct found_study *studies; /* [n] once settled by name, then by seed */
    size_t n;
    struct registry registry;
};

/* The record is borrowed until findings_clear(), the environment copied. */
void findings_add(struct found_studies *found, const struct record *record,
                  const char *environment);
void findings_settle(struct found_studies *found); /* when all are added */
void findings_clear(struct found_studies *found);

/* The label of the study that a record is of. */
const char *findings_label(const struct found_studies *found, const struct record *record);

/* The first paragraph of the comment that a study file begins with, on one line; "" where it has
 * none.  The caller frees. */
char *findings_question(const struct study *study);

void findings_compose(struct str *out, const struct found_studies *found);
void experiments_compose(struct str *out, const struct found_studies *found);

/* Makes `dir` where it is missing and writes both documents into it. */
int findings_write(const struct found_studies *found, const char *dir, struct err *err);

#endif
