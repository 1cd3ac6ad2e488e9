/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doctor_part.h - the checks, by group: doctor_log.c, doctor_record.c, doctor_replay.c,
 * doctor_git.c, doctor_files.c, doctor_report.c.
 *
 * A check writes what is wrong into the finding, the first thing that it finds; nothing written: it
 * holds.  What a crash leaves and `nightshift run` mends by itself, or what no one can be blamed
 * for, is a note.  -1 only where the check itself could not be made.
 */
#ifndef HARNESS_DOCTOR_PART_H
#define HARNESS_DOCTOR_PART_H

#include "doctor.h"
#include "ledger.h"
#include "record.h"
#include "store.h"
#include "str.h"

struct patient { /* what the checks look at */
    const struct place *place;
    struct store *store;
    const struct record *record; /* empty where it could not be loaded */
    const char *unreadable;      /* why not; NULL: it was loaded */
    struct ledger *ledger;       /* NULL: there is no repository */
    const char *no_ledger;       /* why it could not be opened; NULL: it was, or there is none */
    bool old_rules;              /* decided by rules that are not made any more (migrate.c) */
    bool running;                /* a run goes on: what it has begun need not be finished */
    bool deep;
};

struct finding {
    struct str violated, note;
};

typedef int check_function(struct finding *out, const struct patient *patient, struct err *err);

/* What a look has returned, with its error: that something contradicts itself is a finding (0);
 * what could not be looked at is none (-1). */
int doctor_take(struct finding *out, int rc, const struct err *err);

/* The pages of the database and the rows in them. */
check_function check_pages, check_order, check_twice, check_values, check_hashes;
/* The log, and the log against the tables. */
check_function check_log, check_fold, check_clock;
/* Strategy, referee and commits, asked again. */
check_function check_replay;
/* Git against the record. */
check_function check_refs, check_commits, check_reach, check_objects;
/* Files and processes. */
check_function check_files, check_open, check_inputs, check_modes;
/* The report. */
check_function check_report;

#endif
