/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * start.h - what a program of ours does before anything else.
 */
#ifndef HARNESS_START_H
#define HARNESS_START_H

#include <stdbool.h>

/* Standard descriptors that are open, the user's characters, files that are ours alone, and a full
 * file that is an error of the write.  False where not even /dev/null can be opened. */
bool start_well(void);

#endif
