/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decision.h - the text of a decision, decisions/…/<n>.yaml of the git record.
 *
 * One `key: value` a line, the values being JSON, so it is YAML that any program reads.  It holds
 * what a rerun needs (config, seeds, steps, hashes of trainer and inputs) and what was judged
 * (values with their bits, effect, reason).  No clock, path of a machine, host or rate is in it.
 */
#ifndef HARNESS_DECISION_H
#define HARNESS_DECISION_H

#include <jansson.h>

#include "record.h"
#include "store.h"

/* True for one on what was proposed from a baseline that failed.  How far its runs came meanwhile
 * depends on the clock, so none of them is told. */
bool decision_withdraws(const struct decision *decision);

/* The caller frees *out. */
int decision_write(char **out, const struct decision *decision, const struct record *record,
                   struct store *store, struct err *err);

/* The value of a top-level key; NULL when it is absent or the text is none of ours.  The caller
 * decrefs. */
json_t *decision_value(const char *body, const char *key);

/* The metric as the commit's trailer says it: "val_loss 1.834 over 3 seeds", "val_loss none". */
void decision_metric(struct str *out, const struct decision *decision, const struct record *record);

#endif
