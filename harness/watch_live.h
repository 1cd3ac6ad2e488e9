/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_live.h - what the record does not hold while runs go on: how far each is, and the curve
 * that it has printed so far.  Reads only, and of each stream only what is new.
 */
#ifndef HARNESS_WATCH_LIVE_H
#define HARNESS_WATCH_LIVE_H

#include "curve_reader.h"
#include "view.h"

struct live_run {
    int64_t run;     /* id */
    double progress; /* 0 … 1; NAN: it does not say */
    struct curve_reader reader;
    char *dir;
};

struct watch_live {
    struct live_run *runs; /* [n] those under way */
    size_t n;
    char *metric; /* of the readers */
};

/* Takes up runs that have begun and lets go of those that have ended. */
void watch_live_follow(struct watch_live *live, const struct view *view);

/* Reads what they have printed since the last call; true where there was anything. */
bool watch_live_read(struct watch_live *live);
void watch_live_clear(struct watch_live *live);

const struct live_run *watch_live_find(const struct watch_live *live, int64_t run); /* or NULL */

#endif
