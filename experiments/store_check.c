/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "pack.h"
#include "query.h"

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
        rc = store_damage(store, said != NULL ? said : "no answer", err);
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

/* Where both chains stand as the events pass by. */
struct chains {
    const struct store *store;
    int64_t seq, number;
    char study[SHA256_TEXT], night[SHA256_TEXT];
};

static int check_event(void *context, const struct event *event, struct err *err)
{
    struct chains *chains = context;
    char hash[SHA256_TEXT];
    bool own = event->number > 0;

    event_hash(hash, event, chains->study, chains->night);
    if (event->seq != ++chains->seq || (own && event->number != ++chains->number) ||
        strcmp(hash, event->hash) != 0)
        return err_integrity(err, "record '%s': event %lld was changed or is missing",
                             chains->store->path, (long long)chains->seq);
    memcpy(own ? chains->study : chains->night, hash, sizeof hash);
    return 0;
}

/* Without the triggers an event could be changed, and its hashes after it. */
static int check_triggers(struct store *store, struct err *err)
{
    struct query q;

    query_begin(&q, store,
                "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'event'"
                " AND name IN ('event_stays', 'event_remains', 'event_follows')"
                " AND sql LIKE '%RAISE(ABORT%'");
    if (query_next(&q, err) != 1)
        return -1;
    int64_t n = query_get_int(&q);
    query_end(&q);
    return n == 3 ? 0
                  : err_integrity(err, "record '%s': the triggers that keep the log are gone",
                                  store->path);
}

int store_check_log(struct store *store, struct err *err)
{
    struct chains chains = {.store = store};

    if (check_triggers(store, err) != 0)
        return -1;
    return event_each(store, check_event, &chains, err);
}

/*
 * SQLite does not even read the CHECK constraints of a file that it may not write
 * (sqlite3AddCheckConstraint() in its build.c), so that a reader's look at the pages is none at
 * these.  A copy in memory may be written.
 */
static int check_constraints(struct store *store, struct err *err)
{
    struct store copy = {.path = store->path};

    if (sqlite3_db_readonly(store->db, "main") == 0)
        return 0; /* they were looked at with the pages */
    int rc = store_open_copy(&copy, store, err);
    if (rc == 0)
        rc = check_pages(&copy, "PRAGMA quick_check(1)", err);
    store_exchange(&copy, NULL);
    pack_clear(&copy);
    return rc;
}

/* Without the CHECK constraints, on any connection: they are more than half of what it takes. */
static int check_quickly(struct store *store, struct err *err)
{
    static const char *const leave[] = {"PRAGMA ignore_check_constraints = ON", NULL};
    static const char *const heed[] = {"PRAGMA ignore_check_constraints = OFF", NULL};
    struct err ignored = {0};
    int rc = store_execute(store, leave, err);

    if (rc == 0)
        rc = check_pages(store, "PRAGMA quick_check(1)", err);
    if (store_execute(store, heed, rc == 0 ? err : &ignored) != 0)
        rc = -1;
    return rc;
}

int store_check(struct store *store, bool deep, struct err *err)
{
    store_fetch(store);
    if (!deep)
        return check_quickly(store, err);
    if (check_pages(store, "PRAGMA integrity_check(1)", err) != 0 ||
        check_constraints(store, err) != 0)
        return -1;
    return check_references(store, err);
}
