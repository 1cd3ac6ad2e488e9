/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * classify.h - what became of a run: from how its process ended and from what it printed.
 *
 * The first of these that holds is the class:
 *   1. it was ended, or could not begin: timeout, oom, output_flood, spawn, interrupted;
 *   2. nonfinite: the last value of the metric is not finite, or a record says "nonfinite"
 *      (whatever the exit status: trainers that notice it tend to leave with an error);
 *   3. signal or exit: the trainer itself failed;
 *   4. protocol: the effective config is not the one asked for, or the metric was never printed
 *      (or the trainer has removed the file that holds what it printed);
 *   5. stopped, where it was ended early on purpose; its stream is cut where that was decided, so
 *      that 2 and 4 look at what was printed up to there, and 3 does not arise;
 *   6. ok.
 */
#ifndef HARNESS_CLASSIFY_H
#define HARNESS_CLASSIFY_H

#include "executor.h"
#include "record.h"
#include "stream.h"
#include "study.h"

/* Fills class, value, exit_code, signal, steps, usage numbers and detail of a run (the detail that
 * it had is freed; the new one is the run's, NULL where there is nothing to say).  config is
 * [study->space.n]. */
void run_classify(struct run *run, const struct outcome_facts *facts, const struct stream *stream,
                  const struct study *study, const struct value *config);

#endif
