/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "event_kind.h"
#include "mem.h"
#include "query.h"
#include "store_audit.h"

/* --- the log against the tables -------------------------------------------------------------- */

/* What the log told last of each row of one kind, by row: [n], NULL where it told nothing. */
struct told {
    char **text;
    int64_t *experiment;
    size_t n;
};

enum { KINDS_MAX = 32 };

struct fold {
    struct told kinds[KINDS_MAX];
    struct str *found;
};

static void grow(struct told *told, size_t n)
{
    size_t room = told->n > 0 ? told->n : 64;

    if (n <= told->n)
        return;
    while (room < n)
        room *= 2;
    told->text = mem_resize(told->text, room, sizeof *told->text);
    told->experiment = mem_resize(told->experiment, room, sizeof *told->experiment);
    memset(told->text + told->n, 0, (room - told->n) * sizeof *told->text);
    told->n = room;
}

/* Takes in one event; a row of an impossible number, or one that is told twice, is a finding. */
static int fold_event(void *context, const struct event *event, struct err *err)
{
    struct fold *fold = context;
    const struct event_kind *kind = event_kind_find(event->kind);

    (void)err;
    if (kind == NULL)
        return 0;
    struct told *told = &fold->kinds[kind - event_kinds];
    if (event->row < 0 || event->row > event->seq) {
        str_addf(fold->found, "event %lld tells of row %lld", (long long)event->seq,
                 (long long)event->row);
        return 1;
    }
    grow(told, (size_t)event->row + 1);
    char **text = &told->text[event->row];
    if (kind->once && *text != NULL) {
        str_addf(fold->found, "event %lld: row %lld was '%s' before", (long long)event->seq,
                 (long long)event->row, event->kind);
        return 1;
    }
    free(*text);
    *text = mem_strdup(event->text);
    told->experiment[event->row] = event->experiment;
    return 0;
}

/* Is the row as it was told last? */
static int compare_row(struct fold *fold, struct store *store, const struct event_kind *kind,
                       int64_t row, struct err *err)
{
    struct told *told = &fold->kinds[kind - event_kinds];
    bool known = row >= 0 && (size_t)row < told->n && told->text[row] != NULL;
    int64_t experiment;
    char *now;

    if (event_words(&now, &experiment, store, kind, row, err) != 0)
        return -1;
    if (!known)
        str_addf(fold->found, "the log does not say that number %lld was %s", (long long)row,
                 kind->name);
    else if (now == NULL || strcmp(now, told->text[row]) != 0 ||
             experiment != told->experiment[row])
        str_addf(fold->found, "what was %s as number %lld is not as it was recorded", kind->name,
                 (long long)row);
    free(now);
    if (known) {
        free(told->text[row]);
        told->text[row] = NULL; /* accounted for */
    }
    return 0;
}

/* What was told of and is not there any more. */
static void report_missing(struct fold *fold, const struct event_kind *kind)
{
    const struct told *told = &fold->kinds[kind - event_kinds];

    for (size_t row = 0; row < told->n && fold->found->len == 0; row++)
        if (told->text[row] != NULL)
            str_addf(fold->found, "what was %s as number %zu is gone", kind->name, row);
}

static int compare_kind(struct fold *fold, struct store *store, const struct event_kind *kind,
                        struct err *err)
{
    struct query q;
    int row = 0;

    query_begin(&q, store, kind->rows);
    while (fold->found->len == 0 && (row = query_next(&q, err)) == 1)
        if (compare_row(fold, store, kind, query_get_int(&q), err) != 0) {
            row = -1;
            break;
        }
    query_end(&q);
    if (row >= 0)
        report_missing(fold, kind);
    return row < 0 ? -1 : 0;
}

static void fold_clear(struct fold *fold)
{
    for (size_t k = 0; k < KINDS_MAX; k++) {
        for (size_t row = 0; row < fold->kinds[k].n; row++)
            free(fold->kinds[k].text[row]);
        free(fold->kinds[k].text);
        free(fold->kinds[k].experiment);
    }
}

int store_audit_log(struct store *store, struct str *found, struct err *err)
{
    struct fold fold = {.found = found};
    int rc = event_each(store, fold_event, &fold, err);

    rc = rc > 0 ? 0 : rc;
    for (const struct event_kind *kind = event_kinds; kind->name != NULL; kind++)
        if (rc == 0 && found->len == 0)
            rc = compare_kind(&fold, store, kind, err);
    fold_clear(&fold);
    return rc;
}

/* --- bits ------------------------------------------------------------------------------------ */

/* REAL gives NULL for NAN and 0.0 for -0.0, and any other double as it is. */
static bool says_the_same(double bits, double real)
{
    return isnan(bits) ? isnan(real) : bits == real;
}

static int audit_bits_of(struct store *store, const char *sql, struct str *found, struct err *err)
{
    struct query q;
    int row;

    query_begin(&q, store, sql);
    while ((row = query_next(&q, err)) == 1) {
        double bits = query_get_bits(&q), real = query_get_real(&q);
        if (says_the_same(bits, real))
            continue;
        char *what = query_get_text(&q);
        str_addf(found, "the value of %s is not what its bits say", what != NULL ? what : "?");
        free(what);
        query_end(&q);
        return 0;
    }
    return row;
}

int store_audit_bits(struct store *store, struct str *found, struct err *err)
{
    int rc = audit_bits_of(store, "SELECT bits, value, 'run ' || id FROM run", found, err);

    if (rc == 0 && found->len == 0)
        rc = audit_bits_of(store,
                           "SELECT bits, value, 'metric ' || name || ' of run ' || run FROM metric",
                           found, err);
    return rc;
}

/* --- replays --------------------------------------------------------------------------------- */

bool store_has_new_runs(struct store *store)
{
    struct err ignored = {0};
    struct query q;
    bool new = false;

    query_begin(&q, store,
                "SELECT ifnull((SELECT max(seq) FROM event WHERE kind = 'ended'), 0) >"
                " ifnull((SELECT max(seq) FROM event WHERE kind = 'replayed'), 0)");
    if (query_next(&q, &ignored) == 1) {
        new = query_get_int(&q) != 0;
        query_end(&q);
    }
    return new;
}

int store_count_replays(struct store *store, int64_t *n, int64_t *alarms, char **last,
                        struct err *err)
{
    struct query q;

    *n = *alarms = 0;
    *last = NULL;
    query_begin(&q, store,
                "SELECT count(*), ifnull(sum(text LIKE 'ALARM%'), 0), (SELECT text FROM event"
                " WHERE kind = 'replayed' AND text LIKE 'ALARM%' ORDER BY seq DESC LIMIT 1)"
                " FROM event WHERE kind = 'replayed'");
    if (query_next(&q, err) != 1)
        return -1;
    *n = query_get_int(&q);
    *alarms = query_get_int(&q);
    *last = query_get_text(&q);
    query_end(&q);
    return 0;
}

int store_sum_energy(struct store *store, struct store_energy *out, struct err *err)
{
    struct query q;

    *out = (struct store_energy){0, NAN, NAN, NAN};
    query_begin(&q, store,
                "SELECT count(*), sum(json_extract(text, '$.package_j')),"
                " sum(json_extract(text, '$.gpu_j')), sum(json_extract(text, '$.seconds'))"
                " FROM event WHERE kind = 'energy' AND json_valid(text)");
    if (query_next(&q, err) != 1)
        return -1;
    out->sessions = query_get_int(&q);
    out->package_j = query_get_real(&q);
    out->gpu_j = query_get_real(&q);
    out->seconds = query_get_real(&q);
    query_end(&q);
    return 0;
}

/* --- order ----------------------------------------------------------------------------------- */

bool store_has_gap(struct store *store)
{
    struct err ignored = {0};
    struct query q;
    bool gap = false;

    query_begin(&q, store, "SELECT count(*) <> ifnull(max(number), 0) FROM decision");
    if (query_next(&q, &ignored) == 1) {
        gap = query_get_int(&q) != 0;
        query_end(&q);
    }
    return gap;
}
