/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.h - a run in mid-training as one file, so that it can go on as if it had never stopped.
 *
 *     8 bytes    "NSSTATE1"
 *     8 bytes    length of the header, little-endian
 *     64 bytes   SHA-256 of the header, in hexadecimal digits
 *     header     {"blocks": [SHA-256 of each], "identity": {…}, "progress": {…}, "reals": n}
 *     blocks     n float32 each: trainer_blocks()
 *
 * The draws of a step follow from the seed and its number, so no random state is kept.
 */
#ifndef TRAINER_STATE_H
#define TRAINER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "err.h"
#include "trainer.h"

/* How far a run is. */
struct progress {
    int64_t steps;   /* of the whole run */
    bool calibrated; /* they were found by timing some */
    int64_t done;    /* steps */
    int64_t told;    /* the step of the last record */
    double loss_sum; /* of the steps since then */
    double train_s;  /* spent on the steps done */
};

/*
 * Writes by temporary name, fsync, rename: `path` is the old file or the new one.  `identity` (an
 * object of objects) is what a run that goes on from here must share.
 */
int state_write(const char *path, const json_t *identity, const struct progress *progress,
                const struct trainer *t, struct err *err);

/*
 * Puts an opened trainer where that run was.  Exit 2: there is no such file, it is damaged, or its
 * identity is another one (the first difference is named).  The trainer is of no use then.
 */
int state_read(struct progress *progress, struct trainer *t, const char *path,
               const json_t *identity, struct err *err);

/* Removes the file and what a kill in mid-write has left beside it; absent is fine. */
int state_remove(const char *path, struct err *err);

#endif
