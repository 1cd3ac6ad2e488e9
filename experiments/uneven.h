/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uneven.h - attempts that ended well and were set aside, since the machine was not itself.
 *
 * Only in studies with `budget: time`.  Such an attempt has the class interrupted, so that it is no
 * result anywhere and is run again, and a detail that begins with UNEVEN.
 */
#ifndef EXPERIMENTS_UNEVEN_H
#define EXPERIMENTS_UNEVEN_H

#include "record.h"

#define UNEVEN "uneven speed: "

bool run_is_uneven(const struct run *run);

/* Those of a study; of one config, seed and variant where `like` is not NULL. */
size_t uneven_count(const struct record *record, const struct run *like);

#endif
