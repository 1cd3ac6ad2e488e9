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

/* A study that was begun: a temporary store with its study, input and session, and the record.  Its
 * run directory `dir` stands in a folder of its own, `home`, as runs/<name> does in runs/. */
struct night {
    char home[56], dir[64];
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
    snprintf(night->home, sizeof night->home, "%.40s/nightXXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(night->home));
    snprintf(night->dir, sizeof night->dir, "%.55s/run", night->home);
    assert_int_equal(file_mkdirs(night->dir, &err), 0);
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
    assert_int_equal(file_remove(night->home, &err), 0);
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

/* The end of one run; attempts of the same (experiment, seed, variant) are numbered. */
static inline void night_run_as(struct night *night, int64_t experiment, enum run_variant variant,
                                uint32_t seed, enum run_class class, double value,
                                const char *detail)
{
    struct record *record = &night->record;
    const struct run *before = record_variant(record, experiment, variant, seed);
    char *text = detail != NULL ? mem_strdup(detail) : NULL;
    struct run run = {.id = (int64_t)record->n_runs + 1,
                      .experiment = experiment,
                      .variant = variant,
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

static inline void night_run(struct night *night, int64_t experiment, uint32_t seed,
                             enum run_class class, double value, const char *detail)
{
    night_run_as(night, experiment, RUN_OWN, seed, class, value, detail);
}

/* A pair of test `test` with both its runs; against itself the candidate's is salted. */
static inline void night_test_pair(struct night *night, int64_t experiment, int64_t against,
                                   int64_t test, uint32_t seed, double incumbent, double candidate)
{
    struct record *record = &night->record;
    struct pair pair = {.experiment = experiment,
                        .against = against,
                        .index = (int)record_pairs(record, experiment, test, NULL, 0),
                        .seed = seed,
                        .test = test,
                        .after = (int64_t)record->n_decisions};

    record_add_pair(record, &pair);
    night_run(night, against, seed, CLASS_OK, incumbent, NULL);
    night_run_as(night, experiment, pair_variant(&pair), seed, CLASS_OK, candidate, NULL);
}

/* A pair with both its runs: `incumbent` and `candidate` are their values. */
static inline void night_pair(struct night *night, int64_t experiment, int64_t against,
                              uint32_t seed, double incumbent, double candidate)
{
    night_test_pair(night, experiment, against, 2 * experiment, seed, incumbent, candidate);
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

/* A run alone on a seed of the selection panel, planned now. */
static inline void night_panel_run(struct night *night, int64_t experiment, uint32_t seed,
                                   double value)
{
    struct pair pair = {.experiment = experiment,
                        .index = (int)record_pairs(&night->record, experiment, 0, NULL, 0),
                        .seed = seed,
                        .after = (int64_t)night->record.n_decisions};

    record_add_pair(&night->record, &pair);
    night_run(night, experiment, seed, CLASS_OK, value, NULL);
}

static inline void night_add_decision(struct night *night, struct decision *d)
{
    struct record *record = &night->record;

    d->number = (int64_t)record->n_decisions + 1;
    d->df = d->n > 1 ? d->n - 1 : (double)NAN;
    record_add_decision(record, d);
}

/* The head's decision on an experiment: its effect and standard error, from n runs. */
static inline void night_head(struct night *night, int64_t experiment, enum outcome verdict,
                              double mean, double se, int n)
{
    struct record *record = &night->record;
    bool placebo = record->experiments[experiment - 1].purpose == PURPOSE_PLACEBO;
    char why[] = "as likely as not";
    struct decision d = {.kind = placebo ? DECISION_PLACEBO : DECISION_HEAD,
                         .experiment = experiment,
                         .against = record_head(record),
                         .verdict = verdict,
                         .alpha = NAN,
                         .n = n,
                         .mean = mean,
                         .low = mean - 1.645 * se,
                         .high = mean + 1.645 * se,
                         .z = mean / se,
                         .sd = se,
                         .reason = why,
                         .incumbent = record_incumbent(record)};

    d.head = verdict == OUTCOME_KEEP && !placebo ? experiment : d.against;
    night_add_decision(night, &d);
}

/* The decision of a test of its own, number `test`, whose pairs were added before. */
static inline void night_test(struct night *night, enum decision_kind kind, int64_t experiment,
                              int64_t against, int64_t test, double alpha, enum outcome verdict,
                              double mean, double low, double high)
{
    struct record *record = &night->record;
    char why[] = "what the pairs said";
    bool verified = kind == DECISION_VERIFY && verdict == OUTCOME_KEEP;
    struct decision d = {.kind = kind,
                         .experiment = experiment,
                         .against = against,
                         .test = test,
                         .verdict = verdict,
                         .verified = verified,
                         .alpha = alpha,
                         .n = (int)record_pairs(record, experiment, test, NULL, 0),
                         .mean = mean,
                         .low = low,
                         .high = high,
                         .z = NAN,
                         .sd = NAN,
                         .reason = why,
                         .incumbent = verified ? experiment : record_incumbent(record),
                         .head = verified ? experiment : record_head(record)};

    night_add_decision(night, &d);
}

/* A placebo of the head, as an experiment. */
static inline int64_t night_placebo(struct night *night)
{
    int64_t id = night_propose(night, record_head(&night->record), "");

    night->record.experiments[id - 1].purpose = PURPOSE_PLACEBO;
    return id;
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
