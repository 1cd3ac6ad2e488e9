/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory.h - how much memory a run may have: the machine's, or what it is held to.
 */
#ifndef TRAINER_MEMORY_H
#define TRAINER_MEMORY_H

#include <stddef.h>

/* How much, and who says so ("the machine has", "its control group allows", …). */
struct memory {
    double bytes;
    const char *source;
};

/*
 * For a run of that many threads: the least of physical memory, the limits of the control groups
 * that this process is in, and what its limit of address space leaves.  What others use at the
 * moment does not enter: the same run is refused or not, whatever runs beside it.
 */
struct memory memory_there(size_t threads);

/*
 * The smallest memory limit [bytes] of a process's control groups, version 1 or 2; INFINITY where
 * there is none.
 *   membership  a file as /proc/self/cgroup
 *   root        where the groups' folders are, as /sys/fs/cgroup
 */
double memory_cgroup_limit(const char *membership, const char *root);

#endif
