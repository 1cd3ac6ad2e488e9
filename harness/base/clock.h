/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h - three clocks, each for one purpose.  No decision ever depends on any of them.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

double clock_s(void);      /* monotonic seconds: durations */
double clock_boot_s(void); /* seconds that count a suspended machine too: time limits */

#define CLOCK_TEXT 32
void clock_text(char out[CLOCK_TEXT], time_t when); /* "2026-11-21T10:15:30Z": display only */

/* Seconds as people say them: "42 s", "3 min 05 s", "2 h 07 min"; "-" for NAN. */
void duration_text(char out[CLOCK_TEXT], double seconds);

#endif
