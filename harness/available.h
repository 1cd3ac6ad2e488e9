/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * available.h - how much memory there is to be had now.
 */
#ifndef HARNESS_AVAILABLE_H
#define HARNESS_AVAILABLE_H

/*
 * Bytes that could be had without swapping: the machine's MemAvailable, or the least that the
 * control groups above us leave below their limits (what is only cached counts as free).  *whole is
 * the memory that there is in all, by the same measure.  NAN where it cannot be told.
 */
double memory_available(double *whole);

/*
 * The same of the control groups alone, versions 1 and 2; INFINITY where they set no limit.
 *   membership  a file as /proc/self/cgroup
 *   root        where the groups' folders are, as /sys/fs/cgroup
 */
double memory_available_in_groups(double *whole, const char *membership, const char *root);

#endif
