/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * meeting.h - a barrier for threads that meet every few microseconds: who comes first looks again
 * and again for a while, and then lets others have the processor between two looks.  Between two
 * meetings they share numbered pieces of work: each takes the next one.
 */
#ifndef TRAINER_MEETING_H
#define TRAINER_MEETING_H

#include <stdatomic.h>
#include <stddef.h>

struct meeting {
    unsigned threads;
    atomic_uint here, round;
    atomic_size_t next; /* piece of work */
};

void meeting_init(struct meeting *m, unsigned threads);

/* Returns once all threads have called it; what each wrote before, all see behind it. */
void meeting_wait(struct meeting *m);

/* 0, 1, 2, … since the last meeting, each number to one caller. */
size_t meeting_take(struct meeting *m);

#endif
