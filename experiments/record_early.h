/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record_early.h - which runs of a record a study's `early_terminate` ends, and what that is worth.
 *
 * It may end a run of the search alone: a proposal's or a queued config's, on the selection panel,
 * planned before the experiment was decided.  The runs of baseline and audit, of the head, of
 * placebos, of verification and confirmation are always whole.
 *
 * All is a pure function of the record: a run is compared with the run, on the same seed, of the
 * experiment that its own was proposed from - the head as far as decisions had retired when it was
 * proposed, not the head of the hour - and the noise is that of the tests which the proposal may
 * know (record_known()).  So neither -j, nor the order in which runs end, nor a kill can move a
 * decision, and doctor makes each of them again from the recorded curves.
 *
 * The curve is that of the study's metric where the head's run has printed it on its way, else the
 * trainer's train_loss.
 *
 * One experiment in EARLY_SPARED, drawn from the stream "early stop" of the study's seed by its
 * number, is never ended: where the rule would have, it shows what ending it would have missed.
 */
#ifndef EXPERIMENTS_RECORD_EARLY_H
#define EXPERIMENTS_RECORD_EARLY_H

#include "early.h"
#include "record.h"

enum { EARLY_SPARED = 10 };

bool record_is_spared(const struct record *record, int64_t experiment);

/* May the rule be asked about this run at all?  (It may, of a spared one.) */
bool record_early_applies(const struct record *record, const struct run *run);

/* Asks the rule; `curves` are the run's, perhaps of its beginning alone. */
bool record_early_find(struct early_found *out, const struct record *record, const struct run *run,
                       const struct run_curves *curves);

/* A run that was ended early, as it was then: its last point.  Found once, then remembered. */
bool record_early_read(struct early_found *out, const struct record *record, const struct run *run);

/* Did a run that counts end where the rule says, by its recorded curves, and only there? */
bool record_early_agrees(const struct record *record, const struct run *run);

/* The run of an experiment on the selection panel that was ended early; NULL: none.  Borrowed. */
const struct run *record_early_run(const struct record *record, int64_t experiment);

/* One line: "behind the head at 35 % of the run: z -3.1".  The caller frees. */
char *record_early_describe(const struct early_found *found);

/* What it has saved, and what it has missed. */
struct early_account {
    int64_t runs;   /* that have ended, whole or not; failed ones too */
    int64_t ended;  /* early */
    double saved;   /* the sum of what was left of these, in whole runs */
    int64_t spared; /* experiments that the rule would have ended, had they not been spared; decided
                     * and not failed */
    int64_t missed; /* of these, kept by the search */
};
void record_early_account(struct early_account *out, const struct record *record);

/* What of the budget was saved: saved / runs, every run at its full length; NAN without runs. */
double early_share_saved(const struct early_account *account);

#endif
