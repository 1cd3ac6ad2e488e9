/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * origin.h - where results came from: is this the machine, and are these the libraries, on which
 * they were computed?
 */
#ifndef HARNESS_ORIGIN_H
#define HARNESS_ORIGIN_H

#include <stdbool.h>

#include "store.h"
#include "str.h"

/*
 * The facts of two environments (host_describe()) on which the bits of a computation may depend, in
 * the order in which they would be suspected: CPU, BLAS core, then libraries.  The first that
 * differs is written as "the CPU is 'A', recorded 'B'"; nothing where all agree.  An environment
 * that is NULL or does not tell a fact is not suspected of it.
 */
void origin_compare(struct str *out, const char *recorded, const char *now);

/* Is it another processor, or another core of the BLAS, whatever else differs? */
bool origin_is_of_processor(const char *recorded, const char *now);

/* The same of the newest session of the record and this machine and program. */
int origin_difference(struct str *out, struct store *store, struct err *err);

#endif
