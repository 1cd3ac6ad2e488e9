/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sandbox.h - a run that can write nowhere but in its own folder: by bubblewrap, `sandbox: bwrap`.
 *
 * Inside, the whole system is there to be read and its devices to be used; writable are the run's
 * folder and a /tmp of its own.  There is no network, and no process but the run's own; all of them
 * end with it.  It keeps accidents in, not enemies.
 */
#ifndef HARNESS_SANDBOX_H
#define HARNESS_SANDBOX_H

#include <stdbool.h>

#include "err.h"
#include "study.h"

/* Is what the study asks for to be had here?  Else an environment error that says what to mend.  A
 * usage error beside `source`: what is confined (confine.h) cannot make a sandbox of its own. */
int sandbox_check(const struct study *study, struct err *err);

/* Puts the sandbox in front of *argv, where the study asks for one: what it held is taken over, and
 * true comes back.  `dir` is the run's folder, `study_dir` the study's, all absolute. */
bool sandbox_wrap(char ***argv, const struct study *study, const char *dir, const char *study_dir);

#endif
