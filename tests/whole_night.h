/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * whole_night.h - simulated nights for tests that look at what became of them: a night that cannot
 * be simulated fails the test.  Include after cmocka.h; the caller ends each with simulated_end().
 */
#ifndef TESTS_WHOLE_NIGHT_H
#define TESTS_WHOLE_NIGHT_H

#include "simulated_night.h"

static inline void run_night(struct simulated_night *out, const struct night_plan *plan)
{
    struct err err = {0};

    if (simulated_whole(out, plan, &err) != 0)
        fail_msg("%s", err.text);
}

/* `night` killed after its first n events, and gone on with to its end. */
static inline void run_killed_night(struct simulated_night *out,
                                    const struct simulated_night *night, size_t n)
{
    struct err err = {0};

    if (simulated_cut(out, night, n, &err) != 0 || simulated_run(out, &err) != 0)
        fail_msg("%s", err.text);
}

#endif
