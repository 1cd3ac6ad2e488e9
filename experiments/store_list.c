/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that hang on a run, a session or the study: texts, metrics, artifacts, events, the queue. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event.h"
#include "mem.h"
#include "query.h"
#include "store.h"

int store_get(struct store *store, char **out, const char *key, struct err *err)
{
    struct query q;

    *out = NULL;
    query_begin(&q, store, "SELECT value FROM meta WHERE key = ?");
    query_put_text(&q, key);
    int row = query_next(&q, err);
    if (row == 1) {
        *out = query_get_text(&q);
        query_end(&q);
    }
    return row < 0 ? -1 : 0;
}

int store_set(struct store *store, const char *key, const char *text, struct err *err)
{
    struct query q;

    query_begin(&q, store,
                "INSERT INTO meta (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    query_put_text(&q, key);
    query_put_text(&q, text);
    return query_run(&q, err) != 0 ? err_wrap(err, "'%s'", key) : 0;
}

/* --- metrics -------------------------------------------------------------------------------- */

int store_add_metric(struct store *store, int64_t run, const struct metric *metric, struct err *err)
{
    struct query q;

    query_begin(&q, store, "INSERT INTO metric (run, name, bits, value) VALUES (?, ?, ?, ?)");
    query_put_int(&q, run);
    query_put_text(&q, metric->name);
    query_put_bits(&q, metric->value);
    if (query_run(&q, err) == 0)
        return 0;
    return err_wrap(err, "metric '%s' of run %lld", metric->name, (long long)run);
}

int store_metrics(struct store *store, struct metric **out, size_t *n, int64_t run, bool with_test,
                  struct err *err)
{
    struct query q;
    int row;

    *out = NULL;
    *n = 0;
    query_begin(&q, store,
                "SELECT name, bits FROM metric WHERE run = ? AND (? OR name <> 'test_loss')"
                " ORDER BY name");
    query_put_int(&q, run);
    query_put_int(&q, with_test);
    while ((row = query_next(&q, err)) == 1) {
        *out = mem_room(*out, *n, sizeof **out);
        struct metric *metric = &(*out)[(*n)++];
        metric->name = query_get_text(&q);
        metric->value = query_get_bits(&q);
    }
    if (row < 0) {
        metrics_free(*out, *n);
        *out = NULL;
        *n = 0;
    }
    return row;
}

void metrics_free(struct metric *metrics, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(metrics[i].name);
    free(metrics);
}

/* --- artifacts ------------------------------------------------------------------------------ */

int store_add_artifact(struct store *store, const struct artifact *artifact, struct err *err)
{
    struct query q;

    query_begin(&q, store,
                "INSERT INTO artifact (run, path, sha, bytes) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (ifnull(run, 0), path)"
                " DO UPDATE SET sha = excluded.sha, bytes = excluded.bytes");
    query_put_known(&q, artifact->run, 0);
    query_put_text(&q, artifact->path);
    query_put_text(&q, artifact->sha);
    query_put_int(&q, artifact->bytes);
    return query_run(&q, err) != 0 ? err_wrap(err, "artifact '%s'", artifact->path) : 0;
}

int store_forget_inputs(struct store *store, struct err *err)
{
    struct query q;

    query_begin(&q, store, "DELETE FROM artifact WHERE run IS NULL");
    return query_run(&q, err) != 0 ? err_wrap(err, "inputs") : 0;
}

int store_artifacts(struct store *store, struct artifact **out, size_t *n, int64_t run,
                    struct err *err)
{
    struct query q;
    int row;

    *out = NULL;
    *n = 0;
    query_begin(&q, store,
                "SELECT path, sha, bytes FROM artifact WHERE ifnull(run, 0) = ? ORDER BY id");
    query_put_int(&q, run);
    while ((row = query_next(&q, err)) == 1) {
        *out = mem_room(*out, *n, sizeof **out);
        struct artifact *artifact = &(*out)[(*n)++];
        artifact->run = run;
        artifact->path = query_get_text(&q);
        query_get_fixed(&q, artifact->sha, sizeof artifact->sha);
        artifact->bytes = query_get_int(&q);
    }
    if (row < 0) {
        artifacts_free(*out, *n);
        *out = NULL;
        *n = 0;
    }
    return row;
}

void artifacts_free(struct artifact *artifacts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(artifacts[i].path);
    free(artifacts);
}

/* --- sessions ------------------------------------------------------------------------------- */

int store_add_session(struct store *store, int64_t *out, const char *environment, struct err *err)
{
    struct query q;

    query_begin(&q, store, "INSERT INTO session (environment, started) VALUES (?, ?)");
    query_put_text(&q, environment);
    query_put_int(&q, (int64_t)time(NULL));
    if (query_run(&q, err) != 0)
        return err_wrap(err, "session");
    *out = sqlite3_last_insert_rowid(store->db);
    return event_tell(store, "session", *out, err);
}

int store_session(struct store *store, char **out, struct err *err)
{
    struct query q;

    *out = NULL;
    query_begin(&q, store, "SELECT environment FROM session ORDER BY id DESC LIMIT 1");
    int row = query_next(&q, err);
    if (row == 1) {
        *out = query_get_text(&q);
        query_end(&q);
    }
    return row < 0 ? -1 : 0;
}

int store_environment(struct store *store, char **out, int64_t run, struct err *err)
{
    struct query q;

    *out = NULL;
    query_begin(&q, store,
                "SELECT environment FROM run JOIN session ON session.id = run.session"
                " WHERE run.id = ?");
    query_put_int(&q, run);
    int row = query_next(&q, err);
    if (row == 1) {
        *out = query_get_text(&q);
        query_end(&q);
    }
    return row < 0 ? -1 : 0;
}

/* --- the queue ------------------------------------------------------------------------------ */

int store_enqueue(struct store *store, const char *config, struct err *err)
{
    struct query q;

    query_begin(&q, store, "INSERT INTO queue (config, taken) VALUES (?, 0)");
    query_put_text(&q, config);
    if (query_run(&q, err) != 0)
        return err_wrap(err, "queue");
    return event_tell(store, "enqueued", sqlite3_last_insert_rowid(store->db), err);
}

int store_next_enqueued(struct store *store, int64_t *id, char **config, struct err *err)
{
    struct query q;

    *id = 0;
    *config = NULL;
    query_begin(&q, store, "SELECT id, config FROM queue WHERE taken = 0 ORDER BY id LIMIT 1");
    int row = query_next(&q, err);
    if (row == 1) {
        *id = query_get_int(&q);
        *config = query_get_text(&q);
        query_end(&q);
    }
    return row < 0 ? -1 : 0;
}

int store_take_enqueued(struct store *store, int64_t id, int64_t experiment, struct err *err)
{
    struct query q;

    query_begin(&q, store, "UPDATE queue SET taken = 1, experiment = ? WHERE id = ? AND taken = 0");
    query_put_known(&q, experiment, 0);
    query_put_int(&q, id);
    if (query_run(&q, err) != 0)
        return err_wrap(err, "queue");
    if (sqlite3_changes(store->db) != 1)
        return err_integrity(err, "record '%s': nothing waits in the queue as number %lld",
                             store->path, (long long)id);
    return event_tell(store, "taken", id, err);
}
