/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_cost.h - what one proposal costs after many experiments.
 */
#ifndef TESTS_BENCH_COST_H
#define TESTS_BENCH_COST_H

#include <stddef.h>

/* Prints a line for each strategy and 6, 10 and 60 parameters: name, parameters, milliseconds of
 * processor time for a proposal, the median of a few. */
void bench_cost(size_t experiments);

#endif
