/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "measured.h"
#include "mem.h"
#include "record_audit.h"
#include "referee.h"

enum { LOSSES_MAX = 1 << 28 };

bool measured_is_complete(struct needs *decision, const struct record *record)
{
    *decision = (struct needs){.need = NEED_NOTHING};
    if (record_baseline(record) > (int64_t)record->n_experiments)
        return false;
    baseline_next(decision, record, true);
    return decision->need == NEED_DECISION;
}

/* The seeds of the audit, at most AUDIT_SEEDS. */
static size_t audit_pairs(const struct pair **out, const struct record *record)
{
    size_t n = record_pairs(record, record_baseline(record), 0, out, AUDIT_SEEDS);

    return n < AUDIT_SEEDS ? n : AUDIT_SEEDS;
}

/* --- the validation set --------------------------------------------------------------------- */

/* Per-sequence losses [*n] that a run left; NULL where there are none.  The caller frees. */
static float *read_losses(size_t *n, const struct place *place, const struct run *run)
{
    char *dir, *path, *bytes = NULL;
    struct err ignored;
    size_t len = 0;

    *n = 0;
    if (run == NULL || run->class != CLASS_OK)
        return NULL;
    dir = place_run_dir(place, run);
    path = path_join(dir, "val_losses.f32");
    if (file_exists(path) && file_read(&bytes, &len, path, LOSSES_MAX, &ignored) == 0)
        *n = len / sizeof(float);
    free(path);
    free(dir);
    float *losses = mem_new(*n, sizeof *losses);
    if (*n > 0)
        memcpy(losses, bytes, *n * sizeof *losses);
    free(bytes);
    return losses;
}

static double paired_se(const struct place *place, const struct run *a, const struct run *b)
{
    size_t n, m;
    float *x = read_losses(&n, place, a), *y = read_losses(&m, place, b);
    double se = x != NULL && y != NULL && n == m ? audit_paired_se(x, y, n) : (double)NAN;

    free(x);
    free(y);
    return se;
}

static void add_validation(struct audit *audit, const struct record *record,
                           const struct place *place)
{
    const struct pair *pairs[AUDIT_SEEDS];
    double se[AUDIT_SEEDS];
    int64_t baseline = record_baseline(record);
    size_t n = audit_pairs(pairs, record);

    for (size_t i = 0; i < n; i++)
        se[i] = paired_se(place, record_run(record, baseline, pairs[i]->seed),
                          record_variant(record, baseline, RUN_NEIGHBOUR, pairs[i]->seed));
    audit_add_paired_se(audit, se, n);
}

/* --- speed ---------------------------------------------------------------------------------- */

struct speed {
    double tokens, steps; /* a second; NAN unknown */
};

/* As the trainer says it; else what it did by the wall time that it took. */
static int run_speed(struct speed *out, struct store *store, const struct run *run, struct err *err)
{
    struct metric *metrics;
    double tokens = NAN, said = NAN;
    size_t n;

    if (store_metrics(store, &metrics, &n, run->id, false, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(metrics[i].name, "tokens_per_s") == 0)
            said = metrics[i].value;
        else if (strcmp(metrics[i].name, "tokens") == 0)
            tokens = metrics[i].value;
    }
    metrics_free(metrics, n);
    *out = (struct speed){isfinite(said) ? said : tokens / run->wall_s,
                          run->steps > 0 ? (double)run->steps / run->wall_s : (double)NAN};
    return 0;
}

/* Of the baseline's own runs and of the repeated one: the neighbour may be another load. */
static int add_speed(struct measured *out, const struct record *record, struct store *store,
                     struct err *err)
{
    const struct pair *pairs[AUDIT_SEEDS];
    double tokens[AUDIT_SEEDS + 1], steps[AUDIT_SEEDS + 1];
    int64_t baseline = record_baseline(record);
    size_t n = audit_pairs(pairs, record), rates = 0;
    bool known = false;

    for (size_t i = 0; i <= n && n > 0; i++) {
        const struct run *run = i < n
                                    ? record_run(record, baseline, pairs[i]->seed)
                                    : record_variant(record, baseline, RUN_REPEAT, pairs[0]->seed);
        struct speed speed;
        if (run == NULL || run->class != CLASS_OK)
            continue;
        if (run_speed(&speed, store, run, err) != 0)
            return -1;
        known |= isfinite(speed.tokens);
        tokens[rates] = speed.tokens;
        steps[rates++] = speed.steps;
    }
    audit_add_rates(&out->audit, known ? tokens : steps, rates);
    if (out->audit.rates > 0)
        out->rate_unit = known ? "tokens/s" : "steps/s";
    return 0;
}

/* --- the same again ------------------------------------------------------------------------- */

static int compare_files(struct measured *out, const struct record *record, struct store *store,
                         struct err *err)
{
    const struct pair *pairs[AUDIT_SEEDS];
    struct artifact *first = NULL, *again = NULL;
    size_t n_first = 0, n_again = 0;
    int rc = 0;

    if (!out->audit.repeated || audit_pairs(pairs, record) == 0)
        return 0;
    int64_t baseline = record_baseline(record);
    const struct run *a = record_run(record, baseline, pairs[0]->seed);
    const struct run *b = record_variant(record, baseline, RUN_REPEAT, pairs[0]->seed);
    if (store_artifacts(store, &first, &n_first, a->id, err) != 0 ||
        store_artifacts(store, &again, &n_again, b->id, err) != 0)
        rc = -1;
    for (size_t i = 0; rc == 0 && i < n_first; i++)
        for (size_t k = 0; k < n_again; k++)
            if (strcmp(first[i].path, again[k].path) == 0) {
                out->files++;
                out->same += strcmp(first[i].sha, again[k].sha) == 0;
            }
    artifacts_free(first, n_first);
    artifacts_free(again, n_again);
    return rc;
}

/* --- together ------------------------------------------------------------------------------- */

static void describe_neighbour(struct measured *out, const struct record *record)
{
    const struct space *space = &record->study.space;
    struct value *config = mem_new(space->n, sizeof *config);

    if (baseline_neighbour(config, record))
        out->neighbour = space_describe_change(
            space, record->experiments[record_baseline(record) - 1].config, config);
    free(config);
}

/* The test that is due first: no keep before it. */
static int first_judge(struct judge *out, const struct record *record, struct err *err)
{
    struct referee none;
    int rc = -1;

    referee_init(&none);
    const struct judge *judge = referee_judge(&none, record, 0, err);
    if (judge != NULL) {
        *out = *judge;
        rc = 0;
    }
    referee_clear(&none);
    return rc;
}

int measured_read(struct measured *out, const struct record *record, struct store *store,
                  const struct place *place, struct err *err)
{
    *out = (struct measured){0};
    if (first_judge(&out->judge, record, err) != 0)
        return -1;
    record_audit(&out->audit, record, &out->judge);
    add_validation(&out->audit, record, place);
    describe_neighbour(out, record);
    if (add_speed(out, record, store, err) == 0 && compare_files(out, record, store, err) == 0)
        return 0;
    measured_clear(out);
    return -1;
}

void measured_clear(struct measured *measured)
{
    free(measured->neighbour);
    measured->neighbour = NULL;
}
