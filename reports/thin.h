/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * thin.h - which experiments a chart or a table shows where there are more than a page can hold.
 *
 * Never left out: baselines, what was verified, what the search went on from last.  Of the other
 * places a half goes to moves of the head, newest first, a half of the rest to the best means, and
 * the remainder is spread evenly over all of them, so that the picture keeps its shape.
 */
#ifndef REPORTS_THIN_H
#define REPORTS_THIN_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"
#include "str.h"

enum { THIN_TABLE = 500 }; /* experiments in a table */

struct thin {
    bool *shown; /* [all] by experiment - 1 */
    size_t n, all;
};

/* At most `most` of them, but for those that are never left out. */
void thin_choose(struct thin *out, const struct record *record, size_t most);
void thin_clear(struct thin *thin);

/* True for all where `thin` is NULL. */
bool thin_shows(const struct thin *thin, size_t index);

/* "1000 of 10000 experiments are shown: …"; nothing where all are. */
void thin_write(struct str *out, const struct thin *thin);

#endif
