/* SPDX-License-Identifier: GPL-3.0-or-later */
/* I2, I3, I16: the log by itself, against the tables, and its times. */
#include "doctor_part.h"
#include "event.h"
#include "store_audit.h"

int check_log(struct finding *out, const struct patient *p, struct err *err)
{
    return doctor_take(out, store_check_log(p->store, err), err);
}

int check_fold(struct finding *out, const struct patient *p, struct err *err)
{
    return store_audit_log(p->store, &out->violated, err);
}

/* --- I16 ------------------------------------------------------------------------------------- */

struct clock_walk {
    int64_t last, backwards, first;
};

static int see_time(void *context, const struct event *event, struct err *err)
{
    struct clock_walk *walk = context;

    (void)err;
    if (event->time < walk->last && walk->backwards++ == 0)
        walk->first = event->seq;
    walk->last = event->time;
    return 0;
}

int check_clock(struct finding *out, const struct patient *p, struct err *err)
{
    struct clock_walk walk = {0};

    if (event_each(p->store, see_time, &walk, err) != 0)
        return -1;
    if (walk.backwards > 0)
        str_addf(&out->note, "it was set back %lld time%s, first before event %lld",
                 (long long)walk.backwards, walk.backwards == 1 ? "" : "s", (long long)walk.first);
    return 0;
}
