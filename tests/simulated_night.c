/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "mem.h"
#include "procedure.h"
#include "propose.h"
#include "record_early.h"
#include "simulated_night.h"
#include "str.h"

/* --- the landscape's answer ----------------------------------------------------------------- */

static double landscape_truth(const struct landscape *landscape, const struct value *config)
{
    double x[LANDSCAPE_DIMS];

    for (size_t i = 0; i < LANDSCAPE_DIMS; i++)
        x[i] = config[i].number;
    return landscape->truth(x, landscape->start);
}

static double truth_of(const struct simulated_night *night, const struct value *config)
{
    const struct surface *surface = night->plan.surface;

    if (surface != NULL)
        return surface->truth(surface->of, &night->record.study.space, config);
    return landscape_truth(night->plan.landscape, config);
}

double simulated_truth(const struct simulated_night *night, int64_t experiment)
{
    return truth_of(night, night->record.experiments[experiment - 1].config);
}

static uint64_t hash_text(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint64_t)(unsigned char)*text) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_value(const struct value *value)
{
    uint64_t bits = 0;

    if (value->type == VALUE_TEXT)
        return hash_text(value->text);
    if (value->type != VALUE_NONE)
        memcpy(&bits, &value->number, sizeof bits);
    return bits;
}

static uint64_t hash_of(const struct space *space, const struct value *config)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < space->n; i++) {
        uint64_t bits = hash_value(&config[i]);
        hash = (hash ^ (bits >> 32) ^ bits) * 0x100000001b3u;
    }
    return hash;
}

double simulated_noise(const struct space *space, const struct value *config, uint64_t study_seed,
                       uint32_t seed)
{
    struct rng own;

    rng_init(&own, hash_of(space, config) ^ study_seed, "noise", seed);
    return rng_normal(&own);
}

static double spread_at(const struct night_plan *plan, double truth)
{
    const struct surface *surface = plan->surface;

    return surface != NULL && surface->spread != NULL ? surface->spread(surface->of, truth) : 1;
}

/* `way`: at the end (0), or at so many parts of the run. */
static double loss_of(const struct simulated_night *night, const struct run *run, int way)
{
    const struct night_plan *plan = &night->plan;
    double sd = plan->sigma_d / sqrt(2 * (1 - plan->rho));
    uint32_t seed = record_trainer_seed(&night->record, run);
    struct value *config = run_config(&night->record, run);
    double truth = truth_of(night, config);
    double own = simulated_noise(&night->record.study.space, config, plan->seed, seed), still = 0;
    struct rng shared, here;

    rng_init(&shared, plan->seed, "seed effect", seed);
    rng_init(&here, hash_of(&night->record.study.space, config) ^ plan->seed, "curve",
             ((uint64_t)way << 32) | seed);
    free(config);
    if (way > 0) {
        still = 2.0 * (CURVE_POINTS - way) / CURVE_POINTS;
        own = CURVE_SHARED * own + sqrt(1 - CURVE_SHARED * CURVE_SHARED) * rng_normal(&here);
    }
    return truth + still +
           sd * spread_at(plan, truth) *
               (sqrt(plan->rho) * rng_normal(&shared) + sqrt(1 - plan->rho) * own);
}

/* What a run says on its way; where the study's rule ends it there, it has no value. */
static void add_curve(struct simulated_night *night, struct run *run)
{
    const struct record *record = &night->record;
    struct run_curves curves = {.kind = PLACE_NONE};
    struct early_found found;

    for (int way = 1; way <= CURVE_POINTS; way++) {
        struct curve_record at = {.progress = (double)way / CURVE_POINTS,
                                  .step = way,
                                  .metric = NAN,
                                  .train = loss_of(night, run, way)};
        run_curves_add(&curves, &at);
    }
    if (record_early_applies(record, run) && !record_is_spared(record, run->experiment) &&
        record_early_find(&found, record, run, &curves)) {
        run->class = CLASS_STOPPED;
        run->value = NAN;
        run->exit_code = -1;
        run->detail = record_early_describe(&found);
        run_curves_cut(&curves, found.end.place);
    }
    record_set_curves(&night->record, run, &curves);
    run_curves_clear(&curves);
}

/* --- events --------------------------------------------------------------------------------- */

static void note(struct simulated_night *night, enum night_event_kind kind, size_t row)
{
    night->events = mem_room(night->events, night->n_events, sizeof *night->events);
    night->events[night->n_events++] = (struct night_event){kind, row};
}

static void add_experiment(struct simulated_night *night, const struct experiment *e)
{
    record_add_experiment(&night->record, e);
    note(night, EVENT_EXPERIMENT, night->record.n_experiments - 1);
}

static void add_pair(struct simulated_night *night, const struct pair *pair)
{
    record_add_pair(&night->record, pair);
    note(night, EVENT_PAIR, night->record.n_pairs - 1);
}

static void add_closing(struct simulated_night *night, const struct closing *closing)
{
    record_add_closing(&night->record, closing);
    note(night, EVENT_CLOSING, night->record.n_closings - 1);
}

static void start_run(struct simulated_night *night, const struct wanted *wanted)
{
    struct run run =
        record_next_run(&night->record, wanted->experiment, wanted->variant, wanted->seed);

    record_add_run(&night->record, &run);
    night->busy[night->n_busy++] = night->record.n_runs - 1;
    night->started++;
    note(night, EVENT_START, night->record.n_runs - 1);
}

static void end_run(struct simulated_night *night, size_t row)
{
    struct run *run = &night->record.runs[row];

    run->value = loss_of(night, run, 0);
    run->class = isnan(run->value) ? CLASS_EXIT : CLASS_OK;
    run->exit_code = isnan(run->value) ? 1 : 0;
    if (night->record.study.early.kind != NULL && run->class == CLASS_OK)
        add_curve(night, run);
    note(night, EVENT_END, row);
}

/* One of the runs under way ends: the oldest, or any. */
static void wait_for_one(struct simulated_night *night)
{
    size_t which = 0;

    if (night->plan.any_order)
        which = (size_t)rng_below(&night->order, night->n_busy);
    end_run(night, night->busy[which]);
    night->n_busy--;
    memmove(&night->busy[which], &night->busy[which + 1],
            (night->n_busy - which) * sizeof *night->busy);
}

/* --- time ----------------------------------------------------------------------------------- */

static double left(const struct simulated_night *night)
{
    if (night->plan.runs == 0)
        return INFINITY;
    return (double)(night->plan.runs - night->started) / night->plan.jobs;
}

/* As progress.c does: an exponential mean. */
static void note_duration(struct simulated_night *night)
{
    double took = (double)(night->started - night->decided_runs) / night->plan.jobs;

    night->decided_runs = night->started;
    night->experiment_runs =
        night->decided++ == 0 ? took : 0.8 * night->experiment_runs + 0.2 * took;
}

static double reserve(const struct simulated_night *night, bool placebo)
{
    const double margin = 1.2;
    size_t runs = referee_reserve(&night->record, placebo);

    return margin * ceil((double)runs / night->plan.jobs);
}

/* --- the loop, as in harness/loop.c --------------------------------------------------------- */

static bool has_free_slot(const struct simulated_night *night)
{
    return night->n_busy < (size_t)night->plan.jobs && left(night) > 0;
}

static void start_wanted(struct simulated_night *night, const struct needs *needs)
{
    for (size_t i = 0; i < needs->n_runs && has_free_slot(night); i++)
        start_run(night, &needs->runs[i]);
}

static int decide(struct simulated_night *night, const struct decision *d, struct err *err)
{
    record_add_decision(&night->record, d);
    note(night, EVENT_DECISION, night->record.n_decisions - 1);
    if (night->record.experiments[d->experiment - 1].decision == d->number)
        note_duration(night);
    return referee_follow(&night->referee, &night->record, err);
}

static int step(struct needs *needs, struct simulated_night *night, struct err *err)
{
    if (referee_follow(&night->referee, &night->record, err) != 0 ||
        referee_next(needs, &night->referee, &night->record, false, err) != 0)
        return -1;
    if (needs->need == NEED_PAIR)
        add_pair(night, &needs->pair);
    else if (needs->need == NEED_RUNS)
        start_wanted(night, needs);
    else if (needs->need == NEED_DECISION && decide(night, &needs->decision, err) != 0)
        return -1;
    return needs->need == NEED_PAIR || needs->need == NEED_DECISION;
}

static int run_ahead(struct simulated_night *night, int64_t id, struct err *err)
{
    struct needs needs;

    for (;;) {
        if (referee_ahead(&needs, &night->referee, &night->record, id, err) != 0)
            return -1;
        if (needs.need != NEED_PAIR) {
            start_wanted(night, &needs);
            return 0;
        }
        add_pair(night, &needs.pair);
    }
}

static int64_t first_pending(const struct record *record)
{
    int64_t id = (int64_t)record->n_experiments;

    while (id > 0 && record->experiments[id - 1].decision == 0)
        id--;
    return id + 1;
}

static int judge_pending(struct simulated_night *night, struct err *err)
{
    const struct record *record = &night->record;
    struct needs needs = {.need = NEED_NOTHING};
    int moved = 1;

    while (moved == 1)
        moved = step(&needs, night, err);
    if (moved < 0)
        return -1;
    if (record_incumbent(record) == 0 && !study_passes_baseline(&record->study))
        return 0;
    for (int64_t id = first_pending(record); id <= (int64_t)record->n_experiments; id++)
        if (id != needs.proposal && id != record_baseline(record) && has_free_slot(night) &&
            run_ahead(night, id, err) != 0)
            return -1;
    return 0;
}

static bool may_propose(const struct simulated_night *night)
{
    const struct record *record = &night->record;
    int64_t pending = (int64_t)record->n_experiments - first_pending(record) + 1;

    if (night->exhausted ||
        (night->plan.cap > 0 && (int64_t)record->n_experiments >= night->plan.cap))
        return false;
    if (record_incumbent(record) == 0 && pending > 0 && !study_passes_baseline(&record->study))
        return false;
    if (referee_is_closing(&night->referee, record) ||
        left(night) <= night->experiment_runs + reserve(night, false))
        return false;
    return pending < record->study.lookahead;
}

static int propose(struct simulated_night *night, struct err *err)
{
    while (may_propose(night)) {
        struct experiment e;
        int rc = propose_repeat(&e, &night->record, &night->past, err);
        night->exhausted = rc == 1;
        if (rc != 0)
            return rc == 1 ? 0 : -1;
        add_experiment(night, &e);
        experiment_clear(&e);
        if (judge_pending(night, err) != 0)
            return -1;
    }
    return 0;
}

static bool is_idle(const struct simulated_night *night)
{
    const struct record *record = &night->record;

    return first_pending(record) > (int64_t)record->n_experiments && !may_propose(night) &&
           !referee_is_closing(&night->referee, record);
}

static bool night_is_over(const struct simulated_night *night)
{
    return record_incumbent(&night->record) > 0 && night->referee.in_night > 0 && is_idle(night);
}

static int close_night(struct simulated_night *night, struct err *err)
{
    struct closing closing = {.after = (int64_t)night->record.n_decisions,
                              .placebo = night->record.study.placebo > 0 &&
                                         left(night) >= reserve(night, true)};

    add_closing(night, &closing);
    return judge_pending(night, err);
}

static bool is_over(const struct simulated_night *night)
{
    if (night->n_busy > 0)
        return false;
    return !(left(night) > 0) || (is_idle(night) && !night_is_over(night));
}

int simulated_run(struct simulated_night *night, struct err *err)
{
    for (;;) {
        if (judge_pending(night, err) != 0 || propose(night, err) != 0)
            return -1;
        if (night_is_over(night) && close_night(night, err) != 0)
            return -1;
        if (is_over(night))
            return 0;
        if (night->n_busy > 0)
            wait_for_one(night);
    }
}

/* --- begin and end -------------------------------------------------------------------------- */

static void write_parameters(struct str *out, const struct night_plan *plan)
{
    if (plan->surface != NULL) {
        str_add(out, plan->surface->parameters);
        return;
    }
    for (int i = 0; i < LANDSCAPE_DIMS; i++)
        str_addf(out, "  x%d: {distribution: uniform, min: 0, max: 1, start: %g}\n", i,
                 plan->landscape->start[i]);
}

static char *study_text(const struct night_plan *plan)
{
    struct str text = {0};

    str_addf(&text,
             "name: simulated\n"
             "metric: {name: loss, goal: minimize}\n"
             "trainer: {command: [none, \"{config}\"]}\n"
             "search: {strategy: %s, seed: %llu}\n"
             "parameters:\n",
             plan->strategy != NULL ? plan->strategy : "perturb", (unsigned long long)plan->seed);
    write_parameters(&text, plan);
    if (strstr(plan->study, "decision:") == NULL)
        str_addf(&text, "decision: {procedure: %s}\n", procedure_names[plan->procedure]);
    str_add(&text, plan->study);
    return text.at;
}

int simulated_begin(struct simulated_night *out, const struct night_plan *plan, struct err *err)
{
    char *text = study_text(plan);
    int rc;

    *out = (struct simulated_night){.plan = *plan};
    rc = study_parse(&out->record.study, text, strlen(text), "simulated", err);
    free(text);
    if (rc != 0)
        return -1;
    referee_init(&out->referee);
    rng_init(&out->order, plan->order, "order", 0);
    out->busy = mem_new((size_t)plan->jobs, sizeof *out->busy);
    return 0;
}

int simulated_whole(struct simulated_night *out, const struct night_plan *plan, struct err *err)
{
    if (simulated_begin(out, plan, err) != 0)
        return -1;
    if (simulated_run(out, err) == 0)
        return 0;
    simulated_end(out);
    return -1;
}

void simulated_end(struct simulated_night *night)
{
    referee_clear(&night->referee);
    past_memory_clear(&night->past);
    record_clear(&night->record);
    free(night->events);
    free(night->busy);
}

/* --- a night that was killed ---------------------------------------------------------------- */

static void repeat_start(struct simulated_night *night, const struct run *from)
{
    struct run run = *from;

    run.value = NAN;
    run.class = CLASS_INTERRUPTED;
    run.exit_code = -1;
    run.detail = NULL;
    record_add_run(&night->record, &run);
    night->started++;
    note(night, EVENT_START, night->record.n_runs - 1);
}

static void repeat_event(struct simulated_night *night, const struct record *from,
                         const struct night_event *event)
{
    struct experiment e;

    switch (event->kind) {
    case EVENT_EXPERIMENT:
        e = from->experiments[event->row];
        e.decision = 0;
        e.verified = false;
        add_experiment(night, &e);
        break;
    case EVENT_PAIR:
        add_pair(night, &from->pairs[event->row]);
        break;
    case EVENT_START:
        repeat_start(night, &from->runs[event->row]);
        break;
    case EVENT_END:
        end_run(night, event->row);
        break;
    case EVENT_DECISION:
        record_add_decision(&night->record, &from->decisions[event->row]);
        note(night, EVENT_DECISION, event->row);
        break;
    case EVENT_CLOSING:
        add_closing(night, &from->closings[event->row]);
        break;
    }
}

int simulated_cut(struct simulated_night *out, const struct simulated_night *night, size_t n,
                  struct err *err)
{
    if (simulated_begin(out, &night->plan, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        repeat_event(out, &night->record, &night->events[i]);
    return 0;
}

/* --- what became of it ---------------------------------------------------------------------- */

const char *const measure_names[MEASURES] = {
    [MEASURE_RUNS] = "runs",     [MEASURE_EXCESS] = "excess",     [MEASURE_HEAD] = "head's",
    [MEASURE_TESTS] = "tests",   [MEASURE_KEEPS] = "keeps",       [MEASURE_HARMFUL] = "harmful",
    [MEASURE_FALSE] = "false",   [MEASURE_ANY] = "nights",        [MEASURE_FDP] = "fdp",
    [MEASURE_BIAS] = "bias",     [MEASURE_OPTIMISM] = "optimism", [MEASURE_PLACEBOS] = "placebos",
    [MEASURE_MOVES] = "moves",   [MEASURE_TRIALS] = "trials",     [MEASURE_LUCKY] = "lucky",
    [MEASURE_LEVELS] = "levels",
};

static bool is_greedy(const struct simulated_night *night)
{
    return night->record.study.procedure == PROCEDURE_GREEDY;
}

/* What the night offers: the verified incumbent; greedy verifies nothing and offers its head. */
static int64_t answer_of(const struct simulated_night *night)
{
    return is_greedy(night) ? record_head(&night->record) : record_incumbent(&night->record);
}

static void measure_keep(double *out, double *claim, const struct simulated_night *night,
                         const struct decision *d)
{
    double effect = simulated_truth(night, d->against) - simulated_truth(night, d->experiment);

    out[MEASURE_KEEPS]++;
    out[MEASURE_HARMFUL] += effect < 0;
    out[MEASURE_FALSE] += effect <= 0;
    *claim += d->mean;
}

static void measure_placebo(double *out, const struct decision *d)
{
    bool kept = d->verdict == OUTCOME_KEEP;

    out[isfinite(d->alpha) ? MEASURE_TRIALS : MEASURE_PLACEBOS]++;
    out[isfinite(d->alpha) ? MEASURE_LUCKY : MEASURE_MOVES] += kept;
    out[MEASURE_LEVELS] += isfinite(d->alpha) ? d->alpha : 0;
}

/* The gain that is reported: of the last confirmation; greedy reports what it has seen. */
static double reported_gain(const struct simulated_night *night, double claim)
{
    const struct record *record = &night->record;

    if (is_greedy(night))
        return claim;
    for (size_t i = record->n_decisions; i-- > 0;)
        if (record->decisions[i].kind == DECISION_CONFIRM)
            return record->decisions[i].experiment == record_incumbent(record)
                       ? record->decisions[i].mean
                       : (double)NAN;
    return NAN;
}

static void measure_decision(double *out, double *claim, const struct simulated_night *night,
                             const struct decision *d)
{
    bool move = is_greedy(night) && d->kind == DECISION_HEAD && d->verdict == OUTCOME_KEEP;

    out[MEASURE_TESTS] += d->kind == DECISION_VERIFY;
    if (d->kind == DECISION_PLACEBO)
        measure_placebo(out, d);
    else if (d->against > 0 && (move || d->verified))
        measure_keep(out, claim, night, d);
}

void simulated_measure(double out[MEASURES], const struct simulated_night *night)
{
    const struct record *record = &night->record;
    int64_t answer = answer_of(night);
    double claim = 0;

    memset(out, 0, MEASURES * sizeof *out);
    for (size_t i = 0; i < record->n_decisions; i++)
        measure_decision(out, &claim, night, &record->decisions[i]);
    double gain = simulated_truth(night, record_baseline(record)) - simulated_truth(night, answer);
    out[MEASURE_RUNS] = (double)night->started;
    out[MEASURE_EXCESS] = simulated_truth(night, answer);
    out[MEASURE_HEAD] = simulated_truth(night, record_head(record));
    out[MEASURE_ANY] = out[MEASURE_FALSE] > 0;
    out[MEASURE_FDP] = out[MEASURE_KEEPS] > 0 ? out[MEASURE_FALSE] / out[MEASURE_KEEPS] : 0;
    out[MEASURE_BIAS] = reported_gain(night, claim) - gain;
    out[MEASURE_OPTIMISM] = claim - gain;
}

int simulate(double out[MEASURES], const struct night_plan *plan, struct err *err)
{
    struct simulated_night night;

    if (simulated_whole(&night, plan, err) != 0)
        return -1;
    simulated_measure(out, &night);
    simulated_end(&night);
    return 0;
}

/* --- many ----------------------------------------------------------------------------------- */

void tally_add(struct tally *tally, double x)
{
    if (!isfinite(x))
        return;
    tally->n++;
    tally->sum += x;
    tally->squares += x * x;
}

double tally_mean(const struct tally *tally)
{
    return tally->n > 0 ? tally->sum / tally->n : (double)NAN;
}

double tally_se(const struct tally *tally)
{
    double mean = tally_mean(tally);

    if (tally->n < 2)
        return NAN;
    return sqrt(fmax(0, tally->squares / tally->n - mean * mean) / (tally->n - 1));
}

int simulate_nights(struct tally out[MEASURES], const struct night_plan *plan, size_t nights,
                    struct err *err)
{
    struct night_plan one = *plan;
    double measured[MEASURES];

    memset(out, 0, MEASURES * sizeof *out);
    for (size_t i = 0; i < nights; i++) {
        one.seed = plan->seed + i;
        if (simulate(measured, &one, err) != 0)
            return -1;
        for (size_t m = 0; m < MEASURES; m++)
            tally_add(&out[m], measured[m]);
    }
    return 0;
}
