/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer_read.h"
#include "answers.h"
#include "enqueued.h"
#include "json.h"
#include "mem.h"
#include "needs.h"
#include "propose.h"
#include "referee.h"
#include "rng.h"
#include "trial.h"

void experiment_clear(struct experiment *experiment)
{
    free(experiment->config);
    free(experiment->unit);
    free(experiment->remark);
    *experiment = (struct experiment){0};
}

int64_t propose_against(const struct record *record, int64_t id)
{
    int64_t known = record_known(record, id), baseline;
    int64_t head = known > 0 ? record->decisions[known - 1].head : 0;

    if (head > 0 || !study_passes_baseline(&record->study))
        return head;
    baseline = record_baseline(record);
    return id > baseline ? baseline : 0;
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
static int check_enqueued(const struct record *record, const struct value *config,
                          const char *source, struct err *err)
{
    const struct space *space = &record->study.space;
    const char *broken;

    if (!space_allows(space, config, &broken))
        return err_usage(err, "enqueued config refused: it breaks the constraint '%s'", broken);
    for (size_t i = 0; i < record->n_experiments; i++)
        if (space_same(space, config, record->experiments[i].config) &&
            strcmp(source, record->experiments[i].source) == 0 &&
            record->experiments[i].purpose != PURPOSE_HYPOTHESIS &&
            !record_is_withdrawn(record, &record->experiments[i]))
            return err_usage(err, "enqueued config refused: it is experiment %zu", i + 1);
    return 0;
}

static int ask_strategy(struct experiment *out, const struct record *record,
                        struct past_memory *memory, struct err *err)
{
    struct history history;

    out->purpose = PURPOSE_PROPOSAL;
    record_past(&history, memory, record, record_known(record, out->id),
                propose_against(record, out->id));
    return strategy_propose(out->config, record->study.strategy, &record->study.space, &history,
                            record->study.seed, (uint64_t)out->id, err);
}

/* One proposal in so many, drawn so that no strategy can tell which. */
static bool is_placebo(const struct record *record, int64_t id)
{
    struct rng rng;

    if (record->study.placebo == 0)
        return false;
    rng_init(&rng, record->study.seed, "placebo", (uint64_t)id);
    return rng_below(&rng, (uint64_t)record->study.placebo) == 0;
}

static int propose_placebo(struct experiment *out, const struct record *record)
{
    const struct value *head = record->experiments[out->against - 1].config;

    out->purpose = PURPOSE_PLACEBO;
    memcpy(out->config, head, record->study.space.n * sizeof *head);
    return 0;
}

/* An answer that was taken is the experiment that it was asked for, whatever was enqueued since. */
static int propose_answer(struct experiment *out, const struct answer *answer,
                          const struct record *record, struct err *err)
{
    out->purpose = PURPOSE_PROPOSAL;
    if (answer->source[0] != '\0')
        out->source = answer->source;
    if (answer_apply_recorded(out->config, answer, record, out->against, err) == 0)
        return 0;
    err->code = ERR_INTEGRITY;
    return err_wrap(err, "recorded answer for experiment %lld", (long long)out->id);
}

/* From the strategy, or from the outside program that it asks. */
static int propose_by_strategy(struct experiment *out, const struct record *record,
                               struct past_memory *memory, struct err *err)
{
    if (record->study.strategy == &strategy_none)
        return 1;
    if (is_placebo(record, out->id))
        return propose_placebo(out, record);
    if (record->study.strategy->outside && !answers_given_up(record, out->id))
        return PROPOSE_ASK;
    return ask_strategy(out, record, memory, err);
}

/* The study file's own guesses come before all other proposals; false where none is left. */
static bool take_guess(struct experiment *out, const struct record *record)
{
    const struct study *study = &record->study;
    size_t taken = 0;

    for (size_t i = 0; study->n_enqueued > 0 && i < record->n_experiments; i++)
        taken += record->experiments[i].purpose == PURPOSE_ENQUEUED &&
                 !record_is_withdrawn(record, &record->experiments[i]);
    if (taken >= study->n_enqueued)
        return false;
    out->purpose = PURPOSE_ENQUEUED;
    memcpy(out->config, study->enqueued[taken], study->space.n * sizeof *out->config);
    return true;
}

/* From the study file's guesses, from the queue where it holds something, else from the strategy;
 * `store` NULL: no queue. */
static int choose_config(struct experiment *out, int64_t *enqueued, const struct record *record,
                         struct past_memory *memory, struct store *store, struct err *err)
{
    const struct answer *answer = answers_taken(record, out->id);

    if (out->against == 0) {
        out->purpose = PURPOSE_BASELINE;
        space_start(out->config, &record->study.space);
        return 0;
    }
    if (answer != NULL)
        return propose_answer(out, answer, record, err);
    if (take_guess(out, record))
        return 0;
    if (store != NULL &&
        take_enqueued(out->config, enqueued, record, store, out->against, err) != 0)
        return err->code == ERR_USAGE ? PROPOSE_REFUSED : -1;
    if (*enqueued == 0)
        return propose_by_strategy(out, record, memory, err);
    out->purpose = PURPOSE_ENQUEUED;
    return check_enqueued(record, out->config, out->source, err) == 0 ? 0 : PROPOSE_REFUSED;
}

void propose_side(struct experiment *out, const struct record *record, const struct value *config)
{
    const struct space *space = &record->study.space;

    *out = (struct experiment){.id = (int32_t)record->n_experiments + 1,
                               .purpose = PURPOSE_HYPOTHESIS,
                               .against = (int32_t)record_baseline(record),
                               .source = "",
                               .created = (int64_t)time(NULL)};
    out->config = mem_new(space->n, sizeof *out->config);
    out->unit = mem_new(space->n, sizeof *out->unit);
    memcpy(out->config, config, space->n * sizeof *config);
    space_encode(out->unit, space, config);
    trial_hash(out->sha, space, config);
}

int propose_next(struct experiment *out, int64_t *enqueued, const struct record *record,
                 struct past_memory *memory, struct store *store, struct err *err)
{
    const struct space *space = &record->study.space;

    *enqueued = 0;
    *out = (struct experiment){.id = (int32_t)record->n_experiments + 1, .source = ""};
    out->config = mem_new(space->n, sizeof *out->config);
    out->unit = mem_new(space->n, sizeof *out->unit);
    out->against = (int32_t)propose_against(record, out->id);
    out->created = (int64_t)time(NULL);
    if (out->against > 0) /* what is not changed is the head's, its source too */
        out->source = record->experiments[out->against - 1].source;
    int rc = choose_config(out, enqueued, record, memory, store, err);
    if (rc != 0) {
        experiment_clear(out);
        return rc;
    }
    space_encode(out->unit, space, out->config);
    trial_hash(out->sha, space, out->config);
    return 0;
}

char *propose_turn(const struct record *record)
{
    const struct study *study = &record->study;
    size_t n = record->n_experiments, known = record_experiments_known(record);

    if (study->strategy->reason == NULL || known == 0 ||
        record->experiments[n - 1].purpose == PURPOSE_PLACEBO)
        return NULL;
    size_t planned = (size_t)study->planned;
    char *before = strategy_describe(study->strategy, &study->space, planned, known - 1);
    char *now = strategy_describe(study->strategy, &study->space, planned, known);
    bool turned = strcmp(before, now) != 0;
    free(before);
    if (turned)
        return now;
    free(now);
    return NULL;
}

int propose_repeat(struct experiment *out, const struct record *record, struct past_memory *memory,
                   struct err *err)
{
    int64_t enqueued;

    return propose_next(out, &enqueued, record, memory, NULL, err);
}
