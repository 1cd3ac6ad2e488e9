/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repair.h - mending what doctor finds, only ever on request.  To add one: a function and a row.
 *
 * Everything that is put away goes into run_dir/trash; nothing is deleted, and no ref that holds a
 * commit of somebody else is moved.
 */
#ifndef HARNESS_REPAIR_H
#define HARNESS_REPAIR_H

#include "place.h"

/* The names of all repairs, "git, locks, …", for the help. */
void repair_list(struct str *out);

/* Does the repairs that `names` lists ("git,locks"), in the order of the table, and says what was
 * done, a line each on standard output.  A usage error where one is not known, a locked error while
 * a run goes on. */
int repair_run(const char *names, const struct place *place, struct err *err);

#endif
