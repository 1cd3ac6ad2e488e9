/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The record and its event log: a whole one (whole_record.h), changed as the input says.
 *
 * What begins with "--" and a digit is SQL that changes rows, as a hand or another program may have
 * done.  What begins with "open" are changes of bytes, four each - where (three, little-endian,
 * modulo the size) and what - of a file that is opened then.  Anything else is a byte, and such
 * changes under a reader that is there, which sees them as it would see a writer's; what they
 * change in the first page is for one that opens the file.  The digit, or the byte, modulo four
 * tells who looks (enum looker).
 *
 * One reader stays open, since preparing its statements takes ten times as long as running them.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "event.h"
#include "file.h"
#include "mem.h"
#include "query.h"
#include "store.h"
#include "store_audit.h"
#include "target.h"
#include "whole_record.h"

extern const struct target target_record;

#define DB     "study.db"
#define OPENED "opened.db"
#define PAGE   512

/* --- the file ------------------------------------------------------------------------------- */

/* Made once, and there until the program ends. */
static struct {
    uint8_t *file, *whole; /* [size] mapped; as it was written */
    size_t size;
    int fd; /* never closed: that would take SQLite's locks away */
    uint32_t changes;
    sqlite3 *writer;
    struct store *reader;
} record;

static int only_rows(void *context, int action, const char *a, const char *b, const char *c,
                     const char *d)
{
    (void)context, (void)b, (void)c, (void)d;
    if (action == SQLITE_READ || action == SQLITE_TRANSACTION)
        return SQLITE_OK;
    if (action != SQLITE_UPDATE && action != SQLITE_INSERT && action != SQLITE_DELETE)
        return SQLITE_DENY;
    return strncmp(a, "sqlite_", 7) == 0 ? SQLITE_DENY : SQLITE_OK;
}

static void open_writer(const char *path)
{
    static const char settings[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                                   "PRAGMA ignore_check_constraints = ON;";

    if (sqlite3_open_v2(path, &record.writer, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(record.writer, settings, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_db_config(record.writer, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL) != SQLITE_OK)
        abort();
    sqlite3_limit(record.writer, SQLITE_LIMIT_LENGTH, 1 << 16);
    sqlite3_set_authorizer(record.writer, only_rows, NULL);
}

static void map_file(const char *path)
{
    record.fd = open(path, O_RDWR | O_CLOEXEC);
    if (record.fd < 0)
        abort();
    record.file = mmap(NULL, record.size, PROT_READ | PROT_WRITE, MAP_SHARED, record.fd, 0);
    if (record.file == MAP_FAILED)
        abort();
}

static void put_big_endian(uint8_t *at, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* As it was written, but newer than what anybody has seen: by the counter at byte 24 a connection
 * knows that it must read again, and the one at byte 92 tells for which the header holds. */
static void restore(void)
{
    if (ftruncate(record.fd, (off_t)record.size) != 0)
        abort();
    memcpy(record.file, record.whole, record.size);
    record.changes += 4;
    put_big_endian(record.file + 24, record.changes);
    put_big_endian(record.file + 92, record.changes);
}

/* --- changes -------------------------------------------------------------------------------- */

/* Returns whether one of them is in the first page, which is looked at when a file is opened. */
static bool change_bytes(uint8_t *bytes, const uint8_t *changes, size_t len)
{
    bool first = false;

    for (; len >= 4; changes += 4, len -= 4) {
        size_t at = (size_t)changes[0] | (size_t)changes[1] << 8 | (size_t)changes[2] << 16;
        at %= record.size;
        bytes[at] = changes[3];
        first |= at < PAGE;
    }
    return first;
}

/* False where it changes nothing, as what is no SQL and what is not allowed do. */
static bool change_rows(const uint8_t *text, size_t len)
{
    char *sql = mem_strndup((const char *)text, len);
    int before = sqlite3_total_changes(record.writer);

    (void)sqlite3_exec(record.writer, sql, NULL, NULL, NULL);
    if (sqlite3_get_autocommit(record.writer) == 0)
        (void)sqlite3_exec(record.writer, "ROLLBACK", NULL, NULL, NULL);
    free(sql);
    return sqlite3_total_changes(record.writer) != before;
}

/* --- looking -------------------------------------------------------------------------------- */

static int pass_over(void *context, const struct event *event, struct err *err)
{
    (void)context, (void)event, (void)err;
    return 0;
}

static int look_at_events(struct store *store, struct err *err)
{
    struct str found = {0};
    int rc = event_each(store, pass_over, NULL, err);

    if (rc == 0)
        rc = store_check_log(store, err);
    if (rc == 0)
        rc = store_audit_log(store, &found, err);
    if (rc == 0)
        rc = store_audit_bits(store, &found, err);
    if (rc == 0 && found.len > 0)
        rc = err_integrity(err, "%s", found.at);
    str_clear(&found);
    return rc;
}

static int look_at_lists(struct store *store, int64_t run, struct err *err)
{
    struct metric *metrics = NULL;
    struct artifact *files = NULL;
    size_t n_metrics = 0, n_files = 0;
    char *environment = NULL;
    int rc = store_metrics(store, &metrics, &n_metrics, run, run == 1, err);

    if (rc == 0)
        rc = store_artifacts(store, &files, &n_files, run, err);
    if (rc == 0)
        rc = store_environment(store, &environment, run, err);
    free(environment);
    metrics_free(metrics, n_metrics);
    artifacts_free(files, n_files);
    return rc;
}

static int look_at_queue(struct store *store, struct err *err)
{
    char *config = NULL, *environment = NULL;
    int64_t id;
    int rc = store_next_enqueued(store, &id, &config, err);

    if (rc == 0)
        rc = store_session(store, &environment, err);
    free(environment);
    free(config);
    return rc;
}

/* The bytes of the commits that are still to be published. */
static int look_at_intents(struct store *store, const struct record *brief, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < brief->n_outbox; i++) {
        char *bytes;
        size_t len;
        rc =
            store_intent(store, &bytes, &len, brief->outbox[i].decision, brief->outbox[i].ref, err);
        free(bytes);
    }
    return rc;
}

/* What was left out at first, as `show` asks for it. */
static int look_at_parts(struct store *store, struct err *err)
{
    struct record brief = {0};
    int rc = store_load_parts(store, &brief, 0, err);

    for (int64_t id = 1; rc == 0 && id <= (int64_t)brief.n_experiments; id++)
        rc = store_load_config(store, &brief, id, err);
    for (int64_t n = 1; rc == 0 && n <= (int64_t)brief.n_decisions; n++) {
        rc = store_load_commits(store, &brief, n, err);
        if (rc == 0)
            rc = store_load_body(store, &brief, n, err);
    }
    if (rc == 0)
        rc = look_at_intents(store, &brief, err);
    record_clear(&brief);
    return rc;
}

static int look_at_rows(struct store *store, struct err *err)
{
    struct record all = {0};
    int rc = store_load(store, &all, err);

    for (int64_t run = 0; rc == 0 && run <= 1; run++)
        rc = look_at_lists(store, run, err);
    record_clear(&all);
    return rc == 0 ? look_at_queue(store, err) : rc;
}

/* Whatever came of it, no statement is left under way. */
static void check_quiet(const struct store *store)
{
    for (sqlite3_stmt *s = sqlite3_next_stmt(store->db, NULL); s != NULL;
         s = sqlite3_next_stmt(store->db, s))
        if (sqlite3_stmt_busy(s) != 0)
            abort();
    if (sqlite3_get_autocommit(store->db) == 0)
        abort();
}

/* One of them for an input: they share nothing but the file, and together they take long. */
enum looker { ROWS, LOG, PAGES, PARTS, LOOKERS };

static int look_as(struct store *store, enum looker looker, struct err *err)
{
    switch (looker) {
    case ROWS:
        return look_at_rows(store, err);
    case LOG:
        return look_at_events(store, err);
    case PAGES:
        return store_check(store, true, err);
    default:
        return look_at_parts(store, err);
    }
}

/* In one transaction: each of its own would ask for locks and logs again. */
static void look(enum looker looker)
{
    static const char *const begin[] = {"BEGIN", NULL};
    struct store *store = record.reader;
    struct err err = {0};

    if (store_execute(store, begin, &err) != 0 || look_as(store, looker, &err) != 0)
        target_check_refusal(&err);
    store_rollback(store);
    check_quiet(store);
}

static void look_anew(const uint8_t *bytes)
{
    char *path = target_path(OPENED);
    struct store *store = NULL;
    struct err err = {0};

    target_put(OPENED, bytes, record.size);
    if (store_open(&store, path, STORE_READ, &err) != 0 || look_as(store, ROWS, &err) != 0)
        target_check_refusal(&err);
    store_close(store);
    free(path);
}

/* --- the whole of it ------------------------------------------------------------------------ */

/* Nothing is refused, and nothing found, before anything was changed. */
static void check_whole(void)
{
    struct err err = {0};

    for (int looker = ROWS; looker < LOOKERS; looker++)
        if (look_as(record.reader, (enum looker)looker, &err) != 0)
            abort();
}

static void make_record(void)
{
    char *path = target_path(DB), *bytes;
    struct err err = {0};

    whole_record_write(path);
    if (file_read(&bytes, &record.size, path, 16 << 20, &err) != 0)
        abort();
    record.whole = (uint8_t *)bytes;
    map_file(path);
    open_writer(path);
    if (store_open(&record.reader, path, STORE_READ, &err) != 0)
        abort();
    check_whole();
    free(path);
}

static void read_record(const uint8_t *bytes, size_t len)
{
    bool sql = len >= 3 && memcmp(bytes, "--", 2) == 0;
    bool anew = len >= 4 && memcmp(bytes, "open", 4) == 0;
    size_t head = anew ? 4 : len > 0;

    if (record.whole == NULL)
        make_record();
    restore();
    if (sql) {
        if (change_rows(bytes, len))
            look((enum looker)(bytes[2] % LOOKERS));
        return;
    }
    anew |= change_bytes(record.file, bytes + head, len - head);
    if (anew)
        look_anew(record.file);
    else
        look(len > 0 ? (enum looker)(bytes[0] % LOOKERS) : ROWS);
}

const struct target target_record = {
    .name = "record",
    .summary = "the record's database with its event log",
    .read = read_record,
};
