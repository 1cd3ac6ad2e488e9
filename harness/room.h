/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room.h - is there disk and memory enough to start a run?
 *
 * Looked at before every start.  The floors are the study's min_free and min_memory; where it gives
 * none they are the lesser of 1 GiB and a twentieth of the disk, and of 256 MiB and a twentieth of
 * the memory, so that a small disk is not always short.
 */
#ifndef HARNESS_ROOM_H
#define HARNESS_ROOM_H

#include <stdbool.h>

#include "err.h"
#include "policy.h"
#include "str.h"

struct room { /* bytes; NAN where it cannot be told, which is never short; a floor 0: not looked at
               */
    double free, min_free;
    double memory, min_memory;
};

/* The disk that holds `dir`, or the nearest folder above it that exists, and the memory that this
 * process and its children may still have: the machine's, or what its control groups leave. */
void room_look(struct room *out, const char *dir, const struct policy *policy);

bool room_is_short_of_disk(const struct room *room);
bool room_is_short(const struct room *room);

/* "12 MiB of disk are free and 1 GiB must be (min_free)"; nothing where there is room. */
void room_describe(struct str *out, const struct room *room);

/* Can a block be written and synced in `dir`, or the nearest folder above it?  It is removed again.
 * This sees a quota too. */
bool room_can_write(const char *dir);

/* True where an error says that a disk is full, whoever has said it (errors come through other
 * processes and libraries as text), or says less and the disk of `dir` has nothing left. */
bool room_is_cause(const struct err *err, const char *dir);

/* "1.5 GiB" */
void room_add_bytes(struct str *out, double bytes);

#endif
