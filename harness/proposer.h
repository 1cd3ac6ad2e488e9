/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proposer.h - the outside program of the strategy exec: asked for one proposal at a time.
 *
 * It is a process of its own for every proposal, supervised as a trainer is (shim.h): no shell, its
 * own session, its whole tree killed at the time limit or when we die, output capped.  It works in
 * runs/<name>/agent, fresh every time; standard input is what told.h writes, standard output the
 * answer.  The loop never waits for it: it is started, polled, and its answer is in the record
 * before anybody uses it.
 */
#ifndef HARNESS_PROPOSER_H
#define HARNESS_PROPOSER_H

#include "executor.h"
#include "session.h"

struct proposer {
    bool busy;
    int64_t experiment; /* that it was asked for */
    struct ticket ticket;
    struct job job;
    char *dir;
};

/* The program that the study's strategy asks; *out NULL where it asks none.  A usage error where it
 * cannot be found.  The caller frees. */
int proposer_find_program(char **out, const struct study *study, const char *study_dir,
                          struct err *err);

/* Asks for experiment `id`, the next one of the record. */
int proposer_start(struct proposer *proposer, const struct session *session, int64_t id,
                   struct err *err);

/*
 * 1: it has ended, and its answer, taken or refused, is in store and record; 0: it still runs, or
 * nobody was asked.  `lost`: it was ended by us, so whatever it said is no answer and not recorded.
 */
int proposer_poll(struct proposer *proposer, struct session *session, bool lost, struct err *err);

/* Ends it at once; poll tells when.  Does nothing where nobody was asked. */
int proposer_stop(struct proposer *proposer, struct err *err);

/* After an error: ends it and waits for that, ten seconds at most; records nothing. */
void proposer_abandon(struct proposer *proposer);

#endif
