/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task.h - one run on a node of a cluster: what the queue starts as `nightshift _task FOLDER N`.
 *
 * It reads its order (task_file.h), starts the same shim that a local run has, waits, and writes
 * the result.  USR1 means that the queue's time is nearly up: the trainer is asked to leave its
 * state.  TERM means that the queue wants the end.  Where the order is gone, the harness has given
 * the task up, and perhaps another one works in its place: it ends at once and writes nothing.
 */
#ifndef HARNESS_TASK_H
#define HARNESS_TASK_H

#define TASK_WORD "_task" /* argv[1] of a process that is to call task_main(argv[2], argv[3]) */

/* Returns the exit status: 0 when the result was written, or nobody wants it. */
int task_main(const char *folder, const char *number);

#endif
