/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events: append-only, each sealed with the hashes of those before (event.h). */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event.h"
#include "event_kind.h"
#include "mem.h"
#include "query.h"

void event_hash(char out[SHA256_TEXT], const struct event *event, const char *study,
                const char *night)
{
    struct str line = {0};
    bool own = event->number > 0;

    str_add(&line, study);
    if (!own)
        str_addf(&line, " %s", night);
    str_addf(&line, "\n%lld\n%lld\n%s\n%lld\n%s\n", (long long)(own ? event->number : event->seq),
             (long long)event->experiment, event->kind, (long long)event->row, event->text);
    sha256_bytes(out, line.at, line.len);
    str_clear(&line);
}

/* --- appending ------------------------------------------------------------------------------ */

/* Where both chains stand. */
struct ends {
    int64_t seq, number;
    char study[SHA256_TEXT], night[SHA256_TEXT];
};

static int read_end(struct store *store, const char *sql, int64_t *at, char hash[SHA256_TEXT],
                    struct err *err)
{
    struct query q;

    *at = 0;
    hash[0] = '\0';
    query_begin(&q, store, sql);
    int row = query_next(&q, err);
    if (row == 1) {
        *at = query_get_int(&q);
        query_get_fixed(&q, hash, SHA256_TEXT);
        query_end(&q);
    }
    return row < 0 ? -1 : 0;
}

/* The night's own is looked for only where it is needed: behind a long row of the study's events it
 * is far. */
static int read_ends(struct ends *out, struct store *store, bool study, struct err *err)
{
    char ignored[SHA256_TEXT];
    int64_t seq;

    if (read_end(store, "SELECT seq, '' FROM event ORDER BY seq DESC LIMIT 1", &out->seq, ignored,
                 err) != 0)
        return -1;
    if (read_end(store,
                 "SELECT number, lower(hex(hash)) FROM event WHERE number IS NOT NULL"
                 " ORDER BY number DESC LIMIT 1",
                 &out->number, out->study, err) != 0)
        return -1;
    out->night[0] = '\0';
    if (study)
        return 0;
    return read_end(store,
                    "SELECT seq, lower(hex(hash)) FROM event WHERE number IS NULL"
                    " ORDER BY seq DESC LIMIT 1",
                    &seq, out->night, err);
}

/* Where the last word of a text begins, if that is a SHA-256 and not the only one; NULL. */
static const char *last_sha(const char *text)
{
    const size_t len = strlen(text), digits = SHA256_TEXT - 1;
    const char *sha = text + len - digits;

    if (len <= digits + 1 || sha[-1] != ' ' || strspn(sha, "0123456789abcdef") != digits)
        return NULL;
    return sha;
}

static int insert(struct store *store, const struct event *event, struct err *err)
{
    const char *sha = last_sha(event->text);
    struct query q;

    query_begin(&q, store,
                "INSERT INTO event (seq, number, experiment, row, time, kind, sha, text, hash)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_put_int(&q, event->seq);
    query_put_known(&q, event->number, 0);
    query_put_known(&q, event->experiment, 0);
    query_put_int(&q, event->row);
    query_put_int(&q, (int64_t)time(NULL));
    query_put_text(&q, event->kind);
    if (sha != NULL)
        query_put_hex(&q, sha);
    else
        query_put_text(&q, NULL);
    query_put_textn(&q, event->text, sha != NULL ? (size_t)(sha - 1 - event->text) : SIZE_MAX);
    query_put_hex(&q, event->hash);
    return query_run(&q, err) != 0 ? err_wrap(err, "event '%s'", event->kind) : 0;
}

/* Fills in seq, number and hash. */
static int append(struct store *store, struct event *event, bool study, struct err *err)
{
    struct ends ends;

    if (read_ends(&ends, store, study, err) != 0)
        return -1;
    event->seq = ends.seq + 1;
    event->number = study ? ends.number + 1 : 0;
    event_hash(event->hash, event, ends.study, ends.night);
    return insert(store, event, err);
}

int store_event(struct store *store, const char *kind, int64_t experiment, const char *text,
                struct err *err)
{
    char *words = mem_strdup(text), *name = mem_strdup(kind);
    struct event event = {.experiment = experiment, .kind = name, .text = words};
    int rc = append(store, &event, false, err);

    free(words);
    free(name);
    return rc;
}

int store_event_alone(struct store *store, const char *kind, int64_t experiment, const char *text,
                      struct err *err)
{
    if (store_begin(store, err) == 0 && store_event(store, kind, experiment, text, err) == 0 &&
        store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    return -1;
}

int event_words(char **out, int64_t *experiment, struct store *store, const struct event_kind *kind,
                int64_t row, struct err *err)
{
    struct query q;

    *out = NULL;
    *experiment = 0;
    query_begin(&q, store, kind->text);
    query_put_int(&q, row);
    int found = query_next(&q, err);
    if (found == 1) {
        *experiment = query_get_known(&q, 0);
        *out = query_get_text(&q);
        query_end(&q);
    }
    return found < 0 ? -1 : 0;
}

int event_tell(struct store *store, const char *name, int64_t row, struct err *err)
{
    const struct event_kind *kind = event_kind_find(name);
    struct event event = {.row = row, .kind = mem_strdup(name)};
    int rc = event_words(&event.text, &event.experiment, store, kind, row, err);

    if (rc == 0 && event.text == NULL)
        rc = err_integrity(err, "record '%s': nothing was '%s' as number %lld", store->path, name,
                           (long long)row);
    if (rc == 0)
        rc = append(store, &event, kind->study, err);
    free(event.kind);
    free(event.text);
    return rc;
}

int store_tell_begun(struct store *store, struct err *err)
{
    if (event_tell(store, "begun", 0, err) != 0)
        return -1;
    return store_tell_inputs(store, err);
}

int store_tell_inputs(struct store *store, struct err *err)
{
    return event_tell(store, "inputs", 0, err);
}

int store_tell_end(struct store *store, int64_t run, struct err *err)
{
    return event_tell(store, "ended", run, err);
}

int store_tell_decision(struct store *store, int64_t number, struct err *err)
{
    return event_tell(store, "decided", number, err);
}

/* The rows of a statement, all at once: what is told of them is written into another table. */
static int list_rows(int64_t **out, size_t *n, struct store *store, const char *sql,
                     struct err *err)
{
    struct query q;
    int row;

    *out = NULL;
    *n = 0;
    query_begin(&q, store, sql);
    while ((row = query_next(&q, err)) == 1) {
        *out = mem_room(*out, *n, sizeof **out);
        (*out)[(*n)++] = query_get_int(&q);
    }
    return row;
}

static int tell_rows(struct store *store, const char *kind, const char *sql, struct err *err)
{
    int64_t *rows;
    size_t n;
    int rc = list_rows(&rows, &n, store, sql, err);

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = event_tell(store, kind, rows[i], err);
    free(rows);
    return rc;
}

/* Decisions and ends of nights, in one order: a night ended after a decision. */
static int tell_decisions(struct store *store, struct err *err)
{
    static const char sql[] = "SELECT 2 * after + 1 AS at FROM closing"
                              " UNION ALL SELECT 2 * number FROM decision ORDER BY at";
    int64_t *at;
    size_t n;
    int rc = list_rows(&at, &n, store, sql, err);

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = event_tell(store, at[i] % 2 == 0 ? "decided" : "closed", at[i] / 2, err);
    free(at);
    return rc;
}

int event_tell_all(struct store *store, struct err *err)
{
    for (const struct event_kind *kind = event_kinds; kind->name != NULL; kind++) {
        if (strcmp(kind->name, "decided") == 0 || strcmp(kind->name, "closed") == 0)
            continue;
        if (tell_rows(store, kind->name, kind->rows, err) != 0)
            return -1;
    }
    return tell_decisions(store, err);
}

/* --- reading -------------------------------------------------------------------------------- */

static void read_event(struct event *out, struct query *q)
{
    out->seq = query_get_int(q);
    out->number = query_get_known(q, 0);
    out->experiment = query_get_known(q, 0);
    out->row = query_get_int(q);
    out->time = query_get_int(q);
    out->kind = query_get_text(q);
    out->text = query_get_text(q);
    query_get_fixed(q, out->hash, sizeof out->hash);
}

int event_each(struct store *store, event_seer *see, void *context, struct err *err)
{
    struct query q;
    int row, rc = 0;

    query_begin(&q, store,
                "SELECT seq, number, experiment, row, time, kind,"
                " iif(sha IS NULL, text, text || ' ' || lower(hex(sha))), lower(hex(hash))"
                " FROM event ORDER BY seq");
    while (rc == 0 && (row = query_next(&q, err)) != 0) {
        struct event event;
        if (row < 0)
            return -1;
        read_event(&event, &q);
        rc = see(context, &event, err);
        free(event.kind);
        free(event.text);
    }
    query_end(&q);
    return rc;
}
