/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "query.h"

sqlite3_file *store_file(sqlite3 *db, int which)
{
    sqlite3_file *file = NULL;

    if (sqlite3_file_control(db, "main", which, &file) != SQLITE_OK || file == NULL ||
        file->pMethods == NULL || file->pMethods->xFileControl == NULL) /* a file in memory */
        return NULL;
    return file;
}

/* errno of what failed last on a file of the record, the database or its log; 0 where nothing has.
 */
static int last_errno(sqlite3 *db, int which)
{
    sqlite3_file *file = store_file(db, which);
    int code = 0;

    if (file == NULL ||
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &code) != SQLITE_OK)
        return 0;
    return code;
}

/* SQLite calls a page malformed too where reading it fails with one of these. */
static bool is_unreadable(int code)
{
    return code == EIO || code == ENXIO || code == ERANGE;
}

int store_damage(struct store *store, const char *said, struct err *err)
{
    sqlite3 *db = store->db;

    if (db != NULL && (is_unreadable(last_errno(db, SQLITE_FCNTL_FILE_POINTER)) ||
                       is_unreadable(last_errno(db, SQLITE_FCNTL_JOURNAL_POINTER))))
        return err_environment(err, "record '%s' cannot be read: %s", store->path, said);
    return err_integrity(err, "record '%s': %s", store->path, said);
}

int store_error(struct store *store, int rc, struct err *err)
{
    const char *said = store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc);

    switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return store_damage(store, said, err);
    case SQLITE_CONSTRAINT:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR:
        return err_integrity(err, "record '%s': %s", store->path, said);
    case SQLITE_BUSY:
        return err_environment(err, "record '%s' is busy: another program holds it", store->path);
    default:
        return err_environment(err, "record '%s': %s", store->path, said);
    }
}

static struct statement *prepared(struct store *store, const char *sql)
{
    for (size_t i = 0; i < store->n_statements; i++)
        if (store->statements[i].sql == sql)
            return &store->statements[i];
    return NULL;
}

void query_begin(struct query *q, struct store *store, const char *sql)
{
    struct statement *known = prepared(store, sql);

    *q = (struct query){.store = store};
    if (known == NULL) {
        assert(store->n_statements < STORE_STATEMENTS);
        known = &store->statements[store->n_statements];
        q->rc =
            sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &known->stmt, NULL);
        if (q->rc != SQLITE_OK)
            return;
        known->sql = sql;
        store->n_statements++;
    }
    q->stmt = known->stmt;
}

static void note(struct query *q, int rc)
{
    if (q->rc == SQLITE_OK)
        q->rc = rc;
}

void query_put_int(struct query *q, int64_t value)
{
    q->at++;
    if (q->rc == SQLITE_OK)
        note(q, sqlite3_bind_int64(q->stmt, q->at, value));
}

static void put_null(struct query *q)
{
    q->at++;
    if (q->rc == SQLITE_OK)
        note(q, sqlite3_bind_null(q->stmt, q->at));
}

void query_put_known(struct query *q, int64_t value, int64_t unknown)
{
    if (value == unknown)
        put_null(q);
    else
        query_put_int(q, value);
}

void query_put_real(struct query *q, double value)
{
    if (isnan(value)) {
        put_null(q);
        return;
    }
    q->at++;
    if (q->rc == SQLITE_OK)
        note(q, sqlite3_bind_double(q->stmt, q->at, value));
}

void query_put_bits(struct query *q, double value)
{
    int64_t bits;

    memcpy(&bits, &value, sizeof bits);
    query_put_int(q, bits);
    query_put_real(q, value);
}

void query_put_textn(struct query *q, const char *text, size_t max)
{
    if (text == NULL) {
        put_null(q);
        return;
    }
    q->at++;
    if (q->rc == SQLITE_OK)
        note(q, sqlite3_bind_text64(q->stmt, q->at, text, strnlen(text, max), SQLITE_STATIC,
                                    SQLITE_UTF8));
}

void query_put_text(struct query *q, const char *text)
{
    query_put_textn(q, text, SIZE_MAX);
}

static unsigned nibble(char digit)
{
    return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10) & 15;
}

size_t query_hex(unsigned char out[32], const char *hex)
{
    size_t n = 0;

    for (; n < 32 && hex[2 * n] != '\0' && hex[2 * n + 1] != '\0'; n++)
        out[n] = (unsigned char)(nibble(hex[2 * n]) << 4 | nibble(hex[2 * n + 1]));
    return n;
}

void query_put_hex(struct query *q, const char *hex)
{
    unsigned char bytes[32];
    size_t n = query_hex(bytes, hex);

    q->at++;
    if (q->rc == SQLITE_OK)
        note(q, sqlite3_bind_blob64(q->stmt, q->at, bytes, n, SQLITE_TRANSIENT));
}

void query_put_blob(struct query *q, const void *bytes, size_t len)
{
    q->at++;
    if (q->rc == SQLITE_OK)
        note(q, sqlite3_bind_blob64(q->stmt, q->at, bytes, len, SQLITE_STATIC));
}

void query_end(struct query *q)
{
    if (q->stmt != NULL) {
        sqlite3_reset(q->stmt);
        sqlite3_clear_bindings(q->stmt);
    }
}

int query_next(struct query *q, struct err *err)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_step(q->stmt);
    q->at = 0;
    if (q->rc == SQLITE_ROW) {
        q->rc = SQLITE_OK;
        return 1;
    }
    int rc = q->rc == SQLITE_DONE ? 0 : store_error(q->store, q->rc, err);
    query_end(q);
    return rc;
}

int query_run(struct query *q, struct err *err)
{
    int rc;

    do
        rc = query_next(q, err);
    while (rc == 1);
    return rc;
}

int64_t query_get_int(struct query *q)
{
    return sqlite3_column_int64(q->stmt, q->at++);
}

static bool is_null(const struct query *q)
{
    return sqlite3_column_type(q->stmt, q->at) == SQLITE_NULL;
}

/* NULL is read as 0: only of that is it asked what it is. */
int64_t query_get_known(struct query *q, int64_t unknown)
{
    int64_t value = sqlite3_column_int64(q->stmt, q->at);
    bool null = value == 0 && is_null(q);

    q->at++;
    return null ? unknown : value;
}

double query_get_real(struct query *q)
{
    double value = sqlite3_column_double(q->stmt, q->at);
    bool null = value == 0 && is_null(q);

    q->at++;
    return null ? (double)NAN : value;
}

double query_get_bits(struct query *q)
{
    int64_t bits = query_get_int(q);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The text of the next column, NULL for SQL's NULL; borrowed until the next step. */
static const char *column_text(struct query *q, size_t *len)
{
    const unsigned char *text = sqlite3_column_text(q->stmt, q->at);

    *len = text != NULL ? (size_t)sqlite3_column_bytes(q->stmt, q->at) : 0;
    q->at++;
    return (const char *)text;
}

char *query_get_text(struct query *q)
{
    size_t len;
    const char *text = column_text(q, &len);

    return text != NULL ? mem_strndup(text, len) : NULL;
}

char *query_borrow_text(struct query *q)
{
    size_t len;

    return (char *)(uintptr_t)column_text(q, &len);
}

bool query_has_more(const struct query *q)
{
    return q->at < sqlite3_column_count(q->stmt);
}

char *query_get_blob(struct query *q, size_t *len)
{
    const char *bytes = sqlite3_column_blob(q->stmt, q->at);

    *len = (size_t)sqlite3_column_bytes(q->stmt, q->at);
    q->at++;
    return bytes != NULL ? mem_strndup(bytes, *len) : NULL;
}

void query_get_fixed(struct query *q, char *out, size_t size)
{
    size_t len;
    const char *text = column_text(q, &len);

    len = text == NULL ? 0 : len < size ? len : size - 1;
    if (len > 0)
        memcpy(out, text, len);
    out[len] = '\0';
}

void query_get_hex(struct query *q, char *out, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = sqlite3_column_blob(q->stmt, q->at);
    size_t len = bytes != NULL ? (size_t)sqlite3_column_bytes(q->stmt, q->at) : 0;

    q->at++;
    len = len < (size - 1) / 2 ? len : (size - 1) / 2;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

int query_get_word(struct query *q, const char *const *names)
{
    size_t len;
    const char *text = column_text(q, &len);

    for (int i = 0; text != NULL && names[i] != NULL; i++)
        if (*text == *names[i] && strcmp(text, names[i]) == 0)
            return i;
    return -1;
}
