/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * filesystem.h - where a database may lie.  SQLite's write-ahead log needs shared memory and locks
 * that all its users see, which file systems that are reached through a network do not give
 * (sqlite.org/wal.html).
 */
#ifndef BASE_FILESYSTEM_H
#define BASE_FILESYSTEM_H

#include <stdbool.h>

#include "err.h"

struct filesystem {
    long type; /* statfs(2) f_type */
    const char *name;
    bool refused; /* else it is only warned of: it may lie on this machine */
};

/* The row of a type that is not to be trusted; NULL: any other. */
const struct filesystem *filesystem_find(long type);

/* An environment error where `dir` lies on a file system that is refused, a warning where it lies
 * on one that cannot be told. */
int filesystem_check(const char *dir, struct err *err);

#endif
