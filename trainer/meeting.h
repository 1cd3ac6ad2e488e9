/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * meeting.h - a barrier for threads that meet every few microseconds: who comes first looks again
 * and again for a while, and then sleeps until the last one wakes it, so that on a machine with
 * other work nobody's share of a processor goes into looking.  Between two meetings they share
 * numbered pieces of work: each takes the next one.
 */
#ifndef TRAINER_MEETING_H
#define TRAINER_MEETING_H

#include <stdatomic.h>
#include <stddef.h>

#define MEETING_LINE 64 /* bytes of a cache line: who looks does not hinder who takes */

struct meeting {
    unsigned threads;
    atomic_uint here;
    char apart[MEETING_LINE];
    atomic_uint round, asleep;
    char apart_too[MEETING_LINE];
    atomic_size_t next; /* piece of work */
};

void meeting_init(struct meeting *m, unsigned threads);

/* Returns once all threads have called it; what each wrote before, all see behind it. */
void meeting_wait(struct meeting *m);

/* 0, 1, 2, … since the last meeting, each number to one caller. */
size_t meeting_take(struct meeting *m);

#endif
