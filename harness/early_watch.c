/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "early_watch.h"
#include "record_early.h"

static bool may_end(const struct record *record, const struct run *run)
{
    return record_early_applies(record, run) && !record_is_spared(record, run->experiment);
}

void early_watch_init(struct early_watch *out, const struct record *record, const struct run *run)
{
    *out = (struct early_watch){.on = may_end(record, run)};
    curve_reader_init(&out->reader, &record->study);
}

void early_watch_clear(struct early_watch *watch)
{
    curve_reader_clear(&watch->reader);
    watch->on = false;
}

bool early_watch_look(struct early_watch *watch, const struct record *record, const struct run *run,
                      const char *dir)
{
    size_t lines = watch->reader.lines;
    struct early_found found;
    struct err ignored;

    if (!watch->on || watch->asked || curve_reader_read(&watch->reader, dir, &ignored) != 0)
        return false;
    if (watch->reader.lines > lines)
        watch->asked = record_early_find(&found, record, run, &watch->reader.curves);
    return watch->asked;
}

/* How far the process really came is nothing that may be recorded. */
static void describe(struct outcome_facts *facts, const struct early_found *found)
{
    char *text = record_early_describe(found);

    facts->class = CLASS_STOPPED;
    facts->exit_code = -1;
    facts->signal = 0;
    snprintf(facts->detail, sizeof facts->detail, "%s", text);
    free(text);
}

int early_watch_read(struct stream *stream, struct run_curves *curves, struct outcome_facts *facts,
                     const struct record *record, const struct run *run, const char *dir,
                     struct err *err)
{
    struct curve_reader reader;
    struct early_found found;

    curve_reader_init(&reader, &record->study);
    int rc = curve_reader_read(&reader, dir, err);
    *curves = reader.curves;
    if (rc != 0)
        return -1;
    if (!may_end(record, run) || !record_early_find(&found, record, run, curves))
        return stream_read(stream, dir, err);
    describe(facts, &found);
    run_curves_cut(curves, found.end.place);
    return stream_read_to(stream, dir, found.end.line, err);
}
