/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record_audit.h - what a record's runs say about the noise: the audit's losses, measured.
 */
#ifndef EXPERIMENTS_RECORD_AUDIT_H
#define EXPERIMENTS_RECORD_AUDIT_H

#include <stdbool.h>

#include "audit.h"
#include "record.h"

/*
 * Measures the baseline's runs, its neighbour's and its repetition (audit_measure()); parts that
 * were not run are NAN.  True where the audit ran something of its own, so that it is more than the
 * baseline's seeds.
 */
bool record_audit(struct audit *out, const struct record *record, const struct judge *judge);

#endif
