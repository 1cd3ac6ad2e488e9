/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events: append-only, each sealed with the hash of the one before. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"
#include "query.h"
#include "store.h"

/* Over the hash before it, number, experiment, kind and text; times stay outside, they depend on
 * the night. */
static void event_hash(char out[SHA256_TEXT], const char *before, int64_t seq, int64_t experiment,
                       const char *kind, const char *text)
{
    struct str line = {0};

    str_addf(&line, "%s\n%lld\n%lld\n%s\n%s\n", before, (long long)seq, (long long)experiment, kind,
             text);
    sha256_bytes(out, line.at, line.len);
    str_clear(&line);
}

/* The number and hash of the newest event; 0 and "" before the first. */
static int last_event(struct store *store, int64_t *seq, char hash[SHA256_TEXT], struct err *err)
{
    struct query q;

    *seq = 0;
    hash[0] = '\0';
    query_begin(&q, store, "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1");
    int row = query_next(&q, err);
    if (row == 1) {
        *seq = query_get_int(&q);
        query_get_fixed(&q, hash, SHA256_TEXT);
        query_end(&q);
    }
    return row < 0 ? -1 : 0;
}

int store_event(struct store *store, const char *kind, int64_t experiment, const char *text,
                struct err *err)
{
    char before[SHA256_TEXT], hash[SHA256_TEXT];
    int64_t seq;
    struct query q;

    if (last_event(store, &seq, before, err) != 0)
        return -1;
    event_hash(hash, before, ++seq, experiment, kind, text);
    query_begin(&q, store,
                "INSERT INTO event (seq, experiment, time, kind, text, hash)"
                " VALUES (?, ?, ?, ?, ?, ?)");
    query_put_int(&q, seq);
    query_put_known(&q, experiment, 0);
    query_put_int(&q, (int64_t)time(NULL));
    query_put_text(&q, kind);
    query_put_text(&q, text);
    query_put_text(&q, hash);
    return query_run(&q, err) != 0 ? err_wrap(err, "event '%s'", kind) : 0;
}

int store_events(struct store *store, struct event **out, size_t *n, struct err *err)
{
    struct query q;
    int row;

    *out = NULL;
    *n = 0;
    query_begin(&q, store, "SELECT seq, experiment, time, kind, text FROM event ORDER BY seq");
    while ((row = query_next(&q, err)) == 1) {
        *out = mem_room(*out, *n, sizeof **out);
        struct event *event = &(*out)[(*n)++];
        event->seq = query_get_int(&q);
        event->experiment = query_get_known(&q, 0);
        event->time = query_get_int(&q);
        event->kind = query_get_text(&q);
        event->text = query_get_text(&q);
    }
    if (row < 0) {
        events_free(*out, *n);
        *out = NULL;
        *n = 0;
    }
    return row;
}

void events_free(struct event *events, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(events[i].kind);
        free(events[i].text);
    }
    free(events);
}

/* Numbers without a gap, and every hash the one that its row gives. */
int store_check_events(struct store *store, struct err *err)
{
    char hash[SHA256_TEXT] = "", stored[SHA256_TEXT];
    int64_t expected = 0;
    struct query q;
    int row;

    query_begin(&q, store, "SELECT seq, experiment, kind, text, hash FROM event ORDER BY seq");
    while ((row = query_next(&q, err)) == 1) {
        int64_t seq = query_get_int(&q), experiment = query_get_known(&q, 0);
        char *kind = query_get_text(&q), *text = query_get_text(&q);
        query_get_fixed(&q, stored, sizeof stored);
        event_hash(hash, hash, seq, experiment, kind, text);
        free(kind);
        free(text);
        if (seq != ++expected || strcmp(hash, stored) != 0) {
            query_end(&q);
            return err_integrity(err, "record '%s': event %lld was changed or is missing",
                                 store->path, (long long)expected);
        }
    }
    return row;
}
