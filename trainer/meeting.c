/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "meeting.h"

#define LOOKS 1000 /* some ten microseconds: longer than a piece of work is uneven */

void meeting_init(struct meeting *m, unsigned threads)
{
    m->threads = threads;
    atomic_init(&m->here, 0);
    atomic_init(&m->round, 0);
    atomic_init(&m->asleep, 0);
    atomic_init(&m->next, 0);
}

static void pause_shortly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Whatever it returns, the caller looks again. */
static void call_futex(atomic_uint *at, int what, unsigned value)
{
    (void)syscall(SYS_futex, at, what | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

/*
 * The count of sleepers goes up before the round is looked at once more, by the kernel, and the
 * last one looks at the count behind its new round: one of the two sees the other.
 */
static void sleep_until_after(struct meeting *m, unsigned round)
{
    atomic_fetch_add(&m->asleep, 1);
    while (atomic_load(&m->round) == round)
        call_futex(&m->round, FUTEX_WAIT, round);
    atomic_fetch_sub(&m->asleep, 1);
}

static void begin_round(struct meeting *m, unsigned round)
{
    atomic_store_explicit(&m->here, 0, memory_order_relaxed);
    atomic_store_explicit(&m->next, 0, memory_order_relaxed);
    atomic_store(&m->round, round);
    if (atomic_load(&m->asleep) > 0)
        call_futex(&m->round, FUTEX_WAKE, INT_MAX);
}

void meeting_wait(struct meeting *m)
{
    unsigned round = atomic_load_explicit(&m->round, memory_order_relaxed);

    if (atomic_fetch_add_explicit(&m->here, 1, memory_order_acq_rel) + 1 == m->threads) {
        begin_round(m, round + 1);
        return;
    }
    for (unsigned looks = 0; looks < LOOKS; looks++) {
        if (atomic_load_explicit(&m->round, memory_order_acquire) != round)
            return;
        pause_shortly();
    }
    sleep_until_after(m, round);
}

size_t meeting_take(struct meeting *m)
{
    return atomic_fetch_add_explicit(&m->next, 1, memory_order_relaxed);
}
