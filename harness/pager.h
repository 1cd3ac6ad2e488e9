/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pager.h - long output through a pager, as git does it: $NIGHTSHIFT_PAGER, else $PAGER, else less,
 * where standard output is a terminal.  Words of it are parted by blanks; no shell sees them.  ""
 * or "cat": none.  less is told by LESS=FRX, where LESS is not set, to end by itself when all of it
 * fits on the screen, and to let colours through.
 *
 * A command that may be paged has the option --no-pager.
 */
#ifndef HARNESS_PAGER_H
#define HARNESS_PAGER_H

#include <stdbool.h>

#include <sys/types.h>

#define PAGER_OPTION                                                                               \
    {                                                                                              \
        "no-pager", 0, NULL, "straight to the terminal, however long it is"                        \
    }

/* From now on standard output goes to a pager; 0 where there is no use for one, or none can be
 * started.  Width and colours stay those of the terminal (view.h). */
pid_t pager_begin(void);

/* Closes standard output and waits for the person to have read; 0 does nothing. */
void pager_end(pid_t pager);

/* True where standard output is a terminal, or a pager on one. */
bool pager_shows_terminal(void);

#endif
