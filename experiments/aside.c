/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "aside.h"
#include "record_index.h"
#include "uneven.h"

static bool begins(const struct run *run, const char *why)
{
    return run->class == CLASS_INTERRUPTED && run->detail != NULL &&
           strncmp(run->detail, why, strlen(why)) == 0;
}

bool run_is_passing(const struct run *run)
{
    return begins(run, PASSING);
}

bool run_is_set_aside(const struct run *run)
{
    return run_is_uneven(run) || run_is_passing(run) || begins(run, ASLEEP) ||
           begins(run, EVICTED);
}

size_t passing_count(const struct record *record, const struct run *like)
{
    const struct chain *runs = &record->index->runs;
    size_t n = 0;

    for (size_t i = chain_first(runs, like->experiment); i != INDEX_NONE; i = chain_next(runs, i)) {
        const struct run *run = &record->runs[i];
        n += run->seed == like->seed && run->variant == like->variant && run_is_passing(run);
    }
    return n;
}
