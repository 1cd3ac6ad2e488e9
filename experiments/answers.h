/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answers.h - what the record says of the outside program that proposes (strategy exec).
 *
 * All of it depends on the answers up to the experiment that is asked about, so that a replay sees
 * what the study saw then.
 */
#ifndef EXPERIMENTS_ANSWERS_H
#define EXPERIMENTS_ANSWERS_H

#include "record.h"

/* After so many refused answers in a row the program is asked no more: the study goes on with the
 * strategy's own proposals. */
enum { ANSWERS_REFUSED_MOST = 5 };

/* The answer that became experiment `id`, or will; NULL: none.  Borrowed. */
const struct answer *answers_taken(const struct record *record, int64_t id);

/* What the program said with that answer, for people; NULL: nothing.  The caller frees. */
char *answers_message(const struct record *record, int64_t id);

/* Refused answers in a row, the last of them for experiment `id` or one before it. */
size_t answers_refused_in_row(const struct record *record, int64_t id);

/* True where experiment `id` is no more the program's to propose. */
bool answers_given_up(const struct record *record, int64_t id);

struct answers_count {
    size_t taken, refused;
    const struct answer *last_refused; /* NULL: none.  Borrowed. */
    bool given_up;                     /* the program is asked no more */
};
struct answers_count answers_count(const struct record *record);

#endif
