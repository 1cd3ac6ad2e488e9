/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "uneven.h"

bool run_is_uneven(const struct run *run)
{
    return run->class == CLASS_INTERRUPTED && run->detail != NULL &&
           strncmp(run->detail, UNEVEN, strlen(UNEVEN)) == 0;
}

size_t uneven_count(const struct record *record, const struct run *like)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *run = &record->runs[i];
        bool alike = like == NULL || (run->experiment == like->experiment &&
                                      run->seed == like->seed && run->variant == like->variant);
        n += alike && run_is_uneven(run);
    }
    return n;
}
