/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.h - a kind of misfortune, brought upon a study again and again.  `fault.c` lists which
 * there are, `fault_name.c` is one of them.
 *
 * Each trial makes a study, lets the fault happen, goes on with `nightshift run` to the end, and
 * compares with the same study undisturbed: decisions, commit ids, report; `doctor --deep` and `git
 * fsck` must find nothing.  What differs is a violation, told with the folder that is kept.
 */
#ifndef TORTURE_FAULT_H
#define TORTURE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"
#include "subject.h"

/* How much of which, as the command line says. */
struct order {
    long count;    /* faults; 0: what is usual, or for exhaustive ones all */
    uint64_t seed; /* of what is drawn at random */
    const char *base;
    bool keep_going;      /* after a violation */
    int jobs;             /* studies at a time, where the fault lets them (campaign.h) */
    const char *progress; /* file that holds what is done; NULL: none */
};

/* What came of it. */
struct tally {
    const struct order *order;
    const char *fault;
    long trials, injected, violations;
    char note[256]; /* what else is worth knowing */
};

enum fault_end { FAULT_DONE, FAULT_SKIPPED, FAULT_STUCK, FAULT_STOPPED };

struct fault {
    const char *name, *summary;
    long usual; /* faults of `make torture` */
    enum fault_end (*run)(struct tally *tally);
};
extern const struct fault *const faults[]; /* NULL at its end */

/* --- what they share --- */

/* Counts and tells a violation; the folder is kept (NULL: there is none). */
void violation(struct tally *tally, const char *dir, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* True where no more is to be done: enough faults, or one violation too many. */
bool is_enough(const struct tally *tally, long usual);

/* How such a study ends when nothing happens to it, and how long that takes [s].  The caller
 * frees. */
char *undisturbed(const char *base, const struct subject_kind *kind, double *seconds);

/*
 * Runs the study to its end and compares; `what` names the fault in messages.  The folder is
 * removed where all is well.  True where it is.
 */
bool ends_as(struct tally *tally, const char *dir, const char *want, const char *what);

#endif
