/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish.h - a decision becomes durable: row and intent in SQLite, then its commits in git.
 *
 * Order: the commits are planned (bytes and ids, nothing written), decision and outbox rows are
 * stored in one transaction, then objects and refs are written, then the rows are marked.  After a
 * crash publish_pending() does what is left; doing it twice changes nothing.
 *
 * The record alone is what a decision needs to last; git follows in groups that grow with the
 * study, so that a long one that decides often is not held up by git, nor fills it with small
 * files.  A slow one sees each decision in git at once.
 */
#ifndef HARNESS_PUBLISH_H
#define HARNESS_PUBLISH_H

#include <stdbool.h>

#include "ledger.h"
#include "record.h"
#include "store.h"

/* Stores a decision that is ready but for its body, with the intent of its commits, and appends
 * both to the record. */
int publish_decision(struct record *record, struct store *store, struct ledger *ledger,
                     const struct decision *decision, struct err *err);

/* Publishes what is stored but not published, together. */
int publish_pending(struct record *record, struct store *store, struct ledger *ledger,
                    struct err *err);

/* Is it time for that?  `waited_s`: since git was last brought up to the record.  Yes for a
 * verified keep; for every decision of a young study; for a sixteenth of an older one's, 128 of one
 * of thousands, and each 128th part of one of many thousands; after five seconds, so that a slow
 * study sees each at once. */
bool publish_is_due(const struct record *record, double waited_s);

/* With nothing pending: do the refs stand where the record says?  Else an integrity error, before a
 * night is spent on experiments that could not be published. */
int publish_check_refs(const struct record *record, struct ledger *ledger, struct err *err);

/* The newest commit that was planned for the -log ref or the other, "" before the first.
 * Borrowed. */
const char *publish_last_commit(const struct record *record, bool log);

/* Plans the commit of an outbox row again from the record (for repair and for doctor). */
int publish_plan(struct plan *out, const struct record *record, struct ledger *ledger,
                 const struct outbox *outbox, struct err *err);

#endif
