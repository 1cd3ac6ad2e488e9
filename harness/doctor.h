/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doctor.h - does what is recorded hold together?  Eighteen invariants, each checked by looking at
 * record, log, git and files from outside of the loop.  To add one: a row in doctor.c and a
 * function in the doctor_<group>.c that it belongs to.
 */
#ifndef HARNESS_DOCTOR_H
#define HARNESS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "place.h"

/* Prints a line for each invariant and counts those that are violated.  Without `deep` only those
 * that take no time. */
int doctor_examine(size_t *violated, const struct place *place, bool deep, bool json,
                   struct err *err);

/* What must hold before anything is written: an integrity error that names the invariant.  The
 * store is open and `record` was loaded from it. */
int doctor_admit(struct store *store, const struct record *record, struct err *err);

#endif
