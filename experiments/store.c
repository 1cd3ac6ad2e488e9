/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "filesystem.h"
#include "log.h"
#include "mem.h"
#include "migrate.h"
#include "pack.h"
#include "query.h"
#include "schema.h"
#include "store.h"
#include "str.h"

/* Settings of every connection.  None of them writes to the file. */
static const char *const settings[] = {
    "PRAGMA busy_timeout = 5000",  "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",        "PRAGMA temp_store = MEMORY",
    "PRAGMA synchronous = FULL",   NULL,
};
/* A writer that lives long needs of the file what it has just written, and little else. */
static const char *const writer_settings[] = {
    "PRAGMA wal_autocheckpoint = 1000",
    "PRAGMA cache_size = -512",
    "PRAGMA journal_size_limit = 16777216",
    NULL,
};
static const char *const reader_settings[] = {"PRAGMA wal_autocheckpoint = 0", NULL};

int store_execute(struct store *store, const char *const *statements, struct err *err)
{
    for (size_t i = 0; statements[i] != NULL; i++) {
        int rc = sqlite3_exec(store->db, statements[i], NULL, NULL, NULL);
        if (rc != SQLITE_OK)
            return store_error(store, rc, err);
    }
    return 0;
}

void store_exchange(struct store *store, sqlite3 *db)
{
    for (size_t i = 0; i < store->n_statements; i++)
        sqlite3_finalize(store->statements[i].stmt);
    store->n_statements = 0;
    pack_forget(store);
    sqlite3_close(store->db);
    store->db = db;
}

static void disconnect(struct store *store)
{
    store_exchange(store, NULL);
}

/* What a connection may do at all: no triggers by strangers, no extensions, no huge values. */
static int harden(struct store *store, bool checkpoints, struct err *err)
{
    static const int switches[][2] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    };
    int rc = sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !checkpoints, NULL);

    for (size_t i = 0; rc == SQLITE_OK && i < sizeof switches / sizeof *switches; i++)
        rc = sqlite3_db_config(store->db, switches[i][0], switches[i][1], NULL);
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, 16 << 20);
    sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    return rc == SQLITE_OK ? 0 : store_error(store, rc, err);
}

static int connect_file(struct store *store, const char *name, enum store_mode mode,
                        struct err *err)
{
    int access = mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int rc = sqlite3_open_v2(name, &store->db,
                             access | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
                             NULL);

    if (rc != SQLITE_OK)
        return store_error(store, rc, err);
    if (harden(store, mode == STORE_WRITE, err) != 0 || store_execute(store, settings, err) != 0 ||
        store_add_functions(store, err) != 0)
        return -1;
    return store_execute(store, mode == STORE_READ ? reader_settings : writer_settings, err);
}

/* "file:" and the path with what means something in a URI escaped.  The caller frees. */
static char *file_uri(const char *path, const char *query)
{
    struct str uri = {0};

    str_add(&uri, path[0] == '/' ? "file://" : "file:");
    for (const char *p = path; *p != '\0'; p++)
        if (strchr("%?#", *p) != NULL)
            str_addf(&uri, "%%%02x", (unsigned char)*p);
        else
            str_addn(&uri, p, 1);
    str_add(&uri, query);
    return str_take(&uri);
}

static int read_pragma(struct store *store, const char *sql, int64_t *out, struct err *err)
{
    struct query q;

    query_begin(&q, store, sql);
    int row = query_next(&q, err);
    if (row != 1)
        return row < 0 ? -1 : err_integrity(err, "record '%s' does not answer", store->path);
    *out = query_get_int(&q);
    query_end(&q);
    return 0;
}

/* Is the file one of ours, of a version that we know? */
static int identify(struct store *store, int64_t *version, struct err *err)
{
    int64_t application = 0;

    *version = 0;
    if (read_pragma(store, "PRAGMA application_id", &application, err) != 0 ||
        read_pragma(store, "PRAGMA user_version", version, err) != 0)
        return -1;
    if (application != SCHEMA_APPLICATION)
        return err_integrity(err, "'%s' is a database of another program, not a nightshift record",
                             store->path);
    if (*version > SCHEMA_VERSION)
        return err_usage(err,
                         "record '%s' has version %lld, and this nightshift knows up to %d: use a "
                         "newer one",
                         store->path, (long long)*version, SCHEMA_VERSION);
    if (*version < 1)
        return err_integrity(err, "record '%s' has the impossible version %lld", store->path,
                             (long long)*version);
    return 0;
}

static bool has_log(const char *path)
{
    char *wal = mem_printf("%s-wal", path);
    struct stat st;
    bool there = stat(wal, &st) == 0 && st.st_size > 0;

    free(wal);
    return there;
}

/*
 * A WAL database is read through a shared-memory file beside it.  Where that cannot be made (a
 * folder that we may not write) and nothing waits in the log, the file alone is the whole record.
 */
static int connect_any_reader(struct store *store, int64_t *version, struct err *err)
{
    char *uri = file_uri(store->path, "");
    int rc = connect_file(store, uri, STORE_READ, err);

    free(uri);
    if (rc == 0)
        rc = identify(store, version, err);
    if (rc == 0 || err->code != ERR_ENVIRONMENT || has_log(store->path))
        return rc;
    disconnect(store);
    uri = file_uri(store->path, "?immutable=1");
    rc = connect_file(store, uri, STORE_READ, err);
    free(uri);
    return rc != 0 ? rc : identify(store, version, err);
}

int store_open_copy(struct store *store, struct store *of, struct err *err)
{
    if (store_copy_to_memory(store, of, err) != 0 || harden(store, false, err) != 0 ||
        store_execute(store, settings, err) != 0)
        return -1;
    return store_add_functions(store, err);
}

/* An older record is shown as it would be after its migration; the file stays as it is. */
static int connect_reader(struct store *store, struct err *err)
{
    int64_t version;

    if (connect_any_reader(store, &version, err) != 0)
        return -1;
    if (version == SCHEMA_VERSION)
        return 0;
    if (store_open_copy(store, store, err) != 0)
        return -1;
    return store_migrate(store, (int)version, err);
}

/* Ours is a regular file that is never empty: it gets its name when it is complete. */
static int check_file(const char *path, struct err *err)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return err_sys(err, "cannot open the record '%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_integrity(err, "record '%s' is not a regular file", path);
    if (st.st_size == 0)
        return err_integrity(err, "'%s' is an empty file, not a nightshift record", path);
    return 0;
}

static int make_tables(struct store *store, struct err *err)
{
    static const char *const begin[] = {"PRAGMA journal_mode = DELETE", "BEGIN EXCLUSIVE", NULL};
    static const char *const end[] = {"PRAGMA application_id = 1314079810", /* SCHEMA_APPLICATION */
                                      "PRAGMA user_version = 4",            /* SCHEMA_VERSION */
                                      "COMMIT", "PRAGMA journal_mode = WAL", NULL};

    if (store_execute(store, begin, err) != 0 || store_execute(store, schema, err) != 0)
        return -1;
    return store_execute(store, end, err);
}

static int make_file(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_sys(err, "cannot make the record '%s'", path);
    close(fd);
    return 0;
}

static int remove_leftovers(const char *path, struct err *err)
{
    static const char *const endings[] = {"", "-journal", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *name = mem_printf("%s%s", path, endings[i]);
        int rc = file_remove(name, err);
        free(name);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int give_name(const char *from, const char *to, struct err *err)
{
    char *dir = path_dir(to);
    int rc = 0;

    if (rename(from, to) != 0)
        rc = err_sys(err, "cannot make the record '%s'", to);
    else
        rc = file_sync_dir(dir, err);
    free(dir);
    return rc;
}

/* A new record gets its name when all its tables are on disk. */
static int create(const char *path, struct err *err)
{
    struct store fresh = {.path = mem_printf("%s.new", path)};
    char *uri = file_uri(fresh.path, "");
    int rc = -1;

    if (remove_leftovers(fresh.path, err) == 0 && make_file(fresh.path, err) == 0 &&
        connect_file(&fresh, uri, STORE_WRITE, err) == 0)
        rc = make_tables(&fresh, err);
    disconnect(&fresh);
    pack_clear(&fresh);
    if (rc == 0)
        rc = give_name(fresh.path, path, err);
    free(uri);
    free(fresh.path);
    return rc;
}

/* `version`: of the record that a reader has just looked at. */
static int back_up(struct store *store, int64_t version, struct err *err)
{
    char *path = mem_printf("%s.v%lld.bak", store->path, (long long)version);
    int rc = store_backup(store, path, err);

    if (rc == 0)
        log_info("record '%s' is of version %lld; it becomes %d, and '%s' keeps it as it was",
                 store->path, (long long)version, SCHEMA_VERSION, path);
    free(path);
    return rc;
}

static int connect_writer(struct store *store, struct err *err)
{
    char *dir = path_dir(store->path);
    char *uri = file_uri(store->path, "");
    int64_t version = SCHEMA_VERSION;
    int rc = file_mkdirs(dir, err);

    if (rc == 0)
        rc = filesystem_check(dir, err);
    if (rc == 0 && !file_exists(store->path))
        rc = create(store->path, err);
    if (rc == 0)
        rc = check_file(store->path, err);
    if (rc == 0)
        rc = connect_any_reader(store, &version, err); /* looks without touching */
    if (rc == 0 && version < SCHEMA_VERSION)
        rc = back_up(store, version, err);
    disconnect(store);
    if (rc == 0)
        rc = connect_file(store, uri, STORE_WRITE, err);
    if (rc == 0 && version < SCHEMA_VERSION)
        rc = store_migrate(store, (int)version, err);
    free(uri);
    free(dir);
    return rc;
}

int store_open(struct store **out, const char *path, enum store_mode mode, struct err *err)
{
    struct store *store = mem_new(1, sizeof *store);
    int rc;

    *out = NULL;
    store->path = mem_strdup(path);
    if (mode == STORE_WRITE) {
        rc = connect_writer(store, err);
    } else {
        rc = check_file(path, err);
        if (rc == 0)
            rc = connect_reader(store, err);
    }
    if (rc != 0) {
        store_close(store);
        return -1;
    }
    *out = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    store_rollback(store);
    disconnect(store);
    pack_clear(store);
    free(store->path);
    free(store);
}

static int run_sql(struct store *store, const char *sql, struct err *err)
{
    struct query q;

    query_begin(&q, store, sql);
    return query_run(&q, err);
}

int store_begin(struct store *store, struct err *err)
{
    pack_forget(store);
    return run_sql(store, "BEGIN IMMEDIATE", err);
}

int store_commit(struct store *store, struct err *err)
{
    return run_sql(store, "COMMIT", err);
}

/* After some errors SQLite has rolled back by itself: then there is nothing to do. */
void store_rollback(struct store *store)
{
    struct err ignored = {0};

    pack_forget(store);
    if (store->db != NULL && !sqlite3_get_autocommit(store->db))
        run_sql(store, "ROLLBACK", &ignored);
}
