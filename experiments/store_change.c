/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "mem.h"
#include "query.h"
#include "store.h"
#include "store_change.h"

struct store_change {
    struct store *store;
    int64_t version; /* SQLite's number of the last change by another connection */
};

static int64_t read_version(struct store_change *change)
{
    struct query q;
    struct err ignored;
    int64_t version = -1;

    query_begin(&q, change->store, "PRAGMA data_version");
    if (query_next(&q, &ignored) == 1) {
        version = query_get_int(&q);
        query_end(&q);
    }
    return version;
}

int store_change_open(struct store_change **out, const char *path, struct err *err)
{
    *out = mem_new(1, sizeof **out);
    if (store_open(&(*out)->store, path, STORE_READ, err) != 0) {
        store_change_close(*out);
        *out = NULL;
        return -1;
    }
    (*out)->version = read_version(*out);
    return 0;
}

void store_change_close(struct store_change *change)
{
    if (change == NULL)
        return;
    store_close(change->store);
    free(change);
}

bool store_change_seen(struct store_change *change)
{
    int64_t before = change->version;

    change->version = read_version(change);
    return change->version < 0 || change->version != before;
}
