/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole record, read back in one transaction's view. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mem.h"
#include "pack.h"
#include "query.h"
#include "store.h"
#include "trial.h"

const char *const outcome_words[] = {"pending", "keep", "revert", "failed", NULL};

static int broken_row(struct store *store, const char *table, int64_t id, struct err *err)
{
    return err_integrity(err, "record '%s': row %lld of table '%s' is broken or missing",
                         store->path, (long long)id, table);
}

/* Rows of a record are numbered in 32 bits; what is no such number makes the row a broken one. */
static int32_t get_number(struct query *q, bool *good)
{
    int64_t number = query_get_int(q);

    *good = *good && number >= INT32_MIN && number <= INT32_MAX;
    return (int32_t)number;
}

static int32_t get_known(struct query *q, int32_t unknown, bool *good)
{
    int64_t number = query_get_known(q, unknown);

    *good = *good && number >= INT32_MIN && number <= INT32_MAX;
    return (int32_t)number;
}

/* Ids are places in arrays: what a file says is not believed. */
static bool is_id(int64_t id, size_t n)
{
    return id >= 1 && id <= (int64_t)n;
}

static bool is_id_or_none(int64_t id, size_t n)
{
    return id == 0 || is_id(id, n);
}

static int parse_study(struct store *store, struct study *out, const char *text, struct err *err)
{
    if (study_parse(out, text, strlen(text), "recorded study", err) == 0)
        return 0;
    err->code = ERR_INTEGRITY;
    return err_wrap(err, "record '%s'", store->path);
}

static int load_source(struct store *store, struct record *out, struct err *err)
{
    char *commit = NULL;

    if (store_get(store, &commit, "source", err) != 0)
        return -1;
    if (commit != NULL)
        snprintf(out->source, sizeof out->source, "%s", commit);
    free(commit);
    return 0;
}

/* A study that names no strategy goes on with the default of the day on which it was begun. */
static int keep_strategy(struct record *out, struct err *err)
{
    json_t *spec = NULL;

    if (out->spec == NULL)
        return 0;
    if (json_read(&spec, out->spec, strlen(out->spec), "recorded spec", err) != 0) {
        err->code = ERR_INTEGRITY;
        return -1;
    }
    const char *name =
        json_string_value(json_object_get(json_object_get(spec, "search"), "strategy"));
    const struct strategy *strategy = name != NULL ? strategy_find(name) : NULL;
    if (strategy != NULL)
        out->study.strategy = strategy;
    json_decref(spec);
    return 0;
}

static int load_study(struct store *store, struct record *out, struct err *err)
{
    char *text = NULL;

    if (store_get(store, &text, "study", err) != 0)
        return -1;
    if (text == NULL)
        return err_integrity(err, "record '%s' holds no study", store->path);
    int rc = parse_study(store, &out->study, text, err);
    free(text);
    if (rc != 0 || store_get(store, &out->spec, "spec", err) != 0 || keep_strategy(out, err) != 0)
        return -1;
    return load_source(store, out, err);
}

/* --- one row -------------------------------------------------------------------------------- */

static int read_config(struct experiment *out, struct trial_reader *reader, const char *text,
                       struct err *err)
{
    if (trial_reader_read(reader, out->config, out->unit, text, err) == 0)
        return 0;
    err->code = ERR_INTEGRITY;
    return err_wrap(err, "recorded config of experiment %lld", (long long)out->id);
}

/* `reader` NULL: without its config. */
static int load_experiment(struct store *store, struct record *out, struct query *q,
                           struct experiment *e, struct trial_reader *reader, struct err *err)
{
    int64_t expected = (int64_t)out->n_experiments + 1;
    char source[41];
    bool good = true;

    e->id = get_number(q, &good);
    int purpose = query_get_word(q, purpose_names);
    const char *config = query_borrow_text(q);
    e->against = get_known(q, 0, &good);
    e->remark = query_borrow_text(q);
    query_get_fixed(q, source, sizeof source);
    e->source = source;
    if (query_has_more(q)) {
        query_get_fixed(q, e->sha, sizeof e->sha);
        e->steps = query_get_known(q, 0);
        e->created = query_get_known(q, 0);
    }
    int rc = 0;
    if (!good || e->id != expected || purpose < 0 || (reader != NULL && config == NULL) ||
        !is_id_or_none(e->against, out->n_experiments))
        rc = broken_row(store, "experiment", expected, err);
    else if (reader != NULL)
        rc = read_config(e, reader, config, err);
    if (rc == 0) {
        e->purpose = (enum purpose)purpose;
        record_add_experiment(out, e);
    }
    e->remark = NULL;
    e->source = NULL;
    return rc;
}

/* How it ended and what it took. */
static void get_run_details(struct query *q, struct run *out, bool *good)
{
    out->exit_code = get_known(q, -1, good);
    int32_t signal = get_known(q, 0, good);
    out->wall_s = query_get_real(q);
    out->cpu_s = query_get_real(q);
    out->peak_mib = query_get_real(q);
    out->steps = query_get_known(q, -1);
    out->flops = query_get_real(q);
    out->started = query_get_known(q, 0);
    out->ended = query_get_known(q, 0);
    out->detail = query_borrow_text(q);
    *good = *good && signal >= 0 && signal <= INT16_MAX;
    if (*good)
        out->signal = (int16_t)signal;
}

static int load_run(struct store *store, struct record *out, struct query *q, struct err *err)
{
    static const struct run no_details = {
        .exit_code = -1, .wall_s = NAN, .cpu_s = NAN, .peak_mib = NAN, .steps = -1, .flops = NAN};
    bool good = true;
    struct run run = no_details;
    int64_t expected = (int64_t)out->n_runs + 1;

    run.id = get_number(q, &good);
    run.experiment = get_number(q, &good);
    int variant = query_get_word(q, variant_names);
    run.seed = (uint32_t)query_get_int(q);
    run.attempt = get_number(q, &good);
    int class = query_get_word(q, class_names);
    run.value = query_get_bits(q);
    if (query_has_more(q))
        get_run_details(q, &run, &good);
    good = good && run.id == expected && class >= 0 && variant >= 0 &&
           is_id(run.experiment, out->n_experiments);
    if (good) {
        run.class = (enum run_class) class;
        run.variant = (enum run_variant)variant;
        record_add_run(out, &run);
    }
    return good ? 0 : broken_row(store, "run", expected, err);
}

static int load_pair(struct store *store, struct record *out, struct query *q, struct err *err)
{
    bool good = true;
    struct pair pair = {.experiment = get_number(q, &good)};

    pair.against = get_known(q, 0, &good);
    pair.index = get_number(q, &good);
    pair.seed = (uint32_t)query_get_int(q);
    pair.test = get_number(q, &good);
    pair.after = get_number(q, &good);
    if (!good || !is_id(pair.experiment, out->n_experiments) ||
        !is_id_or_none(pair.against, out->n_experiments))
        return broken_row(store, "pair", (int64_t)out->n_pairs + 1, err);
    record_add_pair(out, &pair);
    return 0;
}

/* What was tested and how, and what git keeps of it. */
static void get_decision_details(struct query *q, struct decision *out, bool *good)
{
    out->test = get_number(q, good);
    out->alpha = query_get_real(q);
    out->z = query_get_real(q);
    out->sd = query_get_real(q);
    out->df = query_get_real(q);
    out->body = query_borrow_text(q);
}

static int load_decision(struct store *store, struct record *out, struct query *q, struct err *err)
{
    static const struct decision no_details = {.alpha = NAN, .z = NAN, .sd = NAN, .df = NAN};
    bool good = true;
    struct decision d = no_details;
    int64_t expected = (int64_t)out->n_decisions + 1;

    d.number = get_number(q, &good);
    int kind = query_get_word(q, decision_kind_names);

    d.experiment = get_number(q, &good);
    d.against = get_known(q, 0, &good);
    int verdict = query_get_word(q, outcome_words);
    d.verified = query_get_int(q) != 0;
    d.n = get_number(q, &good);
    d.mean = query_get_real(q);
    d.low = query_get_real(q);
    d.high = query_get_real(q);
    d.incumbent = get_known(q, 0, &good);
    d.head = get_known(q, 0, &good);
    d.reason = query_borrow_text(q);
    if (query_has_more(q))
        get_decision_details(q, &d, &good);
    good =
        good && d.number == expected && kind >= 0 && verdict > OUTCOME_PENDING &&
        is_id(d.experiment, out->n_experiments) && is_id_or_none(d.against, out->n_experiments) &&
        is_id_or_none(d.incumbent, out->n_experiments) && is_id_or_none(d.head, out->n_experiments);
    if (good) {
        d.kind = (enum decision_kind)kind;
        d.verdict = (enum outcome)verdict;
        record_add_decision(out, &d);
    }
    return good ? 0 : broken_row(store, "decision", expected, err);
}

static int load_closing(struct store *store, struct record *out, struct query *q, struct err *err)
{
    struct closing closing = {.after = query_get_int(q)};

    closing.placebo = query_get_int(q) != 0;
    if (closing.after > (int64_t)out->n_decisions)
        return broken_row(store, "closing", closing.after, err);
    record_add_closing(out, &closing);
    return 0;
}

static int load_outbox(struct store *store, struct record *out, struct query *q, struct err *err)
{
    struct outbox outbox = {.decision = query_get_int(q)};

    outbox.ref = pack_pattern(store, query_get_int(q));
    query_get_hex(q, outbox.commit, sizeof outbox.commit);
    outbox.done = query_get_int(q) != 0;
    if (query_has_more(q)) {
        query_get_hex(q, outbox.parent, sizeof outbox.parent);
        query_get_hex(q, outbox.tree, sizeof outbox.tree);
    }
    bool good = outbox.ref != NULL && is_id(outbox.decision, out->n_decisions);
    if (good)
        record_add_outbox(out, &outbox);
    return good ? 0 : broken_row(store, "outbox", (int64_t)out->n_outbox + 1, err);
}

static int load_answer(struct store *store, struct record *out, struct query *q, struct err *err)
{
    struct answer answer = {.experiment = query_get_int(q)};

    answer.text = query_borrow_text(q);
    answer.refusal = query_borrow_text(q);
    query_get_fixed(q, answer.source, sizeof answer.source);
    bool good = is_id(answer.experiment, out->n_experiments + 1);
    if (good)
        record_add_answer(out, &answer);
    return good ? 0 : broken_row(store, "answer", (int64_t)out->n_answers + 1, err);
}

/* --- whole tables --------------------------------------------------------------------------- */

#define EXPERIMENTS(config, details)                                                               \
    "SELECT id, purpose, " config ", against, remark, source" details " FROM experiment ORDER BY " \
    "id"

static const char *experiments_sql(unsigned parts)
{
    bool configs = (parts & STORE_CONFIGS) != 0;

    if ((parts & STORE_DETAILS) == 0)
        return configs ? EXPERIMENTS("config", "") : EXPERIMENTS("NULL", "");
    return configs ? EXPERIMENTS("config", ", sha, steps, created")
                   : EXPERIMENTS("NULL", ", sha, steps, created");
}

static int load_experiments(struct store *store, struct record *out, unsigned parts,
                            struct err *err)
{
    const struct space *space = &out->study.space;
    struct experiment scratch = {
        .config = mem_new(space->n, sizeof(struct value)),
        .unit = (parts & STORE_DETAILS) != 0 ? mem_new(space->n, sizeof(double)) : NULL};
    bool configs = (parts & STORE_CONFIGS) != 0;
    struct trial_reader reader;
    struct query q;
    int row;

    trial_reader_init(&reader, space);
    query_begin(&q, store, experiments_sql(parts));
    while ((row = query_next(&q, err)) == 1)
        if (load_experiment(store, out, &q, &scratch, configs ? &reader : NULL, err) != 0) {
            query_end(&q);
            row = -1;
            break;
        }
    trial_reader_clear(&reader);
    free(scratch.config);
    free(scratch.unit);
    return row;
}

struct table {
    const char *sql;
    const char *brief; /* without what only git needs; NULL: the same */
    const char *night; /* what a night goes on from; NULL: as brief */
    const char *terse; /* without details, which are the last columns; NULL: as brief */
    int (*load)(struct store *store, struct record *out, struct query *q, struct err *err);
    unsigned part;    /* of what only some readers need; 0: all do */
    unsigned details; /* the part without which it is read tersely */
};

#define RUNS(details)                                                                              \
    "SELECT id, experiment, variant, seed, attempt, class, bits" details " FROM run ORDER BY id"
#define DECISIONS(reason, details)                                                                 \
    "SELECT number, kind, experiment, against, verdict, verified, n, mean, low, high, incumbent,"  \
    " head, " reason details " FROM decision ORDER BY number"
#define DETAILS(body) ", test, alpha, z, sd, df, " body
#define OUTBOX(from, which)                                                                        \
    "SELECT decision, ref, commit_id, done" from " FROM outbox" which " ORDER BY id"

/* A night keeps the reasons that record_forget_reasons() leaves. */
static const struct table tables[] = {
    {RUNS(", exit_code, signal, wall_s, cpu_s, peak_mib, steps, flops, started, ended, detail"),
     NULL, NULL, RUNS(""), load_run, STORE_VALUES, STORE_ENDS},
    {"SELECT experiment, against, idx, seed, test, after FROM pair ORDER BY id", NULL, NULL, NULL,
     load_pair, STORE_VALUES, 0},
    {DECISIONS("reason", DETAILS("unpacked(body)")), DECISIONS("reason", DETAILS("NULL")),
     DECISIONS("iif(number = (SELECT max(number) FROM decision) OR (verdict = 'failed'"
               " AND incumbent IS NULL AND against IS NULL), reason, NULL)",
               DETAILS("NULL")),
     DECISIONS("reason", ""), load_decision, 0, STORE_DETAILS},
    {"SELECT after, placebo FROM closing ORDER BY after", NULL, NULL, NULL, load_closing, 0, 0},
    {OUTBOX(", parent, tree", ""), OUTBOX(", iif(done, NULL, parent), NULL", ""),
     OUTBOX(", iif(done, NULL, parent), NULL",
            " WHERE NOT done OR id IN (SELECT max(id) FROM outbox GROUP BY ref)"),
     OUTBOX("", ""), load_outbox, STORE_COMMITS, STORE_DETAILS},
    {"SELECT experiment, text, refusal, source FROM answer ORDER BY id", NULL, NULL, NULL,
     load_answer, 0, 0},
};

/* Beside the parts that others may ask for. */
enum { FOR_A_NIGHT = 1 << 8 };

static const char *choose_sql(const struct table *table, unsigned parts)
{
    if ((parts & FOR_A_NIGHT) != 0 && table->night != NULL)
        return table->night;
    if ((parts & table->details) == 0 && table->terse != NULL)
        return table->terse;
    return (parts & STORE_OF_GIT) == 0 && table->brief != NULL ? table->brief : table->sql;
}

static int load_table(struct store *store, struct record *out, const struct table *table,
                      unsigned parts, struct err *err)
{
    struct query q;
    int row;

    if ((parts & table->part) != table->part)
        return 0;
    query_begin(&q, store, choose_sql(table, parts));
    while ((row = query_next(&q, err)) == 1)
        if (table->load(store, out, &q, err) != 0) {
            query_end(&q);
            return -1;
        }
    return row;
}

static int load_all(struct store *store, struct record *out, unsigned parts, struct err *err)
{
    if (load_study(store, out, err) != 0 || load_experiments(store, out, parts, err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (load_table(store, out, &tables[i], parts, err) != 0)
            return -1;
    return (parts & STORE_ENDS) != 0 ? store_load_curves(store, out, err) : 0;
}

/* All tables as of one moment, also while the writer goes on. */
static int load_at_once(struct store *store, struct record *out, unsigned parts, struct err *err)
{
    bool own = sqlite3_get_autocommit(store->db) != 0;
    struct query q;

    store_fetch(store);
    if (own) {
        query_begin(&q, store, "BEGIN");
        if (query_run(&q, err) != 0)
            return -1;
    }
    int rc = load_all(store, out, parts, err);
    if (own)
        store_rollback(store);
    if (rc != 0)
        record_clear(out);
    return rc;
}

int store_load_parts(struct store *store, struct record *out, unsigned parts, struct err *err)
{
    *out = (struct record){0};
    return load_at_once(store, out, parts, err);
}

int store_load(struct store *store, struct record *out, struct err *err)
{
    return store_load_parts(store, out, STORE_CONFIGS | STORE_RUNS | STORE_COMMITS | STORE_OF_GIT,
                            err);
}

int store_load_night(struct store *store, struct record *out, struct shelf *shelf, struct err *err)
{
    *out = (struct record){.shelf = shelf};
    return load_at_once(store, out, STORE_CONFIGS | STORE_RUNS | STORE_COMMITS | FOR_A_NIGHT, err);
}

/* --- one experiment --------------------------------------------------------------------------- */

int store_load_config(struct store *store, struct record *record, int64_t experiment,
                      struct err *err)
{
    struct experiment *e = &record->experiments[experiment - 1];
    struct trial_reader reader;
    struct query q;
    char *config = NULL;

    query_begin(&q, store, "SELECT config FROM experiment WHERE id = ?");
    query_put_int(&q, experiment);
    int row = query_next(&q, err);
    if (row == 1) {
        config = query_get_text(&q);
        query_end(&q);
    }
    trial_reader_init(&reader, &record->study.space);
    int rc = row < 0          ? -1
             : config == NULL ? broken_row(store, "experiment", experiment, err)
                              : read_config(e, &reader, config, err);
    trial_reader_clear(&reader);
    free(config);
    return rc;
}

int store_load_commits(struct store *store, struct record *record, int64_t decision,
                       struct err *err)
{
    struct query q;
    int row;

    query_begin(&q, store,
                "SELECT decision, ref, commit_id, done FROM outbox WHERE decision = ?"
                " ORDER BY id");
    query_put_int(&q, decision);
    while ((row = query_next(&q, err)) == 1)
        if (load_outbox(store, record, &q, err) != 0) {
            query_end(&q);
            return -1;
        }
    return row;
}

int store_load_body(struct store *store, struct record *record, int64_t decision, struct err *err)
{
    struct query q;

    query_begin(&q, store, "SELECT unpacked(body) FROM decision WHERE number = ?");
    query_put_int(&q, decision);
    int row = query_next(&q, err);
    if (row != 1)
        return row < 0 ? -1 : broken_row(store, "decision", decision, err);
    char *body = query_get_text(&q);
    query_end(&q);
    record_set_body(record, decision, body);
    free(body);
    return 0;
}
