/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * baseline.h - the first experiment: runs on a few seeds, and with them the noise audit.
 *
 * Without an audit the baseline runs on BASELINE_SEEDS seeds, to show its noise.  With it, on
 * AUDIT_SEEDS; once more on the first, which must give the same bits; and a neighbour of it
 * (audit_neighbour.h) runs on the same seeds.  All runs belong to the baseline; their variants say
 * which is which.
 */
#ifndef HARNESS_BASELINE_H
#define HARNESS_BASELINE_H

#include "needs.h"

enum { BASELINE_SEEDS = 3, AUDIT_SEEDS = 6 };

/* What the baseline needs next; `audit`: as study.audit says, or as the user asked. */
void baseline_next(struct needs *out, const struct record *record, bool audit);

/* The neighbour's config [space->n]; false where the space has no number to move. */
bool baseline_neighbour(struct value *out, const struct record *record);

/* The config [space->n] that a run is given: its experiment's, or the neighbour's.  The caller
 * frees. */
struct value *run_config(const struct record *record, const struct run *run);

#endif
