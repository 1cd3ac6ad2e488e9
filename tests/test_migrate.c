/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records of every older version, as the programs of their time left them
 * (tests/golden/record_v<N>.db): six experiments with an enqueued one, a remark and two failures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "event.h"
#include "filesystem.h"
#include "mem.h"
#include "schema.h"
#include "scratch.h"
#include "store.h"
#include "store_audit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { OLDEST = 1, GOLDEN_MAX = 1 << 20 };

static void require(int rc, const struct err *err)
{
    if (rc != 0)
        fail_msg("%s", err->text);
}

static void read_bytes(char **out, size_t *len, const char *path)
{
    struct err err = {0};

    require(file_read(out, len, path, GOLDEN_MAX, &err), &err);
}

/* A copy of the golden record of a version in `dir`; the caller frees. */
static char *copy_golden(const char *dir, int version)
{
    char *from = mem_printf("tests/golden/record_v%d.db", version), *bytes = NULL;
    size_t len;

    read_bytes(&bytes, &len, from);
    scratch_write(dir, "study.db", bytes, len);
    free(bytes);
    free(from);
    return path_join(dir, "study.db");
}

static struct store *open_at(const char *path, enum store_mode mode)
{
    struct store *store = NULL;
    struct err err = {0};

    require(store_open(&store, path, mode, &err), &err);
    return store;
}

/* --- what must be in each of them ------------------------------------------------------------ */

static const enum outcome verdicts[6][2] = {
    /* of version 1 and later ones: they had other rules */
    {OUTCOME_KEEP, OUTCOME_KEEP},     {OUTCOME_KEEP, OUTCOME_KEEP},
    {OUTCOME_KEEP, OUTCOME_REVERT},   {OUTCOME_FAILED, OUTCOME_FAILED},
    {OUTCOME_FAILED, OUTCOME_FAILED}, {OUTCOME_REVERT, OUTCOME_KEEP},
};

static void assert_whole(struct store *store)
{
    struct err err = {0};
    struct str found = {0};

    require(store_check(store, true, &err), &err);
    require(store_check_log(store, &err), &err);
    require(store_audit_log(store, &found, &err), &err);
    assert_string_equal(str_text(&found), "");
    require(store_audit_bits(store, &found, &err), &err);
    assert_string_equal(str_text(&found), "");
    str_clear(&found);
}

static void assert_holds_the_study(struct store *store, int version)
{
    struct record record;
    struct err err = {0};

    require(store_load(store, &record, &err), &err);
    assert_int_equal(record.n_experiments, 6);
    assert_string_equal(record.study.name, "golden");
    for (int64_t e = 1; e <= 6; e++) {
        const struct decision *d = record_decision(&record, e);
        assert_non_null(d);
        assert_int_equal(d->verdict, verdicts[e - 1][version > 1]);
        assert_true(record.experiments[e - 1].purpose == (e == 1   ? PURPOSE_BASELINE
                                                          : e == 5 ? PURPOSE_ENQUEUED
                                                                   : PURPOSE_PROPOSAL));
        assert_non_null(record_commit(&record, e));
        if (d->verdict == OUTCOME_KEEP && e > 1)
            assert_true(record_pairs(&record, e, d->test, NULL, 0) > 0 || version > 1);
    }
    assert_string_equal(record.experiments[1].remark, "a remark");
    assert_true(record.n_runs > 10 && record.n_outbox >= 6);
    struct str spec = {0}; /* of version 1 it is another: it cannot be gone on with */
    study_write_spec(&spec, &record.study);
    assert_int_equal(strcmp(str_text(&spec), record.spec) == 0, version > 1);
    str_clear(&spec);
    record_clear(&record);
}

/* --- reading --------------------------------------------------------------------------------- */

static void an_older_record_is_read_and_left_as_it_is(void **state)
{
    (void)state;
    for (int version = OLDEST; version < SCHEMA_VERSION; version++) {
        char *dir = scratch_new(), *path = copy_golden(dir, version), *before, *after;
        char *bak = mem_printf("%s.v%d.bak", path, version);
        size_t n_before, n_after;
        read_bytes(&before, &n_before, path);
        struct store *store = open_at(path, STORE_READ);
        assert_holds_the_study(store, version);
        assert_whole(store);
        store_close(store);
        read_bytes(&after, &n_after, path);
        assert_int_equal(n_after, n_before);
        assert_memory_equal(after, before, n_before);
        assert_false(file_exists(bak));
        free(before);
        free(after);
        free(bak);
        free(path);
        scratch_remove(dir);
    }
}

/* --- writing --------------------------------------------------------------------------------- */

static void an_older_record_is_copied_and_brought_up_to_date(void **state)
{
    (void)state;
    for (int version = OLDEST; version < SCHEMA_VERSION; version++) {
        char *dir = scratch_new(), *path = copy_golden(dir, version), *before, *after;
        char *bak = mem_printf("%s.v%d.bak", path, version);
        size_t n_before, n_after;
        struct stat st;
        read_bytes(&before, &n_before, path);
        store_close(open_at(path, STORE_WRITE));
        read_bytes(&after, &n_after, bak);
        assert_int_equal(n_after, n_before);
        assert_memory_equal(after + 100, before + 100, n_before - 100); /* all but the header */
        assert_int_equal(stat(bak, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(remove(bak), 0);
        struct store *store = open_at(path, STORE_WRITE); /* once is enough */
        assert_false(file_exists(bak));
        assert_holds_the_study(store, version);
        assert_whole(store);
        store_close(store);
        free(before);
        free(after);
        free(bak);
        free(path);
        scratch_remove(dir);
    }
}

/* Name and SQL of every table, index and trigger, one a line, without blanks and quotes. */
static char *tables_of(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    struct str out = {0};

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT name, replace(replace(sql, '\"', ''), ' ', '')"
                                        " FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        str_addf(&out, "%s %s\n", (const char *)sqlite3_column_text(stmt, 0),
                 (const char *)sqlite3_column_text(stmt, 1));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return str_take(&out);
}

/* Columns that were added to a table stand last in it, so each table's parts are sorted. */
static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *sorted_parts(char *tables)
{
    struct str out = {0};

    for (char *rest = tables, *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        const char *parts[128];
        size_t n = 0;
        char *table = mem_strdup(line);
        for (char *tail = table, *part; (part = strsep(&tail, "(),")) != NULL;)
            if (*part != '\0' && n < COUNT(parts))
                parts[n++] = part;
        qsort(parts, n, sizeof *parts, by_text);
        for (size_t i = 0; i < n; i++)
            str_addf(&out, "%s|", parts[i]);
        str_add(&out, "\n");
        free(table);
    }
    free(tables);
    return str_take(&out);
}

static void a_migrated_record_has_the_tables_of_a_new_one(void **state)
{
    char *fresh_dir = scratch_new(), *fresh = path_join(fresh_dir, "study.db");

    (void)state;
    store_close(open_at(fresh, STORE_WRITE));
    char *wanted = sorted_parts(tables_of(fresh));
    for (int version = OLDEST; version < SCHEMA_VERSION; version++) {
        char *dir = scratch_new(), *path = copy_golden(dir, version);
        store_close(open_at(path, STORE_WRITE));
        char *is = sorted_parts(tables_of(path));
        assert_string_equal(is, wanted);
        free(is);
        free(path);
        scratch_remove(dir);
    }
    free(wanted);
    free(fresh);
    scratch_remove(fresh_dir);
}

/* A migration that was cut off is one that never began: the file is as it was, and the next start
 * does all of it. */
static void a_migration_that_fails_changes_nothing(void **state)
{
    char *dir = scratch_new(), *path = copy_golden(dir, 2), *before, *after, *said = NULL;
    struct store *store = NULL;
    struct err err = {0};
    size_t n_before, n_after;
    sqlite3 *db = NULL;

    (void)state;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA foreign_keys = OFF;"
                                  " INSERT INTO metric VALUES (999, 'x', 0, 0.0)",
                                  NULL, NULL, &said),
                     SQLITE_OK);
    sqlite3_close(db);
    read_bytes(&before, &n_before, path);
    assert_int_equal(store_open(&store, path, STORE_WRITE, &err), -1);
    assert_int_equal(err.code, ERR_INTEGRITY);
    assert_non_null(strstr(err.text, "from version 2 to"));
    read_bytes(&after, &n_after, path);
    assert_int_equal(n_after, n_before);
    assert_memory_equal(after + 100, before + 100, n_before - 100);
    free(before);
    free(after);
    free(path);
    scratch_remove(dir);
}

/* Bits turned over anywhere: a record that is refused in one line, or one that can be loaded; never
 * a crash. */
static void a_damaged_record_gives_one_clear_line(void **state)
{
    enum { TIMES = 300 };
    char *dir = scratch_new(), *path = copy_golden(dir, 2), *bytes;
    size_t len;
    struct rng rng;
    int refused = 0;

    (void)state;
    rng_init(&rng, 7, "damage", 0);
    read_bytes(&bytes, &len, path);
    for (int i = 0; i < TIMES; i++) {
        struct store *store = NULL;
        struct record record = {0};
        struct err err = {0};
        char *damaged = mem_strndup(bytes, len);
        for (int k = 0; k < 8; k++)
            damaged[rng_below(&rng, len)] ^= (char)(1u << rng_below(&rng, 8));
        scratch_write(dir, "study.db", damaged, i % 10 == 0 ? rng_below(&rng, len) : len);
        free(damaged);
        if (store_open(&store, path, STORE_READ, &err) != 0 ||
            store_load(store, &record, &err) != 0) {
            refused++;
            assert_true(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
            assert_true(err.code == ERR_INTEGRITY || err.code == ERR_USAGE ||
                        err.code == ERR_ENVIRONMENT);
        } else {
            record_clear(&record);
        }
        store_close(store);
    }
    assert_true(refused > TIMES / 4);
    free(bytes);
    free(path);
    scratch_remove(dir);
}

/* --- where a record may lie ------------------------------------------------------------------ */

static void network_file_systems_are_known_by_their_numbers(void **state)
{
    static const struct {
        long type;
        const char *name;
        bool refused;
        const char *kind;
    } rows[] = {
        {0x6969, "NFS", true, ""},
        {0xfe534d42, "SMB2", true, ""},
        {0xff534d42, "CIFS", true, ""},
        {(int)0xff534d42, "CIFS", true, ""}, /* as a 32-bit system gives it */
        {0x0bd00bd0, "Lustre", true, ""},
        {0x65735546, "FUSE", false, ""},
        {0x01021997, "9p", false, ""},
        {0x65735546, "FUSE", false, "fuse.ntfs-3g"},
        {0x65735546, "sshfs", true, "fuse.sshfs"},
        {0x65735546, "FUSE", false, "sshfs"},
        {0x19830326, "BeeGFS", true, ""},
    };
    static const long local[] = {0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct filesystem *found = filesystem_find(rows[i].type, rows[i].kind);
        assert_non_null(found);
        assert_string_equal(found->name, rows[i].name);
        assert_int_equal(found->refused, rows[i].refused);
    }
    for (size_t i = 0; i < COUNT(local); i++) /* ext4, XFS, btrfs, tmpfs, overlayfs */
        assert_null(filesystem_find(local[i], ""));
}

/* A file system such as a kernel would describe it, below one folder of ours. */
static int look_like_sshfs(long *type, char kind[64], const char *dir)
{
    bool there = strstr(dir, "/remote") != NULL;

    *type = there ? 0x65735546 : 0xef53;
    strcpy(kind, there ? "fuse.sshfs" : "");
    return 0;
}

static void a_record_is_refused_on_a_network_file_system_before_its_folder_is_made(void **state)
{
    char *dir = scratch_new(), *remote = path_join(dir, "remote");
    char *deep = path_join(remote, "runs/night"), *here = path_join(dir, "runs/night");
    struct err err = {0};

    (void)state;
    assert_int_equal(file_mkdirs(remote, &err), 0);
    assert_int_equal(filesystem_refuse_by(look_like_sshfs, here, &err), 0);
    assert_int_equal(filesystem_refuse_by(look_like_sshfs, deep, &err), -1);
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "lies on a network file system (sshfs)"));
    assert_false(file_exists(deep));
    assert_int_equal(filesystem_refuse(deep, &err), 0); /* as the kernel says, it is here */
    free(remote);
    free(deep);
    free(here);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_refused_on_a_network_file_system_before_its_folder_is_made),
        cmocka_unit_test(an_older_record_is_read_and_left_as_it_is),
        cmocka_unit_test(an_older_record_is_copied_and_brought_up_to_date),
        cmocka_unit_test(a_migrated_record_has_the_tables_of_a_new_one),
        cmocka_unit_test(a_migration_that_fails_changes_nothing),
        cmocka_unit_test(a_damaged_record_gives_one_clear_line),
        cmocka_unit_test(network_file_systems_are_known_by_their_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
