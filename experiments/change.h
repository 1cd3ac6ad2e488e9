/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * change.h - what one experiment changes of another, in words: parameters and a patch.
 */
#ifndef EXPERIMENTS_CHANGE_H
#define EXPERIMENTS_CHANGE_H

#include "record.h"

/* "lr 0.0006 -> 0.0008", "patch 1a2b3c4d5e, lr …", "no change".  The caller frees. */
char *change_describe(const struct record *record, int64_t from, int64_t to);

#endif
