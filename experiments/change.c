/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "mem.h"

char *change_describe(const struct record *record, int64_t from, int64_t to)
{
    const struct space *space = &record->study.space;
    const struct experiment *a = &record->experiments[from - 1], *b = &record->experiments[to - 1];
    char *change = space_describe_change(space, a->config, b->config), *text;

    if (strcmp(a->source, b->source) == 0)
        return change;
    const char *source = record_source(record, to);
    if (space_same(space, a->config, b->config))
        text = mem_printf("patch %.10s", source);
    else
        text = mem_printf("patch %.10s, %s", source, change);
    free(change);
    return text;
}
