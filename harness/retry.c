/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "aside.h"
#include "clock.h"
#include "log.h"
#include "mem.h"
#include "retry.h"

/* `detail` becomes the run's. */
static bool set_aside(struct run *run, char *detail)
{
    run->class = CLASS_INTERRUPTED;
    run->value = (double)NAN;
    free(run->detail);
    run->detail = detail;
    log_info("experiment %lld, seed %u: %s", (long long)run->experiment, run->seed, run->detail);
    return true;
}

/* Time that passed while nobody worked has ended it, or has taken steps from it. */
static bool has_slept_in_vain(const struct run *run, const struct record *record,
                              const struct outcome_facts *facts)
{
    if (!(facts->suspended_s > RETRY_ASLEEP_S))
        return false;
    return run->class == CLASS_TIMEOUT || (record->study.timed && run->class == CLASS_OK);
}

static bool may_pass(enum run_class class, bool disk_is_full)
{
    if (class == CLASS_OOM || class == CLASS_SPAWN)
        return true;
    return disk_is_full &&
           (class == CLASS_EXIT || class == CLASS_SIGNAL || class == CLASS_PROTOCOL);
}

bool retry_pass(struct run *run, const struct record *record, const struct outcome_facts *facts,
                bool disk_is_full)
{
    char slept[CLOCK_TEXT];
    bool own = run->class == CLASS_OOM || run->class == CLASS_SPAWN;

    if (has_slept_in_vain(run, record, facts)) {
        duration_text(slept, facts->suspended_s);
        return set_aside(run, mem_printf(ASLEEP "%s while it ran; run again", slept));
    }
    if (!may_pass(run->class, disk_is_full) || passing_count(record, run) >= RETRY_TIMES)
        return false;
    return set_aside(run,
                     mem_printf(PASSING "%s%s%s%s; run again", own ? "" : "the disk ran full; ",
                                class_names[run->class], run->detail != NULL ? ": " : "",
                                run->detail != NULL ? run->detail : ""));
}
