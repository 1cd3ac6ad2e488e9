/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packed texts, as a damaged record may hold them: a part (target.h) is the pattern, and the rest
 * what is read by it; of kind 0 a packed BLOB, of any other a text that is packed first.  A text
 * that is packed is the same when it is unpacked.
 */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "pack.h"
#include "query.h"
#include "target.h"

extern const struct target target_packed;

#define KIND "fuzz"

static struct store *store_of_patterns(void)
{
    static char name[] = "packed";
    static struct store store = {.path = name};
    static const char table[] = "CREATE TABLE pattern (id INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
                                " text TEXT NOT NULL) STRICT";
    struct err err;

    if (store.db != NULL)
        return &store;
    if (sqlite3_open(":memory:", &store.db) != SQLITE_OK ||
        sqlite3_exec(store.db, table, NULL, NULL, NULL) != SQLITE_OK ||
        pack_add_functions(&store, &err) != 0)
        abort();
    sqlite3_limit(store.db, SQLITE_LIMIT_LENGTH, 16 << 20); /* as every connection of the record */
    return &store;
}

static void must(int rc)
{
    if (rc != 0)
        abort();
}

/* The only one there is, of id 1; none where it is empty. */
static void put_pattern(struct store *store, struct part pattern)
{
    struct query q;
    struct err err;

    pack_forget(store);
    query_begin(&q, store, "DELETE FROM pattern");
    must(query_run(&q, &err));
    if (pattern.n == 0)
        return;
    char *text = mem_strndup((const char *)pattern.at, pattern.n);
    query_begin(&q, store, "INSERT INTO pattern (kind, text) VALUES ('" KIND "', ?)");
    query_put_textn(&q, text, pattern.n);
    must(query_run(&q, &err));
    free(text);
}

/* What SQL makes of one value, which is put already; NULL where it is refused. */
static char *answer(struct query *q, size_t *len, struct err *err)
{
    if (query_next(q, err) != 1)
        return NULL;
    char *out = query_get_blob(q, len);
    query_end(q);
    return out != NULL ? out : mem_strndup("", 0);
}

static char *unpack(struct store *store, const void *bytes, size_t n, size_t *len, struct err *err)
{
    struct query q;

    query_begin(&q, store, "SELECT unpacked(?)");
    query_put_blob(&q, bytes, n);
    return answer(&q, len, err);
}

/* By the newest pattern, or as the next one; then by itself, as one that is remembered. */
static void pack_and_compare(struct store *store, const char *text, size_t n)
{
    struct query q;
    struct err err;
    size_t len;

    for (int time = 0; time < 2; time++) {
        query_begin(&q, store, "SELECT unpacked(packed('" KIND "', ?))");
        q.rc = sqlite3_bind_text64(q.stmt, ++q.at, text, n, SQLITE_STATIC, SQLITE_UTF8);
        char *again = answer(&q, &len, &err);
        if (again == NULL || len != n || memcmp(again, text, n) != 0)
            abort();
        free(again);
    }
}

static void read_packed(const uint8_t *bytes, size_t len)
{
    struct store *store = store_of_patterns();
    struct part pattern = target_part(&bytes, &len);
    struct err err = {0};
    size_t n;

    put_pattern(store, pattern);
    if (pattern.kind > 0) {
        pack_and_compare(store, (const char *)bytes, len);
        return;
    }
    char *text = unpack(store, bytes, len, &n, &err);
    if (text == NULL)
        target_check_refusal(&err);
    else
        pack_and_compare(store, text, n);
    free(text);
}

/* One that Zstandard has made. */
static uint8_t *seed(size_t *len)
{
    static const char pattern[] =
        "decision: keep\nexperiment: 12\nagainst: 11\nreason: it is better\n"
        "seeds: [1, 2, 3]\nvalues: [0.5, 0.25, 0.125]\n";
    static const char text[] = "decision: keep\nexperiment: 13\nagainst: 12\nreason: it is better\n"
                               "seeds: [4, 5, 6]\nvalues: [0.5, 0.25, 0.0625]\n";
    struct store *store = store_of_patterns();
    struct part part = {.at = (const uint8_t *)pattern, .n = sizeof pattern - 1};
    struct query q;
    struct err err;
    size_t n;

    put_pattern(store, part);
    query_begin(&q, store, "SELECT packed('" KIND "', ?)");
    query_put_text(&q, text);
    char *packed = answer(&q, &n, &err);
    if (packed == NULL || n >= sizeof text - 1)
        abort();
    uint8_t *out = target_join(len, pattern, part.n, packed, n);
    free(packed);
    return out;
}

const struct target target_packed = {
    .name = "packed",
    .summary = "texts of a record, kept as what they differ by from a pattern",
    .read = read_packed,
    .seed = seed,
};
