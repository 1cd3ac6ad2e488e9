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

/* The row of a type that is not to be trusted; NULL: any other.  `kind` is the kernel's name of the
 * mount: FUSE is the way to both, and "fuse.sshfs" says where it leads; "" where it is not known.
 */
const struct filesystem *filesystem_find(long type, const char *kind);

/* What a folder lies on: 0, or -1 with errno. */
typedef int filesystem_look(long *type, char kind[64], const char *dir);
filesystem_look filesystem_look_here; /* as the kernel says: statfs(2), /proc/self/mountinfo */

/* An environment error where `dir`, or the nearest folder above it that exists, lies on a file
 * system that is refused. */
int filesystem_refuse(const char *dir, struct err *err);
int filesystem_refuse_by(filesystem_look *look, const char *dir, struct err *err);

/* The same, and a warning where it lies on one that cannot be told. */
int filesystem_check(const char *dir, struct err *err);

#endif
