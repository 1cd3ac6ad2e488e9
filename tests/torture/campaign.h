/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign.h - the numbered points of one fault, each brought upon a study of its own: several at a
 * time, in processes of their own, and noted in a file, so that a campaign that was stopped goes on
 * where it stood.
 */
#ifndef TORTURE_CAMPAIGN_H
#define TORTURE_CAMPAIGN_H

#include "fault.h"

struct campaign {
    long points; /* numbered from 1 */
    long enough; /* faults after which it ends; 0: all points */
    /* One point: counts into the tally.  0, or -1 where the rest would go no better. */
    int (*trial)(struct tally *tally, long point, void *context);
    void *context; /* of trial(); not changed by it, since it runs in another process */
};

/*
 * All points but those that order->progress holds already.  SIGINT and SIGTERM end it after the
 * trials under way (FAULT_STOPPED).  What was noted counts for the same program, seed and count
 * alone.
 */
enum fault_end campaign_run(struct tally *tally, const struct campaign *campaign);

/* The call that asked for this fault is over: the next one begins it anew. */
void campaign_forget(const char *progress, const char *fault);

#endif
