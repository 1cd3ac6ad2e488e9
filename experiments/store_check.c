/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "store.h"

/* `PRAGMA quick_check` and its like answer "ok", or what is wrong. */
static int check_pages(struct store *store, const char *pragma, struct err *err)
{
    struct query q;
    int rc = 0;

    query_begin(&q, store, pragma);
    if (query_next(&q, err) != 1)
        return -1;
    char *said = query_get_text(&q);
    query_end(&q);
    if (said == NULL || strcmp(said, "ok") != 0)
        rc = err_integrity(err, "record '%s': %s", store->path, said != NULL ? said : "no answer");
    free(said);
    return rc;
}

/* Every row of `PRAGMA foreign_key_check` is a row that points nowhere. */
static int check_references(struct store *store, struct err *err)
{
    struct query q;

    query_begin(&q, store, "PRAGMA foreign_key_check");
    int row = query_next(&q, err);
    if (row != 1)
        return row;
    char *table = query_get_text(&q);
    int64_t id = query_get_known(&q, 0);
    query_end(&q);
    err_integrity(err, "record '%s': row %lld of table '%s' points to a row that is not there",
                  store->path, (long long)id, table != NULL ? table : "?");
    free(table);
    return -1;
}

static int check_configs(struct store *store, struct err *err)
{
    struct query q;
    int row;

    query_begin(&q, store, "SELECT id, config, sha FROM experiment ORDER BY id");
    while ((row = query_next(&q, err)) == 1) {
        char sha[SHA256_TEXT], stored[SHA256_TEXT];
        int64_t id = query_get_int(&q);
        char *config = query_get_text(&q);
        query_get_fixed(&q, stored, sizeof stored);
        sha256_bytes(sha, config, strlen(config));
        free(config);
        if (strcmp(sha, stored) != 0) {
            query_end(&q);
            return err_integrity(err, "record '%s': the config of experiment %lld has another hash",
                                 store->path, (long long)id);
        }
    }
    return row;
}

int store_check(struct store *store, bool deep, struct err *err)
{
    if (!deep)
        return check_pages(store, "PRAGMA quick_check(1)", err);
    if (check_pages(store, "PRAGMA integrity_check(1)", err) != 0 ||
        check_references(store, err) != 0 || check_configs(store, err) != 0)
        return -1;
    return store_check_events(store, err);
}
