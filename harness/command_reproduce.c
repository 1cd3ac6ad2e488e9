/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline.h"
#include "command.h"
#include "decision.h"
#include "inputs.h"
#include "json.h"
#include "mem.h"
#include "place.h"
#include "rerun.h"
#include "slot.h"
#include "source.h"
#include "trial.h"
#include "view.h"

static const struct option_row options[] = {
    {"all", 0, NULL, "every run of the experiment, also those as the incumbent of others"},
    {"ref", 0, "COMMIT", "from git alone: a commit of nightshift/NAME or nightshift/NAME-log"},
    {"json", 0, NULL, "one JSON object: the verdict, its level, and each run"},
    {"dir", 0, "DIR", "the run directory"},
    {NULL, 0, NULL, NULL},
};

extern const struct command command_reproduce;

/* --- from the record ------------------------------------------------------------------------ */

/* The runs of an experiment that count: on the seeds of its own test, or all of them. */
static bool is_asked_for(const struct record *record, const struct run *run, int64_t id, bool all)
{
    const struct decision *d = record_decision(record, id);
    const struct pair *pairs[PAIRS_MAX];

    if (run->experiment != id || run->class == CLASS_NONE || run->class == CLASS_INTERRUPTED ||
        record_variant(record, id, run->variant, run->seed) != run)
        return false;
    if (all || d == NULL)
        return true;
    size_t n = run->variant == RUN_OWN ? record_pairs(record, id, d->test, pairs, PAIRS_MAX) : 0;
    for (size_t i = 0; i < n && i < PAIRS_MAX; i++)
        if (pairs[i]->seed == run->seed)
            return true;
    return false;
}

static int repeat_experiment(struct rerun *rerun, const struct place *place, struct store *store,
                             const struct record *record, bool all, struct err *err)
{
    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *run = &record->runs[i];
        if (is_asked_for(record, run, rerun->experiment, all) &&
            rerun_logged(rerun, place, store, record, run, err) != 0)
            return -1;
    }
    if (rerun->same + rerun->different == 0)
        return err_usage(err, "experiment %lld has no finished run", (long long)rerun->experiment);
    return 0;
}

/* The environment in which the runs of an experiment were made, that of its last one. */
static int read_environment(char **out, struct store *store, const struct record *record,
                            int64_t experiment, struct err *err)
{
    int64_t last = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        if (record->runs[i].experiment == experiment && record->runs[i].class == CLASS_OK)
            last = record->runs[i].id;
    return store_environment(store, out, last, err);
}

static json_t *fact_json(const struct str *fact)
{
    return view_json_text(fact->len > 0 ? str_text(fact) : NULL);
}

/* The verdict in words, or in one object with all that led to it. */
static int print_verdict(const struct rerun *rerun, bool good, const char *words, struct err *err)
{
    const struct level *level = &rerun->level;
    bool run = level->data.len == 0;

    if (rerun->runs == NULL) {
        printf("%s\n", words);
        return 0;
    }
    json_t *object = json_object();
    json_object_set_new(object, "experiment", json_integer(rerun->experiment));
    json_object_set_new(object, "holds", json_boolean(good));
    json_object_set_new(object, "level", run ? json_integer(level->number) : json_null());
    json_object_set_new(object, "verdict", view_json_text(words));
    json_object_set_new(object, "fact", fact_json(run ? &level->fact : &level->data));
    json_object_set(object, "runs", rerun->runs);
    json_object_set_new(object, "kept",
                        view_json_text(rerun->different > 0 ? rerun->scratch : NULL));
    int rc = view_print_json(object, err);
    json_decref(object);
    return rc;
}

/* 1: go on; 0: with other data nothing is run. */
static int measure(struct rerun *rerun, const char *environment, struct err *err)
{
    if (rerun_measure(rerun, environment, err) != 0)
        return -1;
    if (rerun->level.data.len == 0)
        return 1;
    char *words = mem_printf("differs before anything is run: %s", rerun->level.data.at);
    int rc = print_verdict(rerun, false, words, err);
    free(words);
    return rc;
}

/* The verdict over all seeds, as the exit status. */
static int conclude(const struct rerun *rerun, double sd, struct err *err)
{
    struct str line = {0};
    bool good = rerun_conclude(&line, rerun, sd);
    int rc = print_verdict(rerun, good, str_text(&line), err);

    str_clear(&line);
    return rc != 0 ? -1 : good ? 0 : ERR_FAILED;
}

static int from_record(const struct place *place, const char *id_text, bool all, json_t *runs,
                       struct err *err)
{
    struct store *store = NULL;
    struct record record = {0};
    struct rerun rerun = {.runs = runs};
    struct artifact *inputs = NULL;
    unsigned long long id;
    char *environment = NULL;
    int status = -1, agree = 0;

    if (place_load(place, &store, &record, STORE_CONFIGS | STORE_RUNS | STORE_COMMITS, err) != 0)
        return -1;
    if (!integer_read(&id, id_text, record.n_experiments) || id < 1) {
        err_usage(err, "reproduce: there is no experiment '%s' (there are %zu)", id_text,
                  record.n_experiments);
        goto out;
    }
    rerun.study = &record.study;
    rerun.study_dir = place->study_dir;
    rerun.experiment = (int64_t)id;
    if (store_artifacts(store, &inputs, &rerun.n_inputs, 0, err) != 0 ||
        read_environment(&environment, store, &record, rerun.experiment, err) != 0)
        goto out;
    rerun.inputs = inputs;
    if (rerun_open(&rerun, err) == 0 && (agree = measure(&rerun, environment, err)) == 1 &&
        repeat_experiment(&rerun, place, store, &record, all, err) == 0)
        status = conclude(&rerun, rerun_noise(&record), err);
    else if (agree == 0 && err->code == 0)
        status = ERR_FAILED;
    if (rerun_close(&rerun, err) != 0)
        status = -1;
out:
    free(environment);
    artifacts_free(inputs, rerun.n_inputs);
    record_clear(&record);
    store_close(store);
    return status;
}

/* --- from git alone ------------------------------------------------------------------------- */

/* A decision's text, read back. */
struct logged {
    struct study study;
    struct value *config;
    char *body;
    char source[41]; /* commit that the trainer was built from; "": none */
    int64_t experiment, steps;
    struct artifact *inputs;
    size_t n_inputs;
};

static void logged_clear(struct logged *logged)
{
    free(logged->config);
    free(logged->body);
    artifacts_free(logged->inputs, logged->n_inputs);
    study_clear(&logged->study);
}

static void read_inputs(struct logged *logged)
{
    json_t *inputs = decision_value(logged->body, "inputs");

    logged->inputs = mem_new(json_array_size(inputs), sizeof *logged->inputs);
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const json_t *input = json_array_get(inputs, i);
        const char *path = json_string_value(json_object_get(input, "path"));
        const char *sha = json_string_value(json_object_get(input, "sha256"));
        if (path == NULL || sha == NULL || strlen(sha) != SHA256_TEXT - 1)
            continue;
        struct artifact *out = &logged->inputs[logged->n_inputs++];
        out->path = mem_strdup(path);
        memcpy(out->sha, sha, SHA256_TEXT);
    }
    json_decref(inputs);
}

static void read_source(struct logged *logged)
{
    json_t *source = decision_value(logged->body, "source");

    snprintf(logged->source, sizeof logged->source, "%s",
             json_is_string(source) ? json_string_value(source) : "");
    json_decref(source);
}

static int64_t integer_of(const char *body, const char *key)
{
    json_t *value = decision_value(body, key);
    int64_t n = json_integer_value(value);

    json_decref(value);
    return n;
}

static int read_logged(struct logged *out, struct ledger *ledger, const char *commit,
                       struct err *err)
{
    char *text = NULL;
    size_t len;

    if (ledger_read(ledger, &text, &len, commit, "study.yaml", err) != 0)
        return -1;
    int rc = study_parse(&out->study, text, len, "study.yaml", err);
    free(text);
    if (rc != 0 || ledger_read_decision(ledger, &out->body, commit, err) != 0)
        return -1;
    json_t *config = decision_value(out->body, "config");
    if (!json_is_object(config)) {
        json_decref(config);
        return err_integrity(err, "commit %s holds no config", commit);
    }
    struct str canonical = {0};
    json_write(&canonical, config);
    json_decref(config);
    out->config = mem_new(out->study.space.n, sizeof *out->config);
    rc = trial_parse(out->config, &out->study.space, canonical.at, err);
    str_clear(&canonical);
    out->experiment = integer_of(out->body, "experiment");
    out->steps = integer_of(out->body, "steps");
    read_inputs(out);
    read_source(out);
    return rc;
}

static enum run_class class_named(const char *name)
{
    for (int i = 0; name != NULL && class_names[i] != NULL; i++)
        if (strcmp(class_names[i], name) == 0)
            return (enum run_class)i;
    return CLASS_NONE;
}

static int repeat_pairs(struct rerun *rerun, const struct logged *logged, struct err *err)
{
    json_t *pairs = decision_value(logged->body, "pairs");
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < json_array_size(pairs); i++) {
        const json_t *pair = json_array_get(pairs, i);
        const char *bits = json_string_value(json_object_get(pair, "candidate_bits"));
        const char *class = json_string_value(json_object_get(pair, "candidate_class"));
        const json_t *salted = json_object_get(pair, "candidate_seed");
        json_int_t seed =
            json_integer_value(salted != NULL ? salted : json_object_get(pair, "seed"));
        struct expected expected = {.class = bits != NULL ? CLASS_OK : class_named(class)};
        if (bits != NULL) {
            unsigned long long pattern = strtoull(bits, NULL, 16);
            memcpy(&expected.value, &pattern, sizeof expected.value);
        }
        rc = rerun_seed(rerun, logged->config, logged->source, logged->steps, (uint32_t)seed,
                        &expected, err);
    }
    json_decref(pairs);
    return rc;
}

static int from_commit(struct ledger *ledger, const char *study_dir, const char *ref, json_t *runs,
                       struct err *err)
{
    struct logged logged = {0};
    struct rerun rerun = {.study = &logged.study, .study_dir = study_dir, .runs = runs};
    char commit[41];
    int status = -1, agree = 0;

    if (ledger_resolve(ledger, commit, ref, err) == 0 &&
        read_logged(&logged, ledger, commit, err) == 0) {
        rerun.inputs = logged.inputs;
        rerun.n_inputs = logged.n_inputs;
        rerun.experiment = logged.experiment;
        if (rerun_open(&rerun, err) == 0 && (agree = measure(&rerun, NULL, err)) == 1 &&
            repeat_pairs(&rerun, &logged, err) == 0)
            status = conclude(&rerun, NAN, err);
        else if (agree == 0 && err->code == 0)
            status = ERR_FAILED;
        if (rerun_close(&rerun, err) != 0)
            status = -1;
    }
    logged_clear(&logged);
    return status;
}

/* The repository of this folder, or that of the study that is meant. */
static int open_ledger(struct ledger **out, struct place *place, const char *word, const char *dir,
                       struct err *err)
{
    if (word == NULL && dir == NULL) {
        place->study_dir = realpath(".", NULL);
        if (place->study_dir == NULL)
            return err_sys(err, "cannot find the current directory");
        if (ledger_open_existing(out, place->study_dir, place->study_dir, "", err) != 0)
            return -1;
        if (*out != NULL)
            return 0;
        place_clear(place);
    }
    if (place_find(place, word, dir, err) != 0)
        return -1;
    if (ledger_open_existing(out, place->study_dir, place->run_dir, place->name, err) != 0)
        return -1;
    return *out != NULL
               ? 0
               : err_usage(err, "reproduce: there is no git repository at '%s'", place->study_dir);
}

static int from_ref(const char *ref, const char *word, const char *dir, json_t *runs,
                    struct err *err)
{
    struct place place = {0};
    struct ledger *ledger = NULL;
    int status = -1;

    if (open_ledger(&ledger, &place, word, dir, err) == 0)
        status = from_commit(ledger, place.study_dir, ref, runs, err);
    ledger_close(ledger);
    place_clear(&place);
    return status;
}

static int reproduce(const struct arguments *arguments, json_t *runs, struct err *err)
{
    const char *dir = option_value(&command_reproduce, arguments, "dir");
    const char *ref = option_value(&command_reproduce, arguments, "ref");
    bool all = option_value(&command_reproduce, arguments, "all") != NULL;
    const char *const *words = arguments->words;
    size_t n = arguments->n_words;
    struct place place;

    if (ref != NULL && n <= 1)
        return from_ref(ref, n == 1 ? words[0] : NULL, dir, runs, err);
    if (n < 1 || n > 2 || ref != NULL)
        return err_usage(err, "reproduce: give an experiment's number, or --ref COMMIT");
    if (place_find(&place, n == 2 ? words[0] : NULL, dir, err) != 0)
        return -1;
    int status = from_record(&place, words[n - 1], all, runs, err);
    place_clear(&place);
    return status;
}

static int run(const struct arguments *arguments, struct err *err)
{
    bool json = option_value(&command_reproduce, arguments, "json") != NULL;
    json_t *runs = json ? json_array() : NULL;
    int status = reproduce(arguments, runs, err);

    json_decref(runs);
    return status;
}

const struct command command_reproduce = {
    .name = "reproduce",
    .operands = "[STUDY] ID | --ref COMMIT",
    .summary = "run a logged experiment again and compare bit for bit",
    .help =
        "The inputs are hashed first; if they are not those of the record, that is said and\n"
        "nothing is run.  Then every run of the experiment's own test is repeated with its\n"
        "config, seed and steps: metric, files and printed records must be equal (but times,\n"
        "rates and memory).  The verdict names the level, and what differs first:\n"
        "  L1  same machine, same program: bit for bit\n"
        "  L2  the program was built anew, or its libraries are others: bit for bit\n"
        "  L3  another processor: the mean within two standard errors\n"
        "Exit 0: the level's promise is held; 1: it is not.\n"
        "\n"
        "With --json one object: experiment, holds, level (null: other data, nothing was run),\n"
        "verdict, fact (the first that differs), runs (seed, identical, value, recorded, said),\n"
        "kept (where the repetitions are, when one differs).\n"
        "\n"
        "With --ref everything comes from the commit: study, config, seeds, hashes.  Say it in\n"
        "the folder of the study file, or name the STUDY.\n"
        "\n"
        "  nightshift reproduce kjv.yaml 12\n"
        "  nightshift reproduce --ref nightshift/kjv\n",
    .options = options,
    .run = run,
};
