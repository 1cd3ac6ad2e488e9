/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_change.h - has somebody written to a record since the last look?  One read of a page, by a
 * read-only connection of its own that holds no lock in between: for those who watch.
 */
#ifndef EXPERIMENTS_STORE_CHANGE_H
#define EXPERIMENTS_STORE_CHANGE_H

#include <stdbool.h>

#include "err.h"

struct store_change;

int store_change_open(struct store_change **out, const char *path, struct err *err);
void store_change_close(struct store_change *change); /* NULL is fine */

/* True where it was written to since it was opened or true was told last; also where that cannot be
 * told, so that the caller reads it and finds out. */
bool store_change_seen(struct store_change *change);

#endif
