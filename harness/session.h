/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.h - a study opened for writing: locked, checked against its record, recovered.
 *
 * Beginning and going on are the same call.  Nothing is created before study file, trainer and
 * inputs are known to be good.
 */
#ifndef HARNESS_SESSION_H
#define HARNESS_SESSION_H

#include "executor.h"
#include "ledger.h"
#include "place.h"
#include "record.h"
#include "store.h"

struct session {
    struct place place;
    int lock;
    struct store *store;
    struct shelf *shelf;  /* where the record's larger arrays lie */
    struct record record; /* what a night goes on from (store_load_night()), kept so small */
    struct ledger *ledger;
    const struct executor *executor;
    struct site site;      /* where its runs happen */
    char *program;         /* the trainer, absolute */
    char *proposer;        /* the program that proposes, absolute; NULL: the strategy asks none */
    char *evaluator;       /* the program that judges what runs leave, absolute; NULL: none */
    struct ledger *source; /* the repository of the trainer's source; NULL: it is not built */
    char *source_root;     /* where it is built */
    int64_t id;            /* row of this start */
    bool resumed;          /* the record held something already */
    bool adopts;           /* runs of a killed session that are in a queue go on: class NONE still,
                              the loop's to take over */
};

/* `dir`: --dir or NULL; `executor`: --executor, or NULL for the study's own. */
int session_open(struct session *out, const char *study, const char *dir, const char *executor,
                 struct err *err);

/* The same for a night: what a session that was killed has left in the same queue goes on. */
int session_open_night(struct session *out, const char *study, const char *dir,
                       const char *executor, struct err *err);

/* All runs are recorded, or were ended: closes where they happened. */
int session_leave(struct session *session, struct err *err);
void session_close(struct session *session);

#endif
