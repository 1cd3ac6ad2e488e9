/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fate.h - what became of an experiment, in the words of the two levels, and how often.
 *
 * A keep is not a keep: the search may have gone on from an experiment on a good guess, or a test
 * may have verified it.  All that readers see tells the two apart through this.
 */
#ifndef REPORTS_FATE_H
#define REPORTS_FATE_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

enum fate {
    FATE_BASELINE,
    FATE_VERIFIED, /* a test kept it */
    FATE_MOVED,    /* the search went on from it; no test has kept it */
    FATE_REVERTED,
    FATE_FAILED,
    FATE_PLACEBO,
    FATE_CLAIMED, /* a side of a hypothesis: the search knows nothing of it */
    FATE_PENDING,
    FATES,
};

enum fate fate_of(const struct record *record, int64_t experiment);
char fate_mark(enum fate fate); /* one character: = + > - x o ? . */
const char *fate_name(enum fate fate, const struct study *study); /* "head moved" */

/* A word or two for one experiment ("head moved"); the caller frees. */
char *fate_text(const struct record *record, int64_t experiment);

/* What all of them add up to. */
struct tally {
    int64_t fate[FATES];
    int64_t proposals;              /* decided, baselines and placebos apart */
    int64_t tests, keeps;           /* verifications, and those that kept */
    double first_level, last_level; /* of these tests; NAN without any */
    int64_t confirmations;
};
void tally_count(struct tally *out, const struct record *record);

/* "1 baseline, 2 verified, 10 head moved": those that there are. */
void tally_write(struct str *out, const struct tally *tally, const struct study *study);

#endif
