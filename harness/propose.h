/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * propose.h - the next experiment: the baseline first, then the guesses of the study file, then
 * what the user has enqueued, then what the strategy, or the outside program that it asks,
 * proposes.
 *
 * Proposal k knows the decisions up to k - lookahead and the configs of all experiments before it,
 * so that the same study gives the same proposals however its runs happen to end.  Where the
 * look-ahead is wide (study_passes_baseline()), the first ones know no result at all and start from
 * the baseline's config; if it fails they are withdrawn.
 */
#ifndef HARNESS_PROPOSE_H
#define HARNESS_PROPOSE_H

#include "err.h"
#include "record.h"
#include "record_past.h"
#include "store.h"

/*
 * Fills *out (id, purpose, config, unit, sha, against; the caller frees with experiment_clear())
 * and *enqueued with the row that it came from (0: none).  0; 1 when the strategy has nothing left;
 * PROPOSE_REFUSED when the enqueued config is no use (err says why; *out is empty); PROPOSE_ASK
 * when the study's outside program is to be asked first (proposer.h; *out is empty).  The memory
 * is kept from one proposal of a record to the next.
 */
enum { PROPOSE_REFUSED = 2, PROPOSE_ASK = 3 };
int propose_next(struct experiment *out, int64_t *enqueued, const struct record *record,
                 struct past_memory *memory, struct store *store, struct err *err);

/* The experiment that a side of a hypothesis becomes; as propose_next(), and never fails. */
void propose_side(struct experiment *out, const struct record *record, const struct value *config);

/* What the strategy proposes, or the recorded answer of an outside program, with what `record`
 * holds; the user's queue left aside: for a replay. */
int propose_repeat(struct experiment *out, const struct record *record, struct past_memory *memory,
                   struct err *err);
void experiment_clear(struct experiment *experiment);

/* What the strategy does from the next proposal on and why, where that has just changed; else NULL.
 * The caller frees. */
char *propose_turn(const struct record *record);

/* The incumbent that experiment `id` starts from: after the decisions it may know.  0: none. */
int64_t propose_against(const struct record *record, int64_t id);

#endif
