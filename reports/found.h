/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * found.h - the parts of section_found.c: what was verified, and what was confirmed.
 */
#ifndef REPORTS_FOUND_H
#define REPORTS_FOUND_H

#include "claim.h"
#include "err.h"
#include "facts.h"
#include "store.h"
#include "str.h"

/* The claim of a test in bold, with what both sides have printed: "**val_loss 1.912 → 1.834: better
 * by …**".  False, and nothing written, where it is no claim. */
bool found_headline(struct str *out, const struct facts *facts, const struct decision *test);

/* The pair belongs to the test of this decision. */
bool found_is_of_test(const struct pair *pair, const struct decision *test);

/* What each verified keep measured, in order; returns how many, the caller frees. */
size_t found_steps(struct effect **out, const struct record *record);

/* The test of the newest verified keep; NULL: there is none. */
const struct decision *found_last_step(const struct record *record);

/* The newest verified keep by the test that decided, which says that it did. */
void found_write_unconfirmed(struct str *out, const struct facts *facts);

/* All verified keeps as a table. */
void found_write_steps(struct str *out, const struct record *record);

/* The newest confirmation of the verified incumbent `best`, or, where nothing is verified (0), of
 * whatever was asked for; NULL: none.  *n: how many there are of the same experiment. */
const struct decision *found_confirmation(const struct record *record, int64_t best, size_t *n);

/* It, what the tests had promised, and the test split: the only place that may see that. */
int found_write_confirmation(struct str *out, const struct facts *facts,
                             const struct decision *confirmed, size_t n, struct store *store,
                             struct err *err);

#endif
