/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "breaker.h"
#include "log.h"
#include "mem.h"
#include "needs.h"
#include "run_text.h"

#define PAUSED_AFTER                                                                               \
    "breaker" /* in the record: the number of the decision after which it paused                   \
               */

int breaker_count(const struct record *record, int64_t after)
{
    int count = 0;

    for (size_t n = record->n_decisions; n > 0 && (int64_t)n > after; n--, count++)
        if (record->decisions[n - 1].verdict != OUTCOME_FAILED)
            break;
    return count;
}

static int read_after(int64_t *out, struct store *store, struct err *err)
{
    unsigned long long number = 0;
    char *text;

    if (store_get(store, &text, PAUSED_AFTER, err) != 0)
        return -1;
    if (text != NULL && !integer_read(&number, text, INT64_MAX)) {
        err_integrity(err, "the record's '%s' is no number: '%s'", PAUSED_AFTER, text);
        free(text);
        return -1;
    }
    free(text);
    *out = (int64_t)number;
    return 0;
}

bool breaker_has_paused(const struct record *record, struct store *store)
{
    struct err ignored;
    int64_t after;

    return read_after(&after, store, &ignored) == 0 && after > 0 &&
           after == (int64_t)record->n_decisions;
}

void breaker_describe(struct str *out, const struct record *record)
{
    const struct decision *d = &record->decisions[record->n_decisions - 1];

    str_addf(out, "the last %d experiments failed (breaker: %d), the newest, experiment %lld: %s",
             record->study.policy.breaker, record->study.policy.breaker, (long long)d->experiment,
             d->reason != NULL ? d->reason : "failed");
}

static int remember(const struct record *record, struct store *store, struct err *err)
{
    struct str why = {0};
    char *number = mem_printf("%zu", record->n_decisions);
    int rc = store_begin(store, err);

    breaker_describe(&why, record);
    if (rc == 0)
        rc = store_set(store, PAUSED_AFTER, number, err);
    if (rc == 0)
        rc = store_event(store, "paused", record->decisions[record->n_decisions - 1].experiment,
                         str_text(&why), err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0)
        store_rollback(store);
    str_clear(&why);
    free(number);
    return rc;
}

int breaker_look(const struct record *record, struct store *store, struct err *err)
{
    int limit = record->study.policy.breaker;
    int64_t after;

    if (limit == 0 || breaker_count(record, 0) < limit) /* the usual case reads nothing */
        return 0;
    if (read_after(&after, store, err) != 0)
        return -1;
    if (breaker_count(record, after) < limit)
        return 0;
    return remember(record, store, err) == 0 ? 1 : -1;
}

/* The last lines of a text, a warning each. */
static void warn_lines(const char *text)
{
    for (; *text != '\0'; text += *text == '\n') {
        size_t len = strcspn(text, "\n");
        struct str line = {0};
        str_add_printable(&line, text, len, 200);
        if (strspn(text, " \t\r") < len)
            log_warn("    %s", str_text(&line));
        str_clear(&line);
        text += len;
    }
}

void breaker_tell(const struct record *record, const struct place *place)
{
    enum { LINES = 12 };
    const struct decision *d = &record->decisions[record->n_decisions - 1];
    const struct run *run = needs_failed_run(record, d);
    struct str why = {0}, tail = {0};

    breaker_describe(&why, record);
    log_warn("paused: %s", str_text(&why));
    if (run != NULL) {
        char *dir = place_run_dir(place, run);
        if (run->detail != NULL)
            log_warn("it ended with: %s", run->detail);
        run_text_tail(&tail, dir, LINES);
        if (tail.len > 0)
            log_warn("the end of what it said, in '%s':", dir);
        warn_lines(str_text(&tail));
        free(dir);
    }
    str_clear(&tail);
    str_clear(&why);
}
