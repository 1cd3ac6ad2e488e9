/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "query.h"
#include "store.h"
#include "study.h"
#include "trial.h"
#include "whole_record.h"

enum { EXPERIMENTS = 2 };

static const char study_text[] =
    "name: fuzz\n"
    "metric: {name: val_loss, goal: minimize}\n"
    "trainer: {command: [train]}\n"
    "parameters: {x: {min: 0.0, max: 1.0, start: 0.5}, o: {values: [a, b, true], start: a},"
    " m: {min: 1, max: 9, start: 2, when: {o: b}}}\n"
    "early_terminate: {type: hyperband}\n";
static const char commit[] = "0123456789abcdef0123456789abcdef01234567";

static void must(int rc)
{
    if (rc != 0)
        abort();
}

/* --- rows ----------------------------------------------------------------------------------- */

/* The first is the baseline; the others have every parameter set. */
static void add_experiment(struct store *store, struct space *space, int64_t id)
{
    struct value config[3];
    double unit[3];
    struct experiment e = {.id = (int32_t)id,
                           .config = config,
                           .unit = unit,
                           .against = (int32_t)id - 1,
                           .source = id > 1 ? commit : ""};
    struct err err = {0};

    space_start(config, space);
    if (id > 1) {
        config[0].number = 0.25 * (double)id;
        config[1] = space->params[1].values[1];
        config[2] = space->params[2].start;
    }
    space_encode(unit, space, config);
    e.purpose = id == 1 ? PURPOSE_BASELINE : PURPOSE_PROPOSAL;
    trial_hash(e.sha, space, config);
    must(store_add_experiment(store, space, &e, &err));
    must(store_set_steps(store, id, 100, &err));
    must(store_set_remark(store, id, "a remark", &err));
}

static void add_curves(struct store *store, const struct study *study, int64_t run)
{
    struct run_curves curves = {.kind = PLACE_NONE};
    struct err err = {0};

    for (int i = 1; i <= 2; i++) {
        const struct curve_record record = {
            .progress = 0.25 * i, .step = i, .metric = 2.0 / i, .train = 3.0 / i};
        run_curves_add(&curves, &record);
    }
    must(store_add_curves(store, study, run, &curves, &err));
    run_curves_clear(&curves);
}

static void add_run(struct store *store, const struct study *study, int64_t id)
{
    static char loss[] = "val_loss", test[] = "test_loss", path[] = "model/model.json";
    const struct metric metrics[] = {{loss, 0.5}, {test, (double)INFINITY}};
    const struct run_facts facts = {"[\"train\"]", "{}", "{\"user_s\": 1}"};
    struct artifact artifact = {.run = id, .path = path, .bytes = 12};
    struct run run = {.id = id,
                      .experiment = id,
                      .seed = (uint32_t)id,
                      .attempt = 1,
                      .class = CLASS_NONE,
                      .exit_code = -1,
                      .value = (double)NAN,
                      .wall_s = 1,
                      .cpu_s = 1,
                      .peak_mib = 1,
                      .steps = 3,
                      .flops = (double)NAN};
    struct err err = {0};

    must(store_start_run(store, &run, 1, &facts, &err));
    run.class = CLASS_OK;
    run.value = 0.5;
    run.exit_code = 0;
    must(store_end_run(store, &run, &facts, &err));
    for (int i = 0; i < 2; i++)
        must(store_add_metric(store, id, &metrics[i], &err));
    add_curves(store, study, id);
    sha256_bytes(artifact.sha, path, sizeof path);
    must(store_add_artifact(store, &artifact, &err));
    must(store_tell_end(store, id, &err));
}

static void add_decision(struct store *store, int64_t id)
{
    static char why[] = "it is better", body[] = "decision: keep\nexperiment: 1\n";
    const struct decision d = {.number = id,
                               .kind = id == EXPERIMENTS ? DECISION_VERIFY : DECISION_HEAD,
                               .experiment = id,
                               .against = id - 1,
                               .test = id == EXPERIMENTS,
                               .verdict = OUTCOME_KEEP,
                               .verified = id == EXPERIMENTS,
                               .alpha = 0.05,
                               .n = 1,
                               .mean = 0.1,
                               .low = 0,
                               .high = 0.2,
                               .z = 1,
                               .df = 1,
                               .sd = 1,
                               .reason = why,
                               .incumbent = id,
                               .head = id,
                               .body = body};
    static char ref[] = "refs/heads/nightshift/fuzz-log";
    struct outbox outbox = {.decision = id, .ref = ref};
    struct err err = {0};

    memset(outbox.commit, 'a' + (int)id, 40);
    memset(outbox.tree, 'b', 40);
    if (id > 1)
        memset(outbox.parent, 'a' + (int)id - 1, 40);
    must(store_add_decision(store, &d, &err));
    must(store_add_outbox(store, &outbox, "bytes", 5, &err));
    must(store_tell_decision(store, id, &err));
    if (id == 1)
        must(store_set_published(store, id, ref, &err));
}

static void add_pair(struct store *store, int64_t id)
{
    const struct pair alone = {.experiment = id, .seed = (uint32_t)id, .after = id - 1};
    const struct pair test = {
        .experiment = id, .against = id - 1, .seed = 10 + (uint32_t)id, .test = 1, .after = id - 1};
    struct err err = {0};

    must(store_add_pair(store, &alone, &err));
    if (id == EXPERIMENTS)
        must(store_add_pair(store, &test, &err));
}

/* What the proposer answered, what the user asked for, and a night's end. */
static void add_others(struct store *store)
{
    static char text[] = "{\"x\":0.5}", refusal[] = "it is not new", file[] = "train.py";
    struct answer answers[] = {{.experiment = 2, .refusal = refusal},
                               {.experiment = 2, .text = text}};
    struct artifact input = {.path = file, .bytes = 7};
    const struct closing closing = {.after = EXPERIMENTS, .placebo = true};
    struct err err = {0};

    snprintf(answers[1].source, sizeof answers[1].source, "%s", commit);
    for (int i = 0; i < 2; i++) {
        must(store_add_answer(store, &answers[i], &err));
        must(store_enqueue(store, text, &err));
    }
    must(store_take_enqueued(store, 1, EXPERIMENTS, &err));
    sha256_bytes(input.sha, file, sizeof file);
    must(store_forget_inputs(store, &err));
    must(store_add_artifact(store, &input, &err));
    must(store_tell_inputs(store, &err));
    must(store_add_closing(store, &closing, &err));
    must(store_event(store, "remark", 1, "a remark for people", &err));
}

/* --- the whole ------------------------------------------------------------------------------ */

static void add_study(struct store *store, const struct study *study)
{
    struct str spec = {0};
    struct err err = {0};
    int64_t session;

    study_write_spec(&spec, study);
    must(store_set(store, "study", study_text, &err));
    must(store_set(store, "spec", spec.at, &err));
    must(store_set(store, "source", commit, &err));
    must(store_tell_begun(store, &err));
    must(store_add_session(store, &session, "{\"host\": \"h\"}", &err));
    str_clear(&spec);
}

static void add_all(struct store *store)
{
    struct study study;
    struct err err = {0};

    must(study_parse(&study, study_text, sizeof study_text - 1, "fuzz", &err));
    must(store_begin(store, &err));
    add_study(store, &study);
    for (int64_t id = 1; id <= EXPERIMENTS; id++) {
        add_experiment(store, &study.space, id);
        add_pair(store, id);
        add_run(store, &study, id);
        add_decision(store, id);
    }
    add_others(store);
    must(store_commit(store, &err));
    must(store_event_alone(store, "remark", 0, "another one", &err));
    study_clear(&study);
}

/* As a migration leaves it: the log tells of all rows anew, and holds what it must. */
static void tell_anew(struct store *store)
{
    static const char *const empty[] = {"DELETE FROM event", NULL};
    struct err err = {0};

    must(sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL));
    must(store_begin(store, &err));
    must(store_execute(store, empty, &err));
    must(event_tell_all(store, &err));
    must(store_event(store, "remark", 1, "a remark for people", &err));
    must(store_commit(store, &err));
    must(store_check_log(store, &err));
}

static void make_dense(const char *path)
{
    sqlite3 *db;

    must(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL));
    must(sqlite3_exec(db, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM", NULL,
                      NULL, NULL));
    must(sqlite3_close(db));
}

void whole_record_write(const char *path)
{
    struct store *store;
    struct err err = {0};

    must(store_open(&store, path, STORE_WRITE, &err));
    add_all(store);
    must(store_check_log(store, &err));
    tell_anew(store);
    store_close(store);
    make_dense(path);
}
