/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup.h - a control group for one run, where the system lets us make one.
 *
 * Version 2 can end a whole tree at one stroke; either version can hold its memory.  A group is
 * made below our own: of version 2 only where ours is not the root, which belongs to the system.
 * Without one a run is held by its shim's other means (shim.h), so nothing here is an error.
 */
#ifndef HARNESS_CGROUP_H
#define HARNESS_CGROUP_H

#include <stdbool.h>

enum { CGROUP_PATH = 600 };

struct cgroup {
    char tree[CGROUP_PATH];   /* folder of a group of version 2; "": none */
    char memory[CGROUP_PATH]; /* folder of the group that holds the memory: that one, or one of
                               * version 1; "": none */
};

/* Makes what can be made; `max_memory` bytes, 0: no limit is asked for.  Groups that a shim that
 * was killed has left empty are removed. */
void cgroup_open(struct cgroup *out, double max_memory);

bool cgroup_is_made(const struct cgroup *group);

/* The calling process, and all that it will start, belong to the group. */
bool cgroup_join(const struct cgroup *group);

void cgroup_kill(const struct cgroup *group);  /* SIGKILL to all of it, where that is possible */
void cgroup_close(const struct cgroup *group); /* nobody is in it any more */

#endif
