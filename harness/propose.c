/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "enqueued.h"
#include "json.h"
#include "mem.h"
#include "propose.h"
#include "trial.h"
#include "verify.h"

void experiment_clear(struct experiment *experiment)
{
    free(experiment->config);
    free(experiment->unit);
    free(experiment->remark);
    *experiment = (struct experiment){0};
}

int64_t propose_against(const struct record *record, int64_t id)
{
    size_t n = verify_known(record, id);

    return n > 0 ? record->decisions[n - 1].incumbent : 0;
}

/* Mean loss of an experiment over the pairs of its own decision; NAN where it is unknown. */
static void own_loss(struct past *out, const struct record *record, const struct decision *d)
{
    const struct pair *pairs[64];
    size_t n = record_pairs(record, d->experiment, d->against, pairs, 64), used = 0;
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        double loss = verify_loss(record, record_run(record, d->experiment, pairs[i]->seed));
        if (!isfinite(loss))
            continue;
        used++;
        sum += loss;
        squares += loss * loss;
    }
    double mean = used > 0 ? sum / (double)used : (double)NAN;
    double variance = used > 1 ? fmax(0, squares - sum * mean) / (double)(used - 1) : (double)NAN;
    out->loss = mean;
    out->loss_se = sqrt(variance / (double)used);
}

static void fill_history(struct history *history, struct past *past, const struct record *record,
                         int64_t id)
{
    size_t known = verify_known(record, id);

    for (size_t i = 0; i < record->n_experiments; i++)
        past[i] = (struct past){.unit = record->experiments[i].unit,
                                .config = record->experiments[i].config,
                                .outcome = OUTCOME_PENDING,
                                .loss = NAN,
                                .loss_se = NAN,
                                .gain = NAN};
    for (size_t i = 0; i < known; i++) {
        const struct decision *d = &record->decisions[i];
        struct past *p = &past[d->experiment - 1];
        p->outcome = d->verdict;
        p->gain = d->mean;
        own_loss(p, record, d);
    }
    int64_t head = propose_against(record, id);
    history->past = past;
    history->n = record->n_experiments;
    history->head = head > 0 ? (size_t)head - 1 : SIZE_MAX;
}

/* Fills the config from the oldest row of the queue; 0 in *taken: the queue is empty. */
static int take_enqueued(struct value *config, int64_t *taken, const struct record *record,
                         struct store *store, int64_t against, struct err *err)
{
    const struct space *space = &record->study.space;
    json_t *wanted = NULL;
    char *text = NULL;

    if (store_next_enqueued(store, taken, &text, err) != 0)
        return -1;
    if (text == NULL) {
        *taken = 0;
        return 0;
    }
    memcpy(config, record->experiments[against - 1].config, space->n * sizeof *config);
    int rc = json_read(&wanted, text, strlen(text), "enqueued config", err);
    if (rc == 0)
        rc = enqueued_apply(config, space, wanted, err);
    json_decref(wanted);
    free(text);
    return rc;
}

/* What the user asked for must be allowed and new; a repeat would be paid for twice. */
static int check_enqueued(const struct record *record, const struct value *config, struct err *err)
{
    const struct space *space = &record->study.space;
    const char *broken;

    if (!space_allows(space, config, &broken))
        return err_usage(err, "enqueued config refused: it breaks the constraint '%s'", broken);
    for (size_t i = 0; i < record->n_experiments; i++)
        if (space_same(space, config, record->experiments[i].config))
            return err_usage(err, "enqueued config refused: it is experiment %zu", i + 1);
    return 0;
}

static int ask_strategy(struct experiment *out, const struct record *record, struct err *err)
{
    struct past *past = mem_new(record->n_experiments, sizeof *past);
    struct history history = {0};

    out->purpose = PURPOSE_PROPOSAL;
    fill_history(&history, past, record, out->id);
    int rc = strategy_propose(out->config, record->study.strategy, &record->study.space, &history,
                              record->study.seed, (uint64_t)out->id, err);
    free(past);
    return rc;
}

/* From the queue where it holds something, else from the strategy; `store` NULL: no queue. */
static int choose_config(struct experiment *out, int64_t *enqueued, const struct record *record,
                         struct store *store, struct err *err)
{
    if (out->against == 0) {
        out->purpose = PURPOSE_BASELINE;
        space_start(out->config, &record->study.space);
        return 0;
    }
    if (store != NULL &&
        take_enqueued(out->config, enqueued, record, store, out->against, err) != 0)
        return err->code == ERR_USAGE ? PROPOSE_REFUSED : -1;
    if (*enqueued == 0)
        return ask_strategy(out, record, err);
    out->purpose = PURPOSE_ENQUEUED;
    return check_enqueued(record, out->config, err) == 0 ? 0 : PROPOSE_REFUSED;
}

int propose_next(struct experiment *out, int64_t *enqueued, const struct record *record,
                 struct store *store, struct err *err)
{
    const struct space *space = &record->study.space;

    *enqueued = 0;
    *out = (struct experiment){.id = (int64_t)record->n_experiments + 1};
    out->config = mem_new(space->n, sizeof *out->config);
    out->unit = mem_new(space->n, sizeof *out->unit);
    out->against = propose_against(record, out->id);
    out->created = (int64_t)time(NULL);
    int rc = choose_config(out, enqueued, record, store, err);
    if (rc != 0) {
        experiment_clear(out);
        return rc;
    }
    space_encode(out->unit, space, out->config);
    trial_hash(out->sha, space, out->config);
    return 0;
}

int propose_repeat(struct experiment *out, const struct record *record, struct err *err)
{
    int64_t enqueued;

    return propose_next(out, &enqueued, record, NULL, err);
}
