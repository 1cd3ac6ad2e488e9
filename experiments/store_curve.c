/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What runs said on their way, in studies with early_terminate; other records need not have the
 * table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "store.h"

#define TRAIN_LOSS "train_loss"

static int add_curve(struct store *store, int64_t run, const char *name, enum place_kind kind,
                     double sign, const struct curve *curve, struct err *err)
{
    for (size_t i = 0; i < curve->n; i++) {
        const struct curve_point *point = &curve->points[i];
        struct query q;
        query_begin(&q, store,
                    "INSERT INTO curve (run, name, idx, progress, step, value)"
                    " VALUES (?, ?, ?, ?, ?, ?)");
        query_put_int(&q, run);
        query_put_text(&q, name);
        query_put_int(&q, (int64_t)i);
        query_put_real(&q, kind == PLACE_PROGRESS ? point->place : (double)NAN);
        query_put_real(&q, kind == PLACE_STEP ? point->place : (double)NAN);
        query_put_real(&q, sign * point->value);
        if (query_run(&q, err) != 0)
            return err_wrap(err, "curve of run %lld", (long long)run);
    }
    return 0;
}

int store_add_curves(struct store *store, const struct study *study, int64_t run,
                     const struct run_curves *curves, struct err *err)
{
    if (add_curve(store, run, study->metric, curves->kind, study->maximize ? -1 : 1,
                  &curves->metric, err) != 0)
        return -1;
    return add_curve(store, run, TRAIN_LOSS, curves->kind, 1, &curves->train, err);
}

/* --- reading -------------------------------------------------------------------------------- */

/* One row into the curves of its run.  The rows are in the order of their places. */
static void take_row(struct run_curves *into, struct query *q, const struct study *study)
{
    char *name = query_get_text(q);
    struct curve_record record = {.progress = query_get_real(q), .step = query_get_real(q)};
    double value = query_get_real(q);
    bool metric = name != NULL && strcmp(name, study->metric) == 0;

    record.metric = metric ? (study->maximize ? -value : value) : (double)NAN;
    record.train = metric ? (double)NAN : value;
    run_curves_add(into, &record);
    free(name);
}

static void hand_over(struct record *record, int64_t run, struct run_curves *curves)
{
    if (run >= 1 && run <= (int64_t)record->n_runs)
        record_set_curves(record, &record->runs[run - 1], curves);
    run_curves_clear(curves);
}

int store_load_curves(struct store *store, struct record *out, struct err *err)
{
    struct run_curves curves = {.kind = PLACE_NONE};
    struct query q;
    int64_t run = 0;
    int row;

    if (out->study.early.kind == NULL)
        return 0;
    query_begin(&q, store,
                "SELECT run, name, progress, step, value FROM curve ORDER BY run, name, idx");
    while ((row = query_next(&q, err)) == 1) {
        int64_t next = query_get_int(&q);
        if (next != run)
            hand_over(out, run, &curves);
        run = next;
        take_row(&curves, &q, &out->study);
    }
    hand_over(out, run, &curves);
    return row;
}
