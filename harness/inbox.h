/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inbox.h - what commands leave for the one writer while a run goes on: files in
 * runs/<name>/inbox/, taken up one by one and then removed.
 */
#ifndef HARNESS_INBOX_H
#define HARNESS_INBOX_H

#include "place.h"

/* A message is one JSON object: {"enqueue": {"lr": "3e-4"}} or {"note": "…", "experiment": 4}. */
int inbox_leave(const struct place *place, const char *json, struct err *err);

/* Takes up all messages, oldest first; one that makes no sense is put aside with an event.  Returns
 * how many were taken, -1 on error. */
int inbox_take(const struct place *place, struct store *store, struct record *record,
               struct err *err);

/* Does what one message says, in the store and in the record. */
int inbox_apply(const char *json, struct store *store, struct record *record, struct err *err);

/* Leaves the message where a run holds the study, else applies it at once.  *left says which. */
int inbox_deliver(const struct place *place, const char *json, bool *left, struct err *err);

#endif
