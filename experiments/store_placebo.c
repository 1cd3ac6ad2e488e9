/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query.h"
#include "store.h"

const char *store_path(const struct store *store)
{
    return store->path;
}

int store_count_placebos(struct store *store, struct placebo_count *head,
                         struct placebo_count *test, struct err *err)
{
    struct query q;
    int row;

    *head = *test = (struct placebo_count){0};
    query_begin(&q, store,
                "SELECT alpha IS NOT NULL, count(*), sum(verdict = 'keep'), ifnull(sum(alpha), 0)"
                " FROM decision JOIN experiment AS own ON own.id = decision.experiment"
                " JOIN experiment AS other ON other.id = decision.against"
                " WHERE kind = 'placebo' AND verdict <> 'failed' AND own.sha = other.sha"
                " GROUP BY 1");
    while ((row = query_next(&q, err)) == 1) {
        struct placebo_count *count = query_get_int(&q) ? test : head;
        count->decided = query_get_int(&q);
        count->kept = query_get_int(&q);
        count->levels = query_get_real(&q);
    }
    return row;
}
