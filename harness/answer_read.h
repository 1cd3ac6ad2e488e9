/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answer_read.h - what an outside program answered, read and checked: a pure function of the record
 * and the answer, so that a replay takes and refuses what the study took and refused.
 *
 *     {"params": {"lr": 3e-4, "layers": 4}, "patch": "--- a/…", "message": "a smaller step"}
 *
 * Parameters that are not named keep the values of the head.  docs/agents.md is the protocol.
 */
#ifndef HARNESS_ANSWER_READ_H
#define HARNESS_ANSWER_READ_H

#include <jansson.h>

#include "err.h"
#include "record.h"

enum { ANSWER_MAX = 1 << 20 }; /* bytes of an answer */

/* Parses a whole answer: one JSON object with known keys of the right types.  Anything else is a
 * usage error.  The caller decrefs. */
int answer_parse(json_t **out, const char *text, size_t len, struct err *err);

/*
 * The config [space->n] that the answer means for the next experiment of `record`, which would
 * start from `against`: inside the space, allowed by the constraints and never tried with this
 * source, the commit that its patch became ("": it has none).  A usage error says why it is
 * refused.
 */
int answer_apply(struct value *config, const json_t *answer, const char *source,
                 const struct record *record, int64_t against, struct err *err);

/* The same from a recorded answer that was taken. */
int answer_apply_recorded(struct value *config, const struct answer *recorded,
                          const struct record *record, int64_t against, struct err *err);

/* The commit that the patch of a recorded answer becomes on top of `base`. */
struct ledger;
int answer_patch(char out[41], const char *text, struct ledger *source, const char *base,
                 const struct study *study, struct err *err);

#endif
