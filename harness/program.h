/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * program.h - starting a program that is no run of a trainer: gnuplot, the user's `notify`.
 */
#ifndef HARNESS_PROGRAM_H
#define HARNESS_PROGRAM_H

#include <sys/types.h>

/* For program_start(): what stands in a descriptor's place. */
#define PROGRAM_NOTHING (-1) /* /dev/null */

/*
 * Starts argv[0], looked for in PATH, as a program is started at login: signals as they are by
 * default, a process group of its own, and of our descriptors the three that are given.  0, or an
 * error number: ENOENT where there is no such program.
 */
int program_start(pid_t *out, char *const argv[], char *const env[], int input, int output,
                  int errors);

#endif
