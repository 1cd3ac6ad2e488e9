/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record_fixture.h - records for tests of what reads them, written by hand a line an event.
 */
#ifndef TESTS_RECORD_FIXTURE_H
#define TESTS_RECORD_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts.h"
#include "file.h"
#include "mem.h"
#include "record.h"
#include "store.h"
#include "trial.h"

/* A study that was begun: a temporary store with its study, input and session, and the record. */
struct night {
    char dir[64];
    struct store *store;
    struct record record;
};

static const char usual_study[] =
    "name: dusk\n"
    "metric: {name: val_loss, goal: minimize}\n"
    "trainer: {command: [train, \"{config}\"]}\n"
    "parameters:\n"
    "  lr: {distribution: log_uniform_values, min: 1e-5, max: 1, start: 0.001}\n"
    "  layers: {distribution: int_uniform, min: 1, max: 9, start: 3}\n"
    "  optimizer: {values: [adamw, \"|<script>alert(1)</script>\"], start: adamw}\n"
    "  tokens: {value: 1000}\n"
    "decision: {procedure: paired}\n"
    "run_cap: 20\n";

static inline void store_texts(struct store *store, const char *study_text)
{
    struct err err = {0};
    struct study study;
    struct str spec = {0};
    struct artifact input = {.path = mem_strdup("data/train.bin"), .bytes = 123};
    int64_t session;

    assert_int_equal(study_parse(&study, study_text, strlen(study_text), "test", &err), 0);
    study_write_spec(&spec, &study);
    memset(input.sha, 'a', SHA256_TEXT - 1);
    assert_int_equal(store_begin(store, &err), 0);
    assert_int_equal(store_set(store, "study", study_text, &err), 0);
    assert_int_equal(store_set(store, "spec", str_text(&spec), &err), 0);
    assert_int_equal(store_add_artifact(store, &input, &err), 0);
    assert_int_equal(store_add_session(store, &session, "{\"cpu\":\"Abacus|3\",\"cores\":2}", &err),
                     0);
    assert_int_equal(store_commit(store, &err), 0);
    free(input.path);
    str_clear(&spec);
    study_clear(&study);
}

static inline void night_begin(struct night *night, const char *study_text)
{
    struct err err = {0};
    const char *tmp = getenv("TMPDIR");

    *night = (struct night){0};
    snprintf(night->dir, sizeof night->dir, "%.40s/nightXXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(night->dir));
    char *db = path_join(night->dir, "study.db");
    assert_int_equal(store_open(&night->store, db, STORE_WRITE, &err), 0);
    free(db);
    store_texts(night->store, study_text);
    assert_int_equal(store_load(night->store, &night->record, &err), 0);
}

static inline void night_end(struct night *night)
{
    struct err err = {0};

    record_clear(&night->record);
    store_close(night->store);
    assert_int_equal(file_remove(night->dir, &err), 0);
}

/* The next experiment: the start of every parameter, changed as the text "lr=0.1 layers=4" says,
 * beginning from experiment `against` (0: the baseline).  Returns its id. */
static inline int64_t night_propose(struct night *night, int64_t against, const char *changes)
{
    struct record *record = &night->record;
    const struct space *space = &record->study.space;
    struct err err = {0};
    char *words = mem_strdup(changes), *rest = words;
    struct experiment e = {.id = (int64_t)record->n_experiments + 1,
                           .against = against,
                           .purpose = against > 0 ? PURPOSE_PROPOSAL : PURPOSE_BASELINE};

    e.config = mem_new(space->n, sizeof *e.config);
    e.unit = mem_new(space->n, sizeof *e.unit);
    space_start(e.config, space);
    for (size_t i = 0; i < space->n && against > 0; i++)
        e.config[i] = record->experiments[against - 1].config[i];
    for (char *word; (word = strsep(&rest, " ")) != NULL && *word != '\0';) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        int at = space_find(space, word);
        assert_true(at >= 0);
        assert_int_equal(space_read_value(&e.config[at], space, (size_t)at, value, &err), 0);
    }
    trial_hash(e.sha, space, e.config);
    record_add_experiment(record, &e);
    free(e.config);
    free(e.unit);
    free(words);
    return (int64_t)record->n_experiments;
}

/* The end of one run; attempts of the same (experiment, seed) are numbered. */
static inline void night_run(struct night *night, int64_t experiment, uint32_t seed,
                             enum run_class class, double value, const char *detail)
{
    struct record *record = &night->record;
    const struct run *before = record_run(record, experiment, seed);
    char *text = detail != NULL ? mem_strdup(detail) : NULL;
    struct run run = {.id = (int64_t)record->n_runs + 1,
                      .experiment = experiment,
                      .seed = seed,
                      .attempt = before != NULL ? before->attempt + 1 : 1,
                      .class = class,
                      .exit_code = class == CLASS_EXIT ? 3 : 0,
                      .value = class == CLASS_OK ? value : (double)NAN,
                      .wall_s = 2,
                      .cpu_s = 1.5,
                      .peak_mib = 512,
                      .steps = -1,
                      .flops = NAN,
                      .started = 1795300000 + (int64_t)record->n_runs,
                      .ended = 1795300002 + (int64_t)record->n_runs,
                      .detail = text};

    record_add_run(record, &run);
    free(text);
}

/* A pair with both its runs: `incumbent` and `candidate` are their values. */
static inline void night_pair(struct night *night, int64_t experiment, int64_t against,
                              uint32_t seed, double incumbent, double candidate)
{
    int64_t test = 2 * experiment;
    size_t index = record_pairs(&night->record, experiment, test, NULL, 0);
    struct pair pair = {.experiment = experiment,
                        .against = against,
                        .index = (int)index,
                        .seed = seed,
                        .test = test,
                        .after = (int64_t)night->record.n_decisions};

    record_add_pair(&night->record, &pair);
    night_run(night, against, seed, CLASS_OK, incumbent, NULL);
    night_run(night, experiment, seed, CLASS_OK, candidate, NULL);
}

static inline void night_decide(struct night *night, int64_t experiment, enum outcome verdict,
                                double mean, double low, double high, const char *reason)
{
    struct record *record = &night->record;
    int64_t against = record->experiments[experiment - 1].against;
    int n = (int)record_pairs(record, experiment, 2 * experiment, NULL, 0);
    char *why = mem_strdup(reason);
    bool better = verdict == OUTCOME_KEEP && against > 0;
    struct decision d = {.number = (int64_t)record->n_decisions + 1,
                         .kind = against > 0 ? DECISION_VERIFY : DECISION_HEAD,
                         .experiment = experiment,
                         .against = against,
                         .test = against > 0 ? 2 * experiment : 0,
                         .verdict = verdict,
                         .verified = better,
                         .alpha = against > 0 ? 0.05 : (double)NAN,
                         .n = n,
                         .mean = mean,
                         .low = low,
                         .high = high,
                         .z = NAN,
                         .sd = NAN,
                         .df = NAN,
                         .reason = why};

    d.incumbent = d.head = verdict == OUTCOME_KEEP ? experiment : record_incumbent(record);

    record_add_decision(record, &d);
    free(why);
}

/* Experiment 1 on three seeds, kept. */
static inline void night_baseline(struct night *night)
{
    night_propose(night, 0, "");
    night_run(night, 1, 11, CLASS_OK, 3.0, NULL);
    night_run(night, 1, 12, CLASS_OK, 3.1, NULL);
    night_run(night, 1, 13, CLASS_OK, 3.2, NULL);
    night_decide(night, 1, OUTCOME_KEEP, NAN, NAN, NAN, "the baseline");
}

#endif
