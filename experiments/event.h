/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.h - the log: an append-only list of everything that was ever written into the record.
 *
 * Each change of a table is told by an event in the same transaction; event_kind.c lists of what
 * rows and in what words.  Whoever changes a table by hand leaves the log behind, and `doctor`
 * finds it.  Remarks for people (kinds that event_kind.c does not know) stand between.
 *
 * Two chains run through the list.  What a study is (begun, decided, closed) is in its own chain
 * and has a `number`: it is the same, hash by hash, however often its nights were interrupted.
 * Everything else (sessions, runs and their repetitions, times of arrival) is of the night:
 *
 *     study:  hash = SHA-256("<study>\n<number>\n<experiment>\n<kind>\n<row>\n<text>\n")
 *     night:  hash = SHA-256("<study> <night>\n<seq>\n<experiment>\n<kind>\n<row>\n<text>\n")
 *
 * where <study> and <night> are the hashes of the newest events before it in either chain, in
 * hexadecimal ("" before the first), and <experiment> is 0 where it is about none.  The time of an
 * event is in no hash.
 */
#ifndef EXPERIMENTS_EVENT_H
#define EXPERIMENTS_EVENT_H

#include "store.h"

struct event {
    int64_t seq;        /* from 1, without a gap */
    int64_t number;     /* place in the study's own chain, from 1; 0: of the night */
    int64_t experiment; /* 0: about none */
    int64_t row;        /* of the table that its kind is about; 0: of none */
    int64_t time;       /* Unix seconds, for display */
    char *kind, *text;
    char hash[SHA256_TEXT];
};

/* Tells what row `row` of the kind's table says now.  In the transaction that changed it. */
int event_tell(struct store *store, const char *kind, int64_t row, struct err *err);

/* What is to be told of a row now, and of what experiment (0: of none); *out NULL where there is
 * nothing to tell.  The caller frees. */
struct event_kind;
int event_words(char **out, int64_t *experiment, struct store *store, const struct event_kind *kind,
                int64_t row, struct err *err);

/* Tells of all rows there are, for a record whose log begins anew (migrate.c). */
int event_tell_all(struct store *store, struct err *err);

/* Hands each event to see() in order, until that returns other than 0; the event is borrowed. */
typedef int event_seer(void *context, const struct event *event, struct err *err);
int event_each(struct store *store, event_seer *see, void *context, struct err *err);

/* The hash that this event must have behind those two. */
void event_hash(char out[SHA256_TEXT], const struct event *event, const char *study,
                const char *night);

#endif
