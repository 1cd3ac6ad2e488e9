/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_audit.h - what doctor asks of the database itself.  Each writes the first thing that is
 * wrong, one line, and nothing where all holds; -1 where it could not look.
 */
#ifndef EXPERIMENTS_STORE_AUDIT_H
#define EXPERIMENTS_STORE_AUDIT_H

#include <stdbool.h>

#include "store.h"

/* Does the log's last word on every row (event.h) say what the row says, is no row untold, and none
 * told of that is not there? */
int store_audit_log(struct store *store, struct str *found, struct err *err);

/* Is each REAL beside bits what the bits say (or NULL for what REAL cannot hold)? */
int store_audit_bits(struct store *store, struct str *found, struct err *err);

/* Are the numbers of decisions not 1, 2, 3, …? */
bool store_has_gap(struct store *store);

#endif
