/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd.h - the processes that work below a folder, by /proc: harness, shims, trainers and all that
 * those have left behind.
 */
#ifndef TORTURE_CROWD_H
#define TORTURE_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum member_role { ROLE_SHIM, ROLE_TRAINER };

struct member {
    pid_t pid;
    enum member_role role;
    unsigned long long born; /* its start in clock ticks: tells a reused pid apart */
};

struct crowd {
    struct member *members;
    size_t n;
};

/* All processes whose working directory lies below dir/runs, zombies apart.  crowd_clear() frees.
 */
void crowd_find(struct crowd *out, const char *dir);
void crowd_clear(struct crowd *crowd);

/* One of that role, NULL where there is none; `which` picks among several.  Borrowed. */
const struct member *crowd_pick(const struct crowd *crowd, enum member_role role, size_t which);

/* How many of them still live, zombies apart. */
size_t crowd_alive(const struct crowd *crowd);

#endif
