/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pace.h - was this run as fast as its like?
 *
 * Where the clock ends a run, a machine that did something else meanwhile has moved its result.
 * The usual speed is the median of runs of equal work, its spread 1.4826 times their median
 * absolute deviation, which is the SD of normal deviates and which a few odd runs do not move.
 */
#ifndef SEARCH_PACE_H
#define SEARCH_PACE_H

#include <stdbool.h>
#include <stddef.h>

struct pace {
    size_t n;      /* runs behind it */
    double median; /* [steps or tokens a second]; NAN: none */
    double sd; /* robust; at least PACE_FLOOR of the median, since clocks and schedulers jitter */
};

enum { PACE_LEAST = 5 }; /* fewer runs say nothing about their spread */
#define PACE_LIMIT 3.0   /* robust SDs */
#define PACE_FLOOR 0.01

/* Of rate[n]; not finite or not positive: left out.  Sorts rate. */
void pace_measure(struct pace *out, double *rate, size_t n);

/* True where the rate is further than PACE_LIMIT SDs from the usual one, either way; false where
 * that is known from fewer than PACE_LEAST runs, or the rate is not known. */
bool pace_is_odd(const struct pace *usual, double rate);

#endif
