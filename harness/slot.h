/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slot.h - one run at a time on some cores: recorded, started, ended, recorded.
 *
 * The intent is in the store before the process exists, and what came out is in the store before
 * anyone acts on it.
 */
#ifndef HARNESS_SLOT_H
#define HARNESS_SLOT_H

#include <stdbool.h>

#include "early_watch.h"
#include "executor.h"
#include "needs.h"
#include "place.h"
#include "record.h"
#include "stages.h"
#include "store.h"

struct slot {
    bool busy;
    int cpus[64]; /* [n_cpus] the cores of this slot */
    size_t n_cpus;

    size_t run; /* index into record->runs, while busy */
    struct ticket ticket;
    struct stages stages; /* while busy */
    char *dir;
    struct value *config; /* [space->n] */
    double since;         /* clock_s() of the start */
    struct early_watch watch;
};

struct runner { /* what every slot needs */
    const struct place *place;
    struct store *store;
    struct record *record;
    const struct site *site;
    const char *program; /* argv[0] of every run, absolute */
    int64_t session;
    size_t first_run;         /* index of the first run of this session */
    struct checkout checkout; /* where the trainer's source is built; source NULL: it is not */
    const char *evaluator;    /* NULL: runs judge themselves */
};

/* Records and starts a run on a free slot. */
int slot_start(struct slot *slot, struct runner *runner, const struct wanted *wanted,
               struct err *err);

/* Takes over run `index` of the record, which an earlier session has ordered (site_holds()). */
int slot_adopt(struct slot *slot, struct runner *runner, size_t index, struct err *err);

/* 1: the run has ended and is recorded, the slot is free; 0: still running.  `lost`: it was ended
 * by us, so whatever it left is no result. */
int slot_poll(struct slot *slot, struct runner *runner, bool lost, struct err *err);

int slot_stop(struct slot *slot, const struct runner *runner, bool now, struct err *err);

/* After an error: ends the run and waits for that, ten seconds at most; records nothing, so that it
 * is repeated next time.  The slot is free. */
void slot_abandon(struct slot *slot, const struct runner *runner);

/* Shares out the cores that we may use; with more slots than cores they are not pinned. */
void slots_share_cores(struct slot *slots, size_t n);

#endif
