/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event.h"
#include "mem.h"
#include "migrate.h"
#include "query.h"
#include "schema.h"

/*
 * Version 1 knew one kind of test: each proposal against the incumbent of its time, on pairs of its
 * own.  That is what `decision: {procedure: paired}` does today, in tests 2, 4, 6, … and with the
 * head where the incumbent is; the baseline's own seeds are the selection panel.  Pairs against an
 * incumbent that was replaced before the decision get test numbers that nothing else has.
 *
 * A table is made anew and takes the name of the old one, so that what refers to it goes on to.
 */
static const char *const to_2[] = {
    "CREATE TABLE run_2 ("
    "  id INTEGER PRIMARY KEY,"
    "  experiment INTEGER NOT NULL REFERENCES experiment,"
    "  variant TEXT NOT NULL"
    "    CHECK (variant IN ('own', 'repeat', 'neighbour', 'salted')),"
    "  seed INTEGER NOT NULL,"
    "  attempt INTEGER NOT NULL CHECK (attempt >= 1),"
    "  session INTEGER REFERENCES session,"
    "  class TEXT NOT NULL"
    "    CHECK (class IN ('none', 'ok', 'exit', 'signal', 'timeout', 'oom', 'nonfinite', "
    "'protocol',"
    "                     'output_flood', 'spawn', 'stopped', 'interrupted')),"
    "  exit_code INTEGER,"
    "  signal INTEGER,"
    "  bits INTEGER NOT NULL,"
    "  value REAL,"
    "  wall_s REAL,"
    "  cpu_s REAL,"
    "  peak_mib REAL,"
    "  steps INTEGER,"
    "  flops REAL,"
    "  started INTEGER,"
    "  ended INTEGER,"
    "  detail TEXT,"
    "  argv TEXT,"
    "  limits TEXT,"
    "  usage TEXT,"
    "  UNIQUE (experiment, variant, seed, attempt)"
    ") STRICT",
    "INSERT INTO run_2 (id, experiment, variant, seed, attempt, session, class, exit_code, signal,"
    " bits, value, wall_s, cpu_s, peak_mib, steps, started, ended, detail, argv, limits, usage)"
    " SELECT id, experiment, 'own', seed, attempt, session, class, exit_code, signal,"
    " bits, value, wall_s, cpu_s, peak_mib, steps, started, ended, detail, argv, limits, usage"
    " FROM run ORDER BY id",
    "DROP TABLE run",
    "ALTER TABLE run_2 RENAME TO run",
    "CREATE UNIQUE INDEX one_ok ON run (experiment, variant, seed) WHERE class = 'ok'",

    "CREATE TABLE pair_2 ("
    "  id INTEGER PRIMARY KEY,"
    "  experiment INTEGER NOT NULL REFERENCES experiment,"
    "  against INTEGER REFERENCES experiment,"
    "  idx INTEGER NOT NULL CHECK (idx >= 0),"
    "  seed INTEGER NOT NULL,"
    "  test INTEGER NOT NULL CHECK (test >= 0),"
    "  after INTEGER NOT NULL CHECK (after >= 0),"
    "  CHECK ((against IS NULL) = (test = 0))"
    ") STRICT",
    "INSERT INTO pair_2 (id, experiment, against, idx, seed, test, after)"
    " SELECT id, experiment, against, idx, seed, CASE"
    " WHEN against IS NULL THEN 0"
    " WHEN against = ifnull((SELECT d.against FROM decision d WHERE d.experiment = p.experiment),"
    "   (SELECT l.against FROM pair l WHERE l.experiment = p.experiment ORDER BY l.id DESC LIMIT "
    "1))"
    " THEN 2 * experiment ELSE 4 * id + 3 END,"
    " ifnull((SELECT max(d.number) FROM decision d WHERE d.experiment < p.experiment), 0)"
    " FROM pair p ORDER BY id",
    "DROP TABLE pair",
    "ALTER TABLE pair_2 RENAME TO pair",
    "CREATE UNIQUE INDEX pair_index ON pair (experiment, test, idx)",
    "CREATE UNIQUE INDEX pair_seed ON pair (seed) WHERE test > 0",

    "CREATE TABLE decision_2 ("
    "  number INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL CHECK (kind IN ('head', 'verify', 'placebo', 'confirm')),"
    "  experiment INTEGER NOT NULL REFERENCES experiment,"
    "  against INTEGER REFERENCES experiment,"
    "  test INTEGER NOT NULL CHECK (test >= 0),"
    "  verdict TEXT NOT NULL CHECK (verdict IN ('keep', 'revert', 'failed')),"
    "  verified INTEGER NOT NULL CHECK (verified IN (0, 1)),"
    "  alpha REAL,"
    "  n INTEGER NOT NULL,"
    "  mean REAL,"
    "  low REAL,"
    "  high REAL,"
    "  z REAL,"
    "  sd REAL,"
    "  df REAL,"
    "  reason TEXT,"
    "  incumbent INTEGER REFERENCES experiment,"
    "  head INTEGER REFERENCES experiment,"
    "  body TEXT"
    ") STRICT",
    "INSERT INTO decision_2 (number, kind, experiment, against, test, verdict, verified, alpha, n,"
    " mean, low, high, z, sd, df, reason, incumbent, head, body)"
    " SELECT number, kind, experiment, against, iif(against IS NULL, 0, 2 * experiment), verdict,"
    " verified, alpha, n, mean, low, high, z, sd, df, reason, incumbent, incumbent, body"
    " FROM decision ORDER BY number",
    "DROP TABLE decision",
    "ALTER TABLE decision_2 RENAME TO decision",
    "CREATE TRIGGER decision_stays BEFORE UPDATE ON decision"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is never changed'); END",
    "CREATE TRIGGER decision_remains BEFORE DELETE ON decision"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is never deleted'); END",

    "CREATE TABLE closing ("
    "  after INTEGER PRIMARY KEY,"
    "  placebo INTEGER NOT NULL CHECK (placebo IN (0, 1))"
    ") STRICT",

    /* Seeds and tests were numbered otherwise: it can be read, and not gone on with. */
    "INSERT INTO meta (key, value) VALUES ('rules', '1')",
    NULL,
};

/* Version 3 tells every row in the log.  What it held before are remarks now. */
static const char *const to_3[] = {
    /* Two tables may hold more words than before. */
    "CREATE TABLE decision_3 ("
    "  number INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL"
    "    CHECK (kind IN ('head', 'verify', 'placebo', 'confirm', 'hypothesis')),"
    "  experiment INTEGER NOT NULL REFERENCES experiment,"
    "  against INTEGER REFERENCES experiment,"
    "  test INTEGER NOT NULL CHECK (test >= 0),"
    "  verdict TEXT NOT NULL CHECK (verdict IN ('keep', 'revert', 'failed')),"
    "  verified INTEGER NOT NULL CHECK (verified IN (0, 1)),"
    "  alpha REAL,"
    "  n INTEGER NOT NULL,"
    "  mean REAL,"
    "  low REAL,"
    "  high REAL,"
    "  z REAL,"
    "  sd REAL,"
    "  df REAL,"
    "  reason TEXT,"
    "  incumbent INTEGER REFERENCES experiment,"
    "  head INTEGER REFERENCES experiment,"
    "  body TEXT"
    ") STRICT",
    "INSERT INTO decision_3 SELECT * FROM decision ORDER BY number",
    "DROP TABLE decision",
    "ALTER TABLE decision_3 RENAME TO decision",
    "CREATE TRIGGER decision_stays BEFORE UPDATE ON decision"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is never changed'); END",
    "CREATE TRIGGER decision_remains BEFORE DELETE ON decision"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is never deleted'); END",
    "CREATE TRIGGER decision_follows BEFORE INSERT ON decision"
    "  WHEN NEW.number IS NOT (SELECT ifnull(max(number), 0) + 1 FROM decision)"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is only ever appended'); END",
    "DROP TRIGGER event_stays",
    "DROP TRIGGER event_remains",
    "ALTER TABLE event RENAME TO event_2",
    "CREATE TABLE event ("
    "  seq INTEGER PRIMARY KEY,"
    "  number INTEGER,"
    "  experiment INTEGER REFERENCES experiment,"
    "  row INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32)"
    ") STRICT",
    "CREATE UNIQUE INDEX event_number ON event (number) WHERE number IS NOT NULL",
    "CREATE TRIGGER event_stays BEFORE UPDATE ON event"
    "  BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END",
    "CREATE TRIGGER event_remains BEFORE DELETE ON event"
    "  BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END",
    "CREATE TRIGGER event_follows BEFORE INSERT ON event"
    "  WHEN NEW.seq IS NOT (SELECT ifnull(max(seq), 0) + 1 FROM event)"
    "  BEGIN SELECT RAISE(ABORT, 'an event is only ever appended'); END",

    "CREATE TABLE experiment_3 ("
    "  id INTEGER PRIMARY KEY,"
    "  purpose TEXT NOT NULL"
    "    CHECK (purpose IN ('baseline', 'proposal', 'placebo', 'enqueued', 'hypothesis')),"
    "  config TEXT NOT NULL,"
    "  sha TEXT NOT NULL,"
    "  against INTEGER REFERENCES experiment,"
    "  steps INTEGER,"
    "  remark TEXT,"
    "  created INTEGER,"
    "  source TEXT"
    ") STRICT",
    "INSERT INTO experiment_3 (id, purpose, config, sha, against, steps, remark, created)"
    " SELECT id, purpose, config, sha, against, steps, remark, created FROM experiment ORDER BY id",
    "DROP TABLE experiment",
    "ALTER TABLE experiment_3 RENAME TO experiment",
    "CREATE TABLE answer ("
    "  id INTEGER PRIMARY KEY,"
    "  experiment INTEGER NOT NULL CHECK (experiment > 1),"
    "  text TEXT,"
    "  refusal TEXT,"
    "  source TEXT,"
    "  CHECK (text IS NOT NULL OR refusal IS NOT NULL)"
    ") STRICT",
    "CREATE UNIQUE INDEX one_taken ON answer (experiment) WHERE refusal IS NULL",
    "CREATE TRIGGER answer_stays BEFORE UPDATE ON answer"
    "  BEGIN SELECT RAISE(ABORT, 'an answer is never changed'); END",
    "CREATE TRIGGER answer_remains BEFORE DELETE ON answer"
    "  BEGIN SELECT RAISE(ABORT, 'an answer is never deleted'); END",
    "CREATE TABLE curve ("
    "  run INTEGER NOT NULL REFERENCES run,"
    "  name TEXT NOT NULL,"
    "  idx INTEGER NOT NULL CHECK (idx >= 0),"
    "  progress REAL,"
    "  step REAL,"
    "  value REAL NOT NULL,"
    "  PRIMARY KEY (run, name, idx),"
    "  CHECK ((progress IS NULL) <> (step IS NULL))"
    ") STRICT, WITHOUT ROWID",
    NULL,
};

/* Version 4 keeps what repeats itself once: the same texts, told by the same events. */
static const char *const to_4[] = {
    "CREATE TABLE pattern ("
    "  id INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL,"
    "  text TEXT NOT NULL"
    ") STRICT",
    "CREATE TRIGGER pattern_stays BEFORE UPDATE ON pattern"
    "  BEGIN SELECT RAISE(ABORT, 'a pattern is never changed'); END",
    "CREATE TRIGGER pattern_remains BEFORE DELETE ON pattern"
    "  BEGIN SELECT RAISE(ABORT, 'a pattern is never deleted'); END",

    "CREATE TABLE run_4 ("
    "  id INTEGER PRIMARY KEY,"
    "  experiment INTEGER NOT NULL REFERENCES experiment,"
    "  variant TEXT NOT NULL"
    "    CHECK (variant IN ('own', 'repeat', 'neighbour', 'salted')),"
    "  seed INTEGER NOT NULL,"
    "  attempt INTEGER NOT NULL CHECK (attempt >= 1),"
    "  session INTEGER REFERENCES session,"
    "  class TEXT NOT NULL"
    "    CHECK (class IN ('none', 'ok', 'exit', 'signal', 'timeout', 'oom', 'nonfinite', "
    "'protocol',"
    "                     'output_flood', 'spawn', 'stopped', 'interrupted')),"
    "  exit_code INTEGER,"
    "  signal INTEGER,"
    "  bits INTEGER NOT NULL,"
    "  value REAL,"
    "  wall_s REAL,"
    "  cpu_s REAL,"
    "  peak_mib REAL,"
    "  steps INTEGER,"
    "  flops REAL,"
    "  started INTEGER,"
    "  ended INTEGER,"
    "  detail TEXT,"
    "  argv ANY,"
    "  limits ANY,"
    "  usage ANY,"
    "  UNIQUE (experiment, variant, seed, attempt)"
    ") STRICT",
    "INSERT INTO run_4 SELECT id, experiment, variant, seed, attempt, session, class, exit_code,"
    " signal, bits, value, wall_s, cpu_s, peak_mib, steps, flops, started, ended, detail,"
    " packed('argv', argv), packed('limits', limits), packed('usage', usage) FROM run ORDER BY id",
    "DROP TABLE run",
    "ALTER TABLE run_4 RENAME TO run",
    "CREATE UNIQUE INDEX one_ok ON run (experiment, variant, seed) WHERE class = 'ok'",

    "CREATE TABLE decision_4 ("
    "  number INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL"
    "    CHECK (kind IN ('head', 'verify', 'placebo', 'confirm', 'hypothesis')),"
    "  experiment INTEGER NOT NULL REFERENCES experiment,"
    "  against INTEGER REFERENCES experiment,"
    "  test INTEGER NOT NULL CHECK (test >= 0),"
    "  verdict TEXT NOT NULL CHECK (verdict IN ('keep', 'revert', 'failed')),"
    "  verified INTEGER NOT NULL CHECK (verified IN (0, 1)),"
    "  alpha REAL,"
    "  n INTEGER NOT NULL,"
    "  mean REAL,"
    "  low REAL,"
    "  high REAL,"
    "  z REAL,"
    "  sd REAL,"
    "  df REAL,"
    "  reason TEXT,"
    "  incumbent INTEGER REFERENCES experiment,"
    "  head INTEGER REFERENCES experiment,"
    "  body ANY"
    ") STRICT",
    "INSERT INTO decision_4 SELECT number, kind, experiment, against, test, verdict, verified,"
    " alpha, n, mean, low, high, z, sd, df, reason, incumbent, head, packed('body', body)"
    " FROM decision ORDER BY number",
    "DROP TABLE decision",
    "ALTER TABLE decision_4 RENAME TO decision",
    "CREATE TRIGGER decision_stays BEFORE UPDATE ON decision"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is never changed'); END",
    "CREATE TRIGGER decision_remains BEFORE DELETE ON decision"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is never deleted'); END",
    "CREATE TRIGGER decision_follows BEFORE INSERT ON decision"
    "  WHEN NEW.number IS NOT (SELECT ifnull(max(number), 0) + 1 FROM decision)"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is only ever appended'); END",

    "INSERT INTO pattern (kind, text) SELECT 'ref', ref FROM outbox GROUP BY ref ORDER BY min(id)",
    "CREATE TABLE outbox_4 ("
    "  id INTEGER PRIMARY KEY,"
    "  decision INTEGER NOT NULL REFERENCES decision,"
    "  ref INTEGER NOT NULL REFERENCES pattern,"
    "  parent BLOB NOT NULL CHECK (length(parent) IN (0, 20)),"
    "  tree BLOB NOT NULL CHECK (length(tree) = 20),"
    "  commit_id BLOB NOT NULL CHECK (length(commit_id) = 20),"
    "  done INTEGER NOT NULL CHECK (done IN (0, 1)),"
    "  UNIQUE (decision, ref)"
    ") STRICT",
    "INSERT INTO outbox_4 SELECT id, decision,"
    " (SELECT p.id FROM pattern p WHERE p.kind = 'ref' AND p.text = outbox.ref), from_hex(parent),"
    " from_hex(tree), from_hex(commit_id), done FROM outbox ORDER BY id",
    "CREATE TABLE intent ("
    "  outbox INTEGER PRIMARY KEY REFERENCES outbox,"
    "  bytes BLOB NOT NULL"
    ") STRICT",
    "INSERT INTO intent SELECT id, bytes FROM outbox WHERE NOT done ORDER BY id",
    "DROP TABLE outbox",
    "ALTER TABLE outbox_4 RENAME TO outbox",
    "CREATE TRIGGER outbox_stays"
    "  BEFORE UPDATE OF id, decision, ref, parent, tree, commit_id ON outbox"
    "  BEGIN SELECT RAISE(ABORT, 'a planned commit is never changed'); END",
    "CREATE TRIGGER outbox_remains BEFORE DELETE ON outbox"
    "  BEGIN SELECT RAISE(ABORT, 'a planned commit is never deleted'); END",
    "CREATE TRIGGER intent_stays BEFORE UPDATE ON intent"
    "  BEGIN SELECT RAISE(ABORT, 'an intent is never changed'); END",
    "CREATE TRIGGER intent_remains BEFORE DELETE ON intent"
    "  WHEN NOT (SELECT done FROM outbox WHERE id = OLD.outbox)"
    "  BEGIN SELECT RAISE(ABORT, 'an intent stands until its commit is published'); END",

    "CREATE TABLE event_4 ("
    "  seq INTEGER PRIMARY KEY,"
    "  number INTEGER,"
    "  experiment INTEGER REFERENCES experiment,"
    "  row INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32),"
    "  sha BLOB CHECK (length(sha) = 32)"
    ") STRICT",
    "INSERT INTO event_4 SELECT seq, number, experiment, row, time, kind,"
    " iif(long, substr(text, 1, length(text) - 65), text), hash,"
    " iif(long, from_hex(substr(text, -64)), NULL)"
    " FROM (SELECT *, length(text) > 65 AND substr(text, -65, 1) = ' '"
    "       AND lower(hex(from_hex(substr(text, -64)))) = substr(text, -64) AS long FROM event)"
    " ORDER BY seq",
    "DROP TABLE event",
    "ALTER TABLE event_4 RENAME TO event",
    "CREATE UNIQUE INDEX event_number ON event (number) WHERE number IS NOT NULL",
    "CREATE TRIGGER event_stays BEFORE UPDATE ON event"
    "  BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END",
    "CREATE TRIGGER event_remains BEFORE DELETE ON event"
    "  BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END",
    "CREATE TRIGGER event_follows BEFORE INSERT ON event"
    "  WHEN NEW.seq IS NOT (SELECT ifnull(max(seq), 0) + 1 FROM event)"
    "  BEGIN SELECT RAISE(ABORT, 'an event is only ever appended'); END",
    NULL,
};

/* By the version that each leads to. */
static const char *const *const migrations[SCHEMA_VERSION + 1] = {
    [2] = to_2, [3] = to_3, [4] = to_4};

/* --- the copy before it ---------------------------------------------------------------------- */

/* Everything in one step: the writer of an old record is us, or nobody. */
static int copy_pages(sqlite3 *to, struct store *store, const char *path, struct err *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", store->db, "main");
    int rc = backup == NULL ? sqlite3_errcode(to) : sqlite3_backup_step(backup, -1);

    if (backup != NULL)
        sqlite3_backup_finish(backup);
    if (rc == SQLITE_DONE)
        return 0;
    return err_environment(err, "cannot copy the record '%s' to '%s': %s", store->path, path,
                           sqlite3_errstr(rc));
}

static int make_empty(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_sys(err, "cannot make '%s'", path);
    close(fd);
    return 0;
}

static int write_copy(struct store *store, const char *path, struct err *err)
{
    sqlite3 *copy = NULL;
    int rc = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL);

    if (rc != SQLITE_OK)
        rc = err_environment(err, "cannot write '%s': %s", path, sqlite3_errstr(rc));
    else
        rc = copy_pages(copy, store, path, err);
    sqlite3_close(copy);
    return rc;
}

static int sync_file(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return err_sys(err, "cannot open '%s'", path);
    int rc = fsync(fd) != 0 ? err_sys(err, "cannot sync '%s'", path) : 0;
    close(fd);
    return rc;
}

static int rename_synced(const char *from, const char *to, struct err *err)
{
    char *dir = path_dir(to);
    int rc = rename(from, to) != 0 ? err_sys(err, "cannot make '%s'", to) : file_sync_dir(dir, err);

    free(dir);
    return rc;
}

int store_backup(struct store *store, const char *path, struct err *err)
{
    char *part = mem_printf("%s.new", path);
    int rc = file_remove(part, err);

    if (rc == 0)
        rc = make_empty(part, err);
    if (rc == 0)
        rc = write_copy(store, part, err);
    if (rc == 0)
        rc = sync_file(part, err);
    if (rc == 0)
        rc = rename_synced(part, path, err);
    free(part);
    return rc;
}

int store_copy_to_memory(struct store *store, struct store *of, struct err *err)
{
    sqlite3 *memory = NULL;
    int rc =
        sqlite3_open_v2(":memory:", &memory, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NULL);

    if (rc != SQLITE_OK)
        rc = err_environment(err, "record '%s': %s", store->path, sqlite3_errstr(rc));
    else
        rc = copy_pages(memory, of, "memory", err);
    if (rc != 0) {
        sqlite3_close(memory);
        return -1;
    }
    store_exchange(store, memory);
    return 0;
}

/* --- the way up ------------------------------------------------------------------------------ */

static int check_references(struct store *store, struct err *err)
{
    struct query q;

    query_begin(&q, store, "PRAGMA foreign_key_check");
    int row = query_next(&q, err);
    if (row <= 0)
        return row;
    query_end(&q);
    return err_integrity(err, "record '%s' has rows that point to rows that are not there",
                         store->path);
}

/* What stood in the log before are remarks now, and then all rows are told of. */
static int begin_log_anew(struct store *store, struct err *err)
{
    static const char *const drop[] = {"DROP TABLE event_2", NULL};
    struct query q;
    int row;

    query_begin(&q, store,
                "SELECT kind, experiment, text FROM event_2 WHERE kind NOT IN ('begun', 'decided')"
                " ORDER BY seq");
    while ((row = query_next(&q, err)) == 1) {
        char *kind = query_get_text(&q);
        int64_t experiment = query_get_known(&q, 0);
        char *text = query_get_text(&q);
        bool inputs = strcmp(kind, "inputs") == 0;
        int rc = store_event(store, inputs ? "changed" : kind, experiment, text, err);
        free(kind);
        free(text);
        if (rc != 0) {
            query_end(&q);
            return -1;
        }
    }
    if (row < 0 || event_tell_all(store, err) != 0)
        return -1;
    return store_execute(store, drop, err);
}

static int climb(struct store *store, int version, struct err *err)
{
    char *done = mem_printf("PRAGMA user_version = %d", SCHEMA_VERSION);
    char *text = mem_printf("from version %d", version);
    const char *const end[] = {done, NULL};
    int rc = 0;

    for (int v = 2; rc == 0 && v <= SCHEMA_VERSION; v++)
        if (v > version)
            rc = store_execute(store, migrations[v], err);
    if (rc == 0)
        rc = store_event(store, "migrated", 0, text, err);
    if (rc == 0 && version < 3)
        rc = begin_log_anew(store, err);
    if (rc == 0)
        rc = check_references(store, err);
    if (rc == 0)
        rc = store_execute(store, end, err);
    free(text);
    free(done);
    return rc;
}

int store_migrate(struct store *store, int version, struct err *err)
{
    static const char *const begin[] = {"PRAGMA foreign_keys = OFF", "BEGIN EXCLUSIVE", NULL};
    static const char *const end[] = {"COMMIT", NULL};
    static const char *const after[] = {"PRAGMA foreign_keys = ON", NULL};
    int rc = store_execute(store, begin, err);

    if (rc == 0)
        rc = climb(store, version, err);
    if (rc == 0)
        rc = store_execute(store, end, err);
    if (rc != 0) {
        store_rollback(store);
        return err_wrap(err, "from version %d to %d", version, SCHEMA_VERSION);
    }
    return store_execute(store, after, err);
}
