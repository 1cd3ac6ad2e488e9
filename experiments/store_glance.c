/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "mem.h"
#include "query.h"
#include "store_glance.h"

int store_glance(struct store *store, struct glance **out, size_t *n, const char *prefix,
                 int64_t most, struct err *err)
{
    struct query q;
    int row;

    *out = NULL;
    *n = 0;
    /* one pass over the decisions, which no index orders by experiment */
    query_begin(&q, store,
                "WITH e AS (SELECT id, purpose FROM experiment WHERE id LIKE ?1 || '%'"
                "             ORDER BY id DESC LIMIT ?2)"
                " SELECT e.id, e.purpose, d.verdict FROM e LEFT JOIN"
                "   (SELECT experiment, min(number), verdict FROM decision"
                "     WHERE kind IN ('head', 'verify') AND experiment IN (SELECT id FROM e)"
                "     GROUP BY experiment) d ON d.experiment = e.id"
                " ORDER BY e.id DESC");
    query_put_text(&q, prefix);
    query_put_int(&q, most);
    while ((row = query_next(&q, err)) == 1) {
        *out = mem_room(*out, *n, sizeof **out);
        (*out)[*n].id = query_get_int(&q);
        (*out)[*n].purpose = query_get_text(&q);
        (*out)[(*n)++].verdict = query_get_text(&q);
    }
    if (row == 0)
        return 0;
    glances_free(*out, *n);
    *out = NULL;
    *n = 0;
    return -1;
}

void glances_free(struct glance *glances, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(glances[i].purpose);
        free(glances[i].verdict);
    }
    free(glances);
}
