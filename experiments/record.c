/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "record.h"
#include "record_index.h"
#include "rng.h"

const char *const purpose_names[] = {"baseline", "proposal",   "placebo",
                                     "enqueued", "hypothesis", NULL};
const char *const variant_names[] = {"own", "repeat", "neighbour", "salted", NULL};
const char *const decision_kind_names[] = {"head",    "verify",     "placebo",
                                           "confirm", "hypothesis", NULL};

/* Experiments whose configs, and then whose unit points, share the first block; each further one is
 * for twice as many.  One by one they would lie among what comes and goes, and keep its pages; nor
 * may they move. */
enum { POINTS = 256 };

static void free_texts_of_rows(struct record *record)
{
    for (size_t i = 0; i < record->n_experiments; i++)
        free(record->experiments[i].remark);
    for (size_t i = 0; i < record->n_runs; i++)
        free(record->runs[i].detail);
    for (size_t i = 0; i < record->n_curves; i++)
        run_curves_clear(&record->curves[i]);
    for (size_t i = 0; i < record->n_decisions; i++) {
        free(record->decisions[i].reason);
        free(record->decisions[i].body);
    }
    for (size_t i = 0; i < record->n_answers; i++) {
        free(record->answers[i].text);
        free(record->answers[i].refusal);
    }
    for (size_t i = 0; i < record->n_texts; i++)
        free(record->texts[i]);
}

void record_forget_rows(struct record *record)
{
    struct shelf *shelf = record->shelf;
    struct record left = {.shelf = shelf, .study = record->study, .spec = record->spec};

    memcpy(left.source, record->source, sizeof left.source);
    free_texts_of_rows(record);
    for (size_t i = 0; i < record->n_points; i++)
        shelf_free(shelf, record->points[i]);
    free(record->points);
    free(record->answers);
    shelf_free(shelf, record->experiments);
    shelf_free(shelf, record->runs);
    free(record->curves);
    shelf_free(shelf, record->pairs);
    shelf_free(shelf, record->decisions);
    free(record->closings);
    free(record->outbox);
    free(record->texts);
    record_index_free(record->index);
    *record = left;
}

void record_clear(struct record *record)
{
    record_forget_rows(record);
    free(record->spec);
    study_clear(&record->study);
    *record = (struct record){0};
}

/* --- appending ------------------------------------------------------------------------------ */

static char *copy_text(const char *text)
{
    return text != NULL ? mem_strdup(text) : NULL;
}

/* The record's own copy of a text that many rows share, the newest ones most. */
static const char *share_text(struct record *record, const char *text)
{
    for (size_t i = record->n_texts; i > 0; i--)
        if (strcmp(record->texts[i - 1], text) == 0)
            return record->texts[i - 1];
    record->texts = mem_room(record->texts, record->n_texts, sizeof *record->texts);
    return record->texts[record->n_texts++] = mem_strdup(text);
}

/* How many experiments a block is for; the first of them is as many as all blocks before hold, but
 * for POINTS. */
static size_t block_size(size_t block)
{
    return (size_t)POINTS << block;
}

static struct value *new_block(const struct record *record, size_t block)
{
    return shelf_new(record->shelf, block_size(block) * record->study.space.n,
                     sizeof(struct value) + sizeof(double));
}

/* Config and unit of the copy, the next experiment, get their places in the last block. */
static void copy_point(struct record *record, struct experiment *copy)
{
    size_t n = record->study.space.n;

    if (record->n_experiments == block_size(record->n_points) - POINTS) {
        record->points = mem_room(record->points, record->n_points, sizeof(struct value *));
        record->points[record->n_points] = new_block(record, record->n_points);
        record->n_points++;
    }
    size_t size = block_size(record->n_points - 1), at = record->n_experiments - (size - POINTS);
    struct value *block = record->points[record->n_points - 1];
    struct value *config = block + at * n;
    double *unit = (double *)(block + size * n) + at * n;
    for (size_t i = 0; i < n; i++) {
        config[i] = copy->config[i];
        unit[i] = copy->unit != NULL ? copy->unit[i] : (double)NAN;
    }
    copy->config = config;
    copy->unit = unit;
}

static struct record_index *index_of(struct record *record)
{
    if (record->index == NULL)
        record->index = record_index_new(record->shelf);
    return record->index;
}

/* It is of the referee, and of claims. */
static bool is_no_proposal(const struct experiment *e)
{
    return e->purpose == PURPOSE_PLACEBO || e->purpose == PURPOSE_HYPOTHESIS;
}

void record_add_experiment(struct record *record, const struct experiment *experiment)
{
    struct experiment copy = *experiment;

    assert(experiment->id == (int64_t)record->n_experiments + 1);
    copy_point(record, &copy);
    copy.remark = copy_text(experiment->remark);
    copy.source =
        copy.source != NULL && copy.source[0] != '\0' ? share_text(record, copy.source) : "";
    record->experiments =
        shelf_room(record->shelf, record->experiments, record->n_experiments, sizeof copy);
    record->experiments[record->n_experiments++] = copy;
    record->n_hidden += is_no_proposal(&copy);
}

struct run *record_add_run(struct record *record, const struct run *run)
{
    struct record_index *index = index_of(record);
    size_t row = record->n_runs;

    assert(run->id == (int64_t)record->n_runs + 1);
    record->runs = shelf_room(record->shelf, record->runs, record->n_runs, sizeof *run);
    record->runs[record->n_runs] = *run;
    record->runs[record->n_runs++].detail = copy_text(run->detail);
    chain_add(&index->runs, run->experiment, row);
    seed_table_set(&index->last_runs, record->runs, row);
    return &record->runs[row];
}

void record_add_pair(struct record *record, const struct pair *pair)
{
    record->pairs = shelf_room(record->shelf, record->pairs, record->n_pairs, sizeof *pair);
    record->pairs[record->n_pairs] = *pair;
    chain_add(&index_of(record)->pairs, pair->experiment, record->n_pairs++);
}

void record_add_decision(struct record *record, const struct decision *decision)
{
    struct decision copy = *decision;

    assert(decision->number == (int64_t)record->n_decisions + 1);
    copy.reason = copy_text(decision->reason);
    copy.body = copy_text(decision->body);
    record->decisions =
        shelf_room(record->shelf, record->decisions, record->n_decisions, sizeof copy);
    record->decisions[record->n_decisions++] = copy;
    if (copy.experiment < 1 || copy.experiment > (int64_t)record->n_experiments)
        return;
    struct experiment *e = &record->experiments[copy.experiment - 1];
    if (e->decision == 0)
        e->decision = copy.number;
    e->verified |= copy.verified;
    if (copy.kind == DECISION_HYPOTHESIS && record->experiments[copy.against - 1].decision == 0)
        record->experiments[copy.against - 1].decision = copy.number;
}

void record_set_body(struct record *record, int64_t decision, const char *body)
{
    struct decision *d = &record->decisions[decision - 1];
    char *copy = copy_text(body);

    free(d->body);
    d->body = copy;
}

/* What was proposed beside it is withdrawn after it, and the night's end says why. */
static bool is_failed_baseline(const struct decision *d)
{
    return d->verdict == OUTCOME_FAILED && d->incumbent == 0 && d->against == 0;
}

void record_forget_reasons(struct record *record)
{
    for (size_t i = record->n_decisions; i > 1 && record->decisions[i - 2].reason != NULL; i--) {
        struct decision *d = &record->decisions[i - 2];
        if (is_failed_baseline(d))
            continue;
        free(d->reason);
        d->reason = NULL;
    }
}

void record_add_closing(struct record *record, const struct closing *closing)
{
    record->closings = mem_room(record->closings, record->n_closings, sizeof *closing);
    record->closings[record->n_closings++] = *closing;
}

static int64_t decided_experiment(const struct record *record, int64_t number)
{
    bool known = number >= 1 && number <= (int64_t)record->n_decisions;

    return known ? record->decisions[number - 1].experiment : 0;
}

static bool is_log(const char *ref)
{
    size_t len = strlen(ref);

    return len > 4 && strcmp(ref + len - 4, "-log") == 0;
}

void record_add_outbox(struct record *record, const struct outbox *outbox)
{
    record->outbox = mem_room(record->outbox, record->n_outbox, sizeof *outbox);
    record->outbox[record->n_outbox] = *outbox;
    record->outbox[record->n_outbox++].ref = share_text(record, outbox->ref);
    index_of(record);
}

/* The place of a ref's newest row, or n_outbox. */
static size_t newest_of_ref(const struct record *record, const char *ref)
{
    size_t at = record->n_outbox;

    while (at > 0 && record->outbox[at - 1].ref != ref)
        at--;
    return at > 0 ? at - 1 : record->n_outbox;
}

void record_forget_published(struct record *record)
{
    size_t kept = 0;

    for (size_t i = 0; i < record->n_outbox; i++)
        if (!record->outbox[i].done || newest_of_ref(record, record->outbox[i].ref) == i)
            record->outbox[kept++] = record->outbox[i];
    record->n_outbox = kept;
    record->outbox = mem_fit(record->outbox, kept, sizeof *record->outbox);
    if (record->index != NULL) {
        chain_clear(&record->index->commits);
        record->index->n_outbox = 0;
    }
}

void record_add_answer(struct record *record, const struct answer *answer)
{
    struct answer copy = *answer;

    copy.text = copy_text(answer->text);
    copy.refusal = copy_text(answer->refusal);
    record->answers = mem_room(record->answers, record->n_answers, sizeof copy);
    record->answers[record->n_answers++] = copy;
}

/* --- looking up ----------------------------------------------------------------------------- */

const struct run *record_variant(const struct record *record, int64_t experiment,
                                 enum run_variant variant, uint32_t seed)
{
    if (record->index == NULL)
        return NULL;
    size_t row =
        seed_table_find(&record->index->last_runs, record->runs, experiment, variant, seed);
    return row != INDEX_NONE ? &record->runs[row] : NULL;
}

const struct run_curves *record_curves(const struct record *record, const struct run *run)
{
    static const struct run_curves none = {.kind = PLACE_NONE};

    return run->id <= (int64_t)record->n_curves ? &record->curves[run->id - 1] : &none;
}

void record_set_curves(struct record *record, const struct run *run,
                       const struct run_curves *curves)
{
    if (curves->kind == PLACE_NONE && run->id > (int64_t)record->n_curves)
        return; /* who has said nothing needs no place */
    while (record->n_curves < (size_t)run->id) {
        record->curves = mem_room(record->curves, record->n_curves, sizeof *record->curves);
        record->curves[record->n_curves++] = (struct run_curves){.kind = PLACE_NONE};
    }
    struct run_curves *own = &record->curves[run->id - 1];
    run_curves_clear(own);
    run_curves_copy(own, curves);
}

struct run record_next_run(const struct record *record, int64_t experiment,
                           enum run_variant variant, uint32_t seed)
{
    const struct run *before = record_variant(record, experiment, variant, seed);

    return (struct run){.id = (int64_t)record->n_runs + 1,
                        .experiment = experiment,
                        .variant = variant,
                        .seed = seed,
                        .attempt = before != NULL ? before->attempt + 1 : 1,
                        .class = CLASS_NONE,
                        .exit_code = -1,
                        .value = NAN,
                        .wall_s = NAN,
                        .cpu_s = NAN,
                        .peak_mib = NAN,
                        .steps = -1,
                        .flops = NAN};
}

struct decision record_next_decision(const struct record *record, enum decision_kind kind,
                                     int64_t experiment)
{
    return (struct decision){.number = (int64_t)record->n_decisions + 1,
                             .kind = kind,
                             .experiment = experiment,
                             .verdict = OUTCOME_REVERT,
                             .alpha = NAN,
                             .mean = NAN,
                             .low = NAN,
                             .high = NAN,
                             .z = NAN,
                             .sd = NAN,
                             .df = NAN,
                             .incumbent = record_incumbent(record),
                             .head = record_head(record)};
}

const char *record_source(const struct record *record, int64_t experiment)
{
    const struct experiment *e = &record->experiments[experiment - 1];

    return e->source[0] != '\0' ? e->source : record->source;
}

const struct run *record_run(const struct record *record, int64_t experiment, uint32_t seed)
{
    return record_variant(record, experiment, RUN_OWN, seed);
}

enum run_variant pair_variant(const struct pair *pair)
{
    return pair->experiment == pair->against ? RUN_SALTED : RUN_OWN;
}

const struct run *record_candidate(const struct record *record, const struct pair *pair)
{
    return record_variant(record, pair->experiment, pair_variant(pair), pair->seed);
}

double record_loss(const struct record *record, const struct run *run)
{
    if (run == NULL || run->class != CLASS_OK)
        return NAN;
    return record->study.maximize ? -run->value : run->value;
}

uint32_t record_trainer_seed(const struct record *record, const struct run *run)
{
    const struct experiment *e = &record->experiments[run->experiment - 1];
    struct rng rng;

    if (run->variant != RUN_SALTED && e->purpose != PURPOSE_PLACEBO)
        return run->seed;
    rng_init(&rng, record->study.seed, "salt", ((uint64_t)run->experiment << 32) | run->seed);
    return (uint32_t)(rng_next(&rng) >> 32);
}

size_t record_pairs(const struct record *record, int64_t experiment, int64_t test,
                    const struct pair **out, size_t max)
{
    size_t n = 0;

    if (record->index == NULL)
        return 0;
    const struct chain *chain = &record->index->pairs;
    for (size_t row = chain_first(chain, experiment); row != INDEX_NONE;
         row = chain_next(chain, row)) {
        const struct pair *pair = &record->pairs[row];
        if (pair->test != test || pair->after > (int64_t)record->n_decisions)
            continue;
        if (n < max)
            out[n] = pair;
        n++;
    }
    return n;
}

int64_t record_incumbent(const struct record *record)
{
    return record->n_decisions > 0 ? record->decisions[record->n_decisions - 1].incumbent : 0;
}

int64_t record_head(const struct record *record)
{
    return record->n_decisions > 0 ? record->decisions[record->n_decisions - 1].head : 0;
}

/* Each baseline that failed, and all that was proposed from it, has a decision. */
static int64_t known_past_baseline(const struct record *record, int64_t last)
{
    int64_t baseline = record_baseline(record);

    return last >= baseline ? record->experiments[last - 1].decision : baseline - 1;
}

int64_t record_known(const struct record *record, int64_t experiment)
{
    int64_t last = experiment - record->study.lookahead;

    if (study_passes_baseline(&record->study))
        return known_past_baseline(record, last);
    if (experiment <= 1)
        return 0;
    return record->experiments[(last > 1 ? last : 1) - 1].decision;
}

int64_t record_baseline(const struct record *record)
{
    for (size_t i = 0; i < record->n_decisions; i++)
        if (record->decisions[i].incumbent > 0)
            return record->decisions[i].incumbent;
    return (int64_t)record->n_decisions + 1;
}

bool record_is_withdrawn(const struct record *record, const struct experiment *experiment)
{
    return experiment->purpose != PURPOSE_BASELINE && experiment->id < record_baseline(record);
}

static int64_t count_withdrawn(const struct record *record)
{
    int64_t baseline = record_baseline(record), n = 0;

    for (int64_t id = 1; id < baseline && id <= (int64_t)record->n_experiments; id++)
        n += record->experiments[id - 1].purpose != PURPOSE_BASELINE;
    return n;
}

bool record_is_hidden(const struct record *record, const struct experiment *experiment)
{
    return is_no_proposal(experiment) || record_is_withdrawn(record, experiment);
}

/* What was withdrawn stands before the baseline. */
size_t record_experiments_known(const struct record *record)
{
    size_t n = record->n_experiments - record->n_hidden;
    int64_t baseline = record_baseline(record);

    for (int64_t id = 1; id < baseline && id <= (int64_t)record->n_experiments; id++) {
        const struct experiment *e = &record->experiments[id - 1];
        n -= record_is_hidden(record, e) && !is_no_proposal(e);
    }
    return n;
}

/* The sides of hypotheses stand behind the baseline, before all that is proposed. */
int64_t record_proposals(const struct record *record)
{
    int64_t sides = 0;

    for (size_t i = 0; i < record->n_experiments; i++) {
        enum purpose purpose = record->experiments[i].purpose;
        if (purpose != PURPOSE_BASELINE && purpose != PURPOSE_HYPOTHESIS)
            break;
        sides += purpose == PURPOSE_HYPOTHESIS;
    }
    return (int64_t)record->n_experiments - sides - count_withdrawn(record);
}

char *record_describe_strategy(const struct record *record)
{
    const struct study *study = &record->study;

    return strategy_describe(study->strategy, &study->space, (size_t)study->planned,
                             record_experiments_known(record));
}

const struct decision *record_decision(const struct record *record, int64_t experiment)
{
    if (experiment < 1 || experiment > (int64_t)record->n_experiments)
        return NULL;
    int64_t number = record->experiments[experiment - 1].decision;
    bool own = number > 0 && record->decisions[number - 1].experiment == experiment;
    return own ? &record->decisions[number - 1] : NULL;
}

static void index_commits(struct record_index *index, const struct record *record)
{
    for (; index->n_outbox < record->n_outbox; index->n_outbox++) {
        const struct outbox *row = &record->outbox[index->n_outbox];
        if (is_log(row->ref))
            chain_add(&index->commits, decided_experiment(record, row->decision), index->n_outbox);
    }
}

const char *record_commit(const struct record *record, int64_t experiment)
{
    if (record->index == NULL || experiment < 1)
        return NULL;
    index_commits(record->index, record);
    size_t row = chain_last(&record->index->commits, experiment);
    return row != INDEX_NONE ? record->outbox[row].commit : NULL;
}

/* --- summing up ----------------------------------------------------------------------------- */

static int by_seed(const void *a, const void *b)
{
    const struct run *x = *(const struct run *const *)a, *y = *(const struct run *const *)b;

    return (x->seed > y->seed) - (x->seed < y->seed);
}

/* The ok runs of an experiment by seed: an order that no restart changes.  The caller frees. */
static const struct run **ok_runs(const struct record *record, int64_t experiment, size_t *n)
{
    const struct run **runs = NULL;

    *n = 0;
    if (record->index == NULL)
        return NULL;
    const struct chain *chain = &record->index->runs;
    for (size_t row = chain_first(chain, experiment); row != INDEX_NONE;
         row = chain_next(chain, row)) {
        const struct run *run = &record->runs[row];
        if (run->class != CLASS_OK || record_run(record, experiment, run->seed) != run ||
            run->variant != RUN_OWN)
            continue;
        runs = mem_room(runs, *n, sizeof(const struct run *));
        runs[(*n)++] = run;
    }
    if (*n > 1)
        qsort(runs, *n, sizeof(const struct run *), by_seed);
    return runs;
}

struct summary record_summary(const struct record *record, int64_t experiment)
{
    struct summary summary = {.mean = NAN, .sd = NAN};
    const struct run **runs = ok_runs(record, experiment, &summary.n);
    double sum = 0, squares = 0;

    for (size_t i = 0; i < summary.n; i++)
        sum += runs[i]->value;
    if (summary.n > 0)
        summary.mean = sum / (double)summary.n;
    for (size_t i = 0; i < summary.n; i++) {
        double d = runs[i]->value - summary.mean;
        squares += d * d;
    }
    if (summary.n > 1)
        summary.sd = sqrt(squares / (double)(summary.n - 1));
    free(runs);
    return summary;
}
