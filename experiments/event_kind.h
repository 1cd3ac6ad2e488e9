/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_kind.h - which rows of which tables the log tells of, and in what words.
 *
 * The words are made by SQL from the row itself, so what is told is what was written; two functions
 * of ours help (store_function.c): exact(x) is any value without loss, a double by its bits, and
 * sha256(text).  Left out are times of display and what other columns say already.  To add a kind:
 * a row in event_kind.c, and event_tell() where the table is written.
 */
#ifndef EXPERIMENTS_EVENT_KIND_H
#define EXPERIMENTS_EVENT_KIND_H

#include <stdbool.h>

struct event_kind {
    const char *name;
    bool study;       /* of the study's own chain (event.h) */
    bool once;        /* a row is told of once; else again whenever it changes */
    const char *text; /* SQL: of row ? the experiment it is about (or NULL), and the words */
    const char *rows; /* SQL: the rows that must have been told of, in order */
};

extern const struct event_kind event_kinds[];               /* ends with name NULL */
const struct event_kind *event_kind_find(const char *name); /* NULL: a remark */

#endif
