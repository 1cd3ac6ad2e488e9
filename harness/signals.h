/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signals - what asks us to end, as bytes that can be waited for like any other input.
 *
 * A signal goes to any thread that does not block it, and libraries have threads of their own
 * before main() begins (OpenBLAS, one for each core).  Blocking signals here for a signalfd would
 * leave those threads to die of them, and us with them.  A handler may run in whichever thread.
 */
#ifndef HARNESS_SIGNALS_H
#define HARNESS_SIGNALS_H

#include "err.h"

/*
 * From now on each of `numbers` (ended by 0) is caught, also where it was ignored: a shell starts
 * its background jobs with INT ignored.  Returns a descriptor for signals_next() and poll(), or
 * -1.  Only one may be open at a time.
 */
int signals_open(const int *numbers, struct err *err);

/* The oldest signal that was not taken yet; 0: none. */
int signals_next(int fd);

/* Those that were caught end the process again. */
void signals_close(int fd);

#endif
