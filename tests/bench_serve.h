/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_serve.h - problems for searchers that are other programs: questions on standard input,
 * answers on standard output, a line each.
 *
 *     space                          the parameters, then a line "end":
 *                                        number NAME DISTRIBUTION MIN MAX Q START
 *                                        choice NAME START
 *                                        values NAME VALUE…        (of the choice)
 *                                        when NAME PARENT VALUE…   (of the parameter before)
 *     run SEED NAME=VALUE…           the loss of one run above the least, in units, or "failed"
 *     truth NAME=VALUE…              the true one
 *
 * An inactive parameter is left out.  What cannot be read is answered by "error: …".
 */
#ifndef TESTS_BENCH_SERVE_H
#define TESTS_BENCH_SERVE_H

#include "bench_problem.h"

/* Until standard input ends. `study_seed` is the noise's. */
void bench_serve(const struct bench_instance *instance, const struct bench_noise *noise,
                 uint64_t study_seed);

#endif
