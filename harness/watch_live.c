/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "stream.h"
#include "watch_live.h"

static void let_go(struct live_run *run)
{
    curve_reader_clear(&run->reader);
    free(run->dir);
}

void watch_live_clear(struct watch_live *live)
{
    for (size_t i = 0; i < live->n; i++)
        let_go(&live->runs[i]);
    free(live->runs);
    free(live->metric);
    *live = (struct watch_live){0};
}

const struct live_run *watch_live_find(const struct watch_live *live, int64_t run)
{
    for (size_t i = 0; i < live->n; i++)
        if (live->runs[i].run == run)
            return &live->runs[i];
    return NULL;
}

static bool goes_on(const struct view *view, int64_t run)
{
    return run <= (int64_t)view->record.n_runs && view->record.runs[run - 1].class == CLASS_NONE;
}

static void take_up(struct watch_live *live, const struct view *view, const struct run *run)
{
    struct live_run next = {
        .run = run->id, .progress = NAN, .dir = place_run_dir(&view->place, run)};

    if (live->metric == NULL)
        live->metric = mem_strdup(view->record.study.metric);
    curve_reader_init(&next.reader, &view->record.study);
    next.reader.metric = live->metric; /* outlives the record, which is read anew */
    live->runs = mem_room(live->runs, live->n, sizeof next);
    live->runs[live->n++] = next;
}

/* Runs under way are among the newest: a session starts none before the last one's are closed. */
void watch_live_follow(struct watch_live *live, const struct view *view)
{
    enum { NEWEST = 256 };
    const struct record *record = &view->record;
    size_t kept = 0;

    for (size_t i = 0; i < live->n; i++)
        if (goes_on(view, live->runs[i].run))
            live->runs[kept++] = live->runs[i];
        else
            let_go(&live->runs[i]);
    live->n = kept;
    for (size_t i = record->n_runs > NEWEST ? record->n_runs - NEWEST : 0; i < record->n_runs; i++)
        if (record->runs[i].class == CLASS_NONE &&
            watch_live_find(live, record->runs[i].id) == NULL)
            take_up(live, view, &record->runs[i]);
}

bool watch_live_read(struct watch_live *live)
{
    bool any = false;

    for (size_t i = 0; i < live->n; i++) {
        struct live_run *run = &live->runs[i];
        struct err ignored; /* a stream that is not there yet, or not any more */
        int64_t before = run->reader.offset;
        if (curve_reader_read(&run->reader, run->dir, &ignored) != 0 ||
            run->reader.offset == before)
            continue;
        run->progress = stream_progress(run->dir);
        any = true;
    }
    return any;
}
