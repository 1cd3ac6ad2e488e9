/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confine.h - a process that may write to some folders only, and so do all that it starts.
 *
 * By Landlock, where the kernel has it (Linux 5.13 and later, landlock(7)): no privileges are
 * needed, and nothing can be given back.  Reading is not restricted.  It cannot look into other
 * processes, nor (Linux 6.12 and later) send them signals.
 */
#ifndef HARNESS_CONFINE_H
#define HARNESS_CONFINE_H

#include <stdbool.h>

/* Can this kernel do it? */
bool confine_possible(void);

/* Confines the calling process to `folders`, NULL-terminated, and /dev; one that does not exist is
 * left out.  It needs PR_SET_NO_NEW_PRIVS.  False with errno set where it fails; true, and nothing
 * done, where the kernel cannot. */
bool confine_writes(const char *const *folders);

#endif
