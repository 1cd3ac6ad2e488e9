/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of ours in SQL: exact(x) and sha256(text), for the words of the log (event_kind.h), and
 * those of pack.h. */
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "pack.h"
#include "query.h"
#include "str.h"

static void add_double(struct str *out, double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    str_addf(out, "%016llx", (unsigned long long)bits);
}

/* A letter for the type, the value, ';'.  Nothing in it is left to SQLite's own way of printing. */
static void exact(sqlite3_context *context, int n, sqlite3_value **values)
{
    struct str out = {0};
    const char *bytes;

    (void)n;
    switch (sqlite3_value_type(values[0])) {
    case SQLITE_INTEGER:
        str_addf(&out, "i%lld;", (long long)sqlite3_value_int64(values[0]));
        break;
    case SQLITE_FLOAT:
        str_add(&out, "d");
        add_double(&out, sqlite3_value_double(values[0]));
        str_add(&out, ";");
        break;
    case SQLITE_NULL:
        str_add(&out, "n;");
        break;
    default:
        bytes = sqlite3_value_blob(values[0]);
        str_addf(&out, "t%d:", sqlite3_value_bytes(values[0]));
        str_addn(&out, bytes != NULL ? bytes : "", (size_t)sqlite3_value_bytes(values[0]));
        str_add(&out, ";");
        break;
    }
    sqlite3_result_text(context, out.at, (int)out.len, SQLITE_TRANSIENT);
    str_clear(&out);
}

static void sha256(sqlite3_context *context, int n, sqlite3_value **values)
{
    char hash[SHA256_TEXT];
    const void *bytes = sqlite3_value_blob(values[0]);

    (void)n;
    if (sqlite3_value_type(values[0]) == SQLITE_NULL)
        return; /* of NULL: NULL */
    sha256_bytes(hash, bytes != NULL ? bytes : "", (size_t)sqlite3_value_bytes(values[0]));
    sqlite3_result_text(context, hash, -1, SQLITE_TRANSIENT);
}

/* What hex() gives, back as bytes; up to SHA-256. */
static void from_hex(sqlite3_context *context, int n, sqlite3_value **values)
{
    const char *hex = (const char *)sqlite3_value_text(values[0]);
    unsigned char bytes[32];

    (void)n;
    size_t len = hex != NULL ? query_hex(bytes, hex) : 0;
    sqlite3_result_blob(context, bytes, (int)len, SQLITE_TRANSIENT);
}

int store_add_functions(struct store *store, struct err *err)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int rc = sqlite3_create_function(store->db, "exact", 1, flags, NULL, exact, NULL, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(store->db, "sha256", 1, flags, NULL, sha256, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(store->db, "from_hex", 1, flags, NULL, from_hex, NULL, NULL);
    return rc == SQLITE_OK ? pack_add_functions(store, err) : store_error(store, rc, err);
}
