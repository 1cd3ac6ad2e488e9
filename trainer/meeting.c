/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sched.h>

#include "meeting.h"

#define LOOKS 4000 /* some ten microseconds: longer than a piece of work is uneven */

void meeting_init(struct meeting *m, unsigned threads)
{
    m->threads = threads;
    atomic_init(&m->here, 0);
    atomic_init(&m->round, 0);
    atomic_init(&m->next, 0);
}

static void pause_shortly(unsigned looks)
{
#if defined(__x86_64__)
    if (looks < LOOKS) {
        __builtin_ia32_pause();
        return;
    }
#endif
    if (looks >= LOOKS)
        sched_yield();
}

void meeting_wait(struct meeting *m)
{
    unsigned round = atomic_load_explicit(&m->round, memory_order_relaxed);

    if (atomic_fetch_add_explicit(&m->here, 1, memory_order_acq_rel) + 1 == m->threads) {
        atomic_store_explicit(&m->here, 0, memory_order_relaxed);
        atomic_store_explicit(&m->next, 0, memory_order_relaxed);
        atomic_store_explicit(&m->round, round + 1, memory_order_release);
        return;
    }
    for (unsigned looks = 0; atomic_load_explicit(&m->round, memory_order_acquire) == round;)
        pause_shortly(looks < LOOKS ? looks++ : looks);
}

size_t meeting_take(struct meeting *m)
{
    return atomic_fetch_add_explicit(&m->next, 1, memory_order_relaxed);
}
