/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doctor.h - does what is recorded hold together?  A list of invariants, each checked by looking at
 * the record from outside the loop.  To add one: a function and a row in doctor.c.
 */
#ifndef HARNESS_DOCTOR_H
#define HARNESS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "place.h"

/* Prints a line for each check and counts those that do not hold. */
int doctor_examine(size_t *bad, const struct place *place, bool deep, bool json, struct err *err);

#endif
