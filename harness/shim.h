/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shim.h - the small process between harness and trainer: a program of its own (shim/main.c) that
 * `nightshift` carries inside and starts as `nightshift _shim DIR`.
 *
 * It owns one run's process tree.  It starts the trainer that DIR/job.json names, keeps what the
 * trainer prints, ends it in time, and is the last of the tree to go: when it exits, nothing that
 * the trainer ever started is left (it is the subreaper of them all), what was printed is on disk,
 * and outcome.json says how it went.  When the harness dies, the run dies at once.  When the shim
 * itself is killed, its trainer dies with it, and the executor's clear() ends who still holds the
 * lock; only a daemon that has closed every descriptor it inherited could escape then.
 *
 * TERM asks it to end the run; so does USR1, with which a queue warns of the end of its time: the
 * trainer gets TERM too, and warning_s of its job instead of grace_s to leave its state.
 *
 * It is entered with: 0 and 1 /dev/null; SHIM_CONTROL, a socket whose other end the harness holds
 * (its closing ends the run); SHIM_LOCK, the locked RUN_ALIVE, which every descendant inherits;
 * the environment of the trainer as its own.
 */
#ifndef HARNESS_SHIM_H
#define HARNESS_SHIM_H

enum { SHIM_CONTROL = 3, SHIM_LOCK = 4 };

#define SHIM_WORD "_shim" /* argv[1] of a process that is to call shim_main(argv[2]) */

/* Returns the exit status: 0 when outcome.json was written.  Else the reason was sent through
 * SHIM_CONTROL, one line. */
int shim_main(const char *dir);

#endif
