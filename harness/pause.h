/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pause.h - a study that waits for room instead of failing for want of it.
 *
 * Nothing is started while there is less than room.h asks for; runs that go on may end.  It is said
 * once when it begins and once when it is over, and told to `notify`; status computes the same from
 * the disk, since nothing can be written to a full one.
 */
#ifndef HARNESS_PAUSE_H
#define HARNESS_PAUSE_H

#include "notify.h"
#include "place.h"
#include "service.h"

struct pause {
    bool waiting; /* and it was said */
    double since; /* clock_boot_s() */
};

/* May a run be started?  `running`: runs that go on, whose memory will come back, so that a want of
 * memory alone is no pause yet. */
bool pause_permits(struct pause *pause, const struct place *place, const struct policy *policy,
                   size_t running, struct notifier *notifier);

/* A wait until a disk has room, after a session that a full disk has ended (room_is_cause()). */
struct wait {
    const struct place *place;
    const struct policy *policy;
    const char *why; /* what the session ended with */
    int tries;       /* how often this came in a row; each time it waits a little longer first */
    double deadline; /* clock_boot_s() */
    struct notifier *notifier;
    struct service *service;
};

/* Waits until a file can be written and the floor is met.  0: there is room; a signal's number:
 * asked to stop; -1: there was none before the deadline, or it cannot be waited for. */
int pause_until_room(const struct wait *wait, struct err *err);

#endif
