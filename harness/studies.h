/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * studies.h - many studies, opened for reading: those that a command line names, or all below the
 * current folder.
 */
#ifndef HARNESS_STUDIES_H
#define HARNESS_STUDIES_H

#include "view.h"

struct studies {
    struct view *views; /* [n], by name, then by run directory */
    size_t n;
};

/* `arguments`: [STUDY…]; `dir`: --dir, for one study at most, or NULL; `parts`: of each record
 * (store_load_parts()).  A study that is named twice
 * is opened once.  Usage error where there is none; what is found and has not been run yet, or
 * cannot be read, is an error too: a list with a gap is no list.  On error *out is closed. */
int studies_open(struct studies *out, const struct arguments *arguments, const char *dir,
                 unsigned parts, struct err *err);
void studies_close(struct studies *studies);

#endif
