/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run_files.h - what a report reads beside the record: the files that runs left, where they are
 * still there.
 *
 * Who knows where they lie is above this layer, so the caller of a report says how to read them.
 */
#ifndef REPORTS_RUN_FILES_H
#define REPORTS_RUN_FILES_H

#include "curve.h"
#include "record.h"
#include "str.h"

struct run_files {
    const void *from; /* handed to both, borrowed */

    /* What the run said on its way; no point where its stream is gone.  The caller clears *out. */
    void (*curves)(struct run_curves *out, const void *from, const struct record *record,
                   const struct run *run);

    /* The last `lines` lines that it printed, as they are; nothing where they are gone. */
    void (*tail)(struct str *out, const void *from, const struct run *run, size_t lines);
};

#endif
