/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdicts.h - decisions as rows of a table and as JSON: `log --decisions` and `show` say the same.
 */
#ifndef HARNESS_VERDICTS_H
#define HARNESS_VERDICTS_H

#include "json_line.h"
#include "record.h"
#include "table.h"

/* With `wide`, also head and incumbent after it, the reason and the commit. */
void verdicts_init(struct table *out, bool wide);
void verdicts_add(struct table *table, const struct record *record, const struct decision *decision,
                  bool wide);
void verdicts_fit(struct table *table, size_t width, bool wide);

/* Adds number, kind, experiment, against, verdict, verified, test, alpha, n, effect, head,
 * incumbent, reason, commit. */
void verdicts_line(struct json_line *line, const struct record *record,
                   const struct decision *decision);

/* "+0.1 [+0.02, +0.18]", a dash where nothing was compared.  The caller frees. */
char *verdicts_effect(const struct decision *decision);

#endif
