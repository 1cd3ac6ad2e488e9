/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measured.h - the noise audit of a study as its record and the files of its runs tell it.
 *
 * record_audit() knows the losses; here the rest is added: the validation set's share, from the
 * per-sequence losses that a trainer may leave in val_losses.f32, the speed of the runs, and
 * whether a repeated run left the same files too.
 */
#ifndef HARNESS_MEASURED_H
#define HARNESS_MEASURED_H

#include "audit.h"
#include "needs.h"
#include "place.h"

struct measured {
    struct audit audit;
    struct judge judge;    /* the first test that a candidate will undergo */
    const char *rate_unit; /* "tokens/s" or "steps/s"; NULL: the trainer tells neither */
    size_t files, same;    /* that both runs on the first seed left; of these, equal bit by bit */
    char *neighbour;       /* its change of the baseline ("lr 0.001 -> 0.0016"); NULL: none */
};

/* True where no run of the audit is missing.  *decision: what would be decided on the baseline. */
bool measured_is_complete(struct needs *decision, const struct record *record);

/* Usage error where the study's rule makes no test.  The caller clears. */
int measured_read(struct measured *out, const struct record *record, struct store *store,
                  const struct place *place, struct err *err);
void measured_clear(struct measured *measured);

#endif
