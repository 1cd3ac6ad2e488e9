/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * breaker.h - a night in which everything fails is not spent on failing.
 *
 * After `breaker` decisions in a row that are `failed` the study pauses: it says why, with the end
 * of the last run's log, and the session ends with "environment, try again after mending" (exit 3).
 * The same command goes on, with the count begun anew; that it paused, and after which decision, is
 * in the record.  It changes no decision: only when sessions end depends on it.
 */
#ifndef HARNESS_BREAKER_H
#define HARNESS_BREAKER_H

#include <stdbool.h>

#include "place.h"
#include "record.h"
#include "store.h"

/* How many of the newest decisions, counted back to decision `after` (exclusive), are failed in a
 * row.  An experiment whose run was stopped early on purpose is a revert, and ends the row. */
int breaker_count(const struct record *record, int64_t after);

/* 1: the study pauses here, and that is recorded; 0: it goes on; -1: the record cannot be read or
 * written. */
int breaker_look(const struct record *record, struct store *store, struct err *err);

/* Is this where it paused, with nothing decided since?  An unreadable record is none. */
bool breaker_has_paused(const struct record *record, struct store *store);

/* Says why to the person: what failed last, with the last lines of its log. */
void breaker_tell(const struct record *record, const struct place *place);

/* "the last 10 experiments have failed (breaker: 10), the newest, experiment 23: failed on …", with
 * nothing that a trainer has printed. */
void breaker_describe(struct str *out, const struct record *record);

#endif
