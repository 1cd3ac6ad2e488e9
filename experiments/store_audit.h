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

/* Has a run ended since one was last repeated (replay.h)? */
bool store_has_new_runs(struct store *store);

/* Runs that were repeated by themselves, and those of them that came out otherwise; *last: what the
 * log says of the last such one, NULL where there is none.  The caller frees. */
int store_count_replays(struct store *store, int64_t *n, int64_t *alarms, char **last,
                        struct err *err);

/* What the machine used while the study's sessions ran, as far as it was measured [J]; NAN: not at
 * all.  `sessions` have measured something, for `seconds` in all. */
struct store_energy {
    int64_t sessions;
    double package_j, gpu_j, seconds;
};
int store_sum_energy(struct store *store, struct store_energy *out, struct err *err);

/* Are the numbers of decisions not 1, 2, 3, …? */
bool store_has_gap(struct store *store);

#endif
