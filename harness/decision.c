/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "json.h"
#include "mem.h"
#include "needs.h"
#include "record_hypothesis.h"
#include "trial.h"

static void add_line(struct str *out, const char *key, json_t *value)
{
    str_addf(out, "%s: ", key);
    json_write(out, value);
    str_add(out, "\n");
    json_decref(value);
}

static json_t *bits_of(double x)
{
    char text[17];
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    snprintf(text, sizeof text, "%016llx", (unsigned long long)bits);
    return json_string(text);
}

static json_t *config_as_json(const struct record *record, int64_t experiment)
{
    struct str text = {0};
    json_error_t ignored;

    if (experiment == 0)
        return json_null();
    trial_write_json(&text, &record->study.space, record->experiments[experiment - 1].config);
    json_t *config = json_loads(text.at, 0, &ignored);
    str_clear(&text);
    return config;
}

static json_t *effect_as_json(const struct decision *d)
{
    return json_pack("{s:o, s:o, s:o, s:i}", "mean", json_number_or_null(d->mean), "low",
                     json_number_or_null(d->low), "high", json_number_or_null(d->high), "n", d->n);
}

/* What one side printed on a seed: value, its bits, and the class where it failed. */
static void add_side(json_t *pair, const char *side, const struct run *run)
{
    char key[32];

    if (run == NULL)
        return;
    json_object_set_new(pair, side, json_number_or_null(run->value));
    snprintf(key, sizeof key, "%s_%s", side, run->class == CLASS_OK ? "bits" : "class");
    json_object_set_new(pair, key,
                        run->class == CLASS_OK ? bits_of(run->value)
                                               : json_string(class_names[run->class]));
}

bool decision_withdraws(const struct decision *d)
{
    return d->incumbent == 0 && d->against > 0;
}

/* The pairs that a decision was made on: those planned before it. */
static size_t pairs_of(const struct pair *pairs[PAIRS_MAX], const struct record *record,
                       const struct decision *d)
{
    struct record then = *record;

    if (decision_withdraws(d))
        return 0;
    then.n_decisions = (size_t)d->number - 1;
    return record_pairs(&then, d->experiment, d->test, pairs, PAIRS_MAX);
}

static json_t *pairs_as_json(const struct decision *d, const struct record *record)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = pairs_of(pairs, record, d);
    json_t *array = json_array();

    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        json_t *pair = json_pack("{s:I}", "seed", (json_int_t)pairs[i]->seed);
        const struct run *candidate = record_candidate(record, pairs[i]);
        add_side(pair, "candidate", candidate);
        if (candidate != NULL && record_trainer_seed(record, candidate) != candidate->seed)
            json_object_set_new(pair, "candidate_seed",
                                json_integer(record_trainer_seed(record, candidate)));
        if (d->test > 0)
            add_side(pair, "incumbent", record_run(record, d->against, pairs[i]->seed));
        json_array_append_new(array, pair);
    }
    return array;
}

static int inputs_as_json(json_t **out, struct store *store, struct err *err)
{
    struct artifact *inputs = NULL;
    size_t n = 0;

    if (store_artifacts(store, &inputs, &n, 0, err) != 0)
        return -1;
    *out = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(*out, json_pack("{s:s, s:s, s:I}", "path", inputs[i].path, "sha256",
                                              inputs[i].sha, "bytes", (json_int_t)inputs[i].bytes));
    artifacts_free(inputs, n);
    return 0;
}

static const char *verdict_word(enum outcome verdict)
{
    return verdict == OUTCOME_KEEP ? "keep" : verdict == OUTCOME_REVERT ? "revert" : "failed";
}

static void add_hypothesis(struct str *text, const struct record *record, const struct decision *d)
{
    const struct hypothesis *h = record_hypothesis_of(record, d);

    if (h == NULL)
        return;
    add_line(text, "hypothesis", json_string(h->id));
    add_line(text, "claim", json_string(h->claim));
    add_line(text, "status", json_string(claim_verdict_names[hypothesis_verdict(h, d)]));
}

int decision_write(char **out, const struct decision *d, const struct record *record,
                   struct store *store, struct err *err)
{
    const struct experiment *e = &record->experiments[d->experiment - 1];
    json_t *inputs;
    struct str text = {0};

    if (inputs_as_json(&inputs, store, err) != 0)
        return -1;
    add_line(&text, "decision", json_integer(d->number));
    add_line(&text, "kind", json_string(decision_kind_names[d->kind]));
    add_line(&text, "experiment", json_integer(d->experiment));
    add_line(&text, "purpose", json_string(purpose_names[e->purpose]));
    add_line(&text, "verdict", json_string(verdict_word(d->verdict)));
    add_line(&text, "verified", json_boolean(d->verified));
    add_hypothesis(&text, record, d);
    add_line(&text, "reason", json_string(d->reason));
    add_line(&text, "metric", json_string(record->study.metric));
    add_line(&text, "effect", effect_as_json(d));
    add_line(&text, "alpha", json_number_or_null(d->alpha));
    add_line(&text, "z", json_number_or_null(d->z));
    add_line(&text, "sd", json_number_or_null(d->sd));
    add_line(&text, "df", json_number_or_null(d->df));
    add_line(&text, "config", config_as_json(record, d->experiment));
    add_line(&text, "test", json_integer(d->test));
    add_line(&text, "against", json_integer(d->against));
    add_line(&text, "against_config", config_as_json(record, d->against));
    add_line(&text, "incumbent_after", json_integer(d->incumbent));
    add_line(&text, "head_after", json_integer(d->head));
    add_line(&text, "steps", json_integer(decision_withdraws(d) ? 0 : e->steps));
    if (record->source[0] != '\0')
        add_line(&text, "source", json_string(record_source(record, d->experiment)));
    add_line(&text, "pairs", pairs_as_json(d, record));
    add_line(&text, "inputs", inputs);
    *out = str_take(&text);
    return 0;
}

json_t *decision_value(const char *body, const char *key)
{
    size_t len = strlen(key);
    json_error_t ignored;

    for (const char *line = body; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        if (strncmp(line, key, len) == 0 && strncmp(line + len, ": ", 2) == 0) {
            const char *value = line + len + 2;
            size_t n = end != NULL ? (size_t)(end - value) : strlen(value);
            return json_loadb(value, n, JSON_DECODE_ANY, &ignored);
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return NULL;
}

void decision_metric(struct str *out, const struct decision *d, const struct record *record)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = pairs_of(pairs, record, d), used = 0;
    double sum = 0;
    char number[NUMBER_TEXT];

    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        const struct run *run = record_candidate(record, pairs[i]);
        if (run == NULL || run->class != CLASS_OK)
            continue;
        sum += run->value;
        used++;
    }
    if (used == 0)
        str_addf(out, "%s none", record->study.metric);
    else
        str_addf(out, "%s %s over %zu seed%s", record->study.metric,
                 number_text(number, sum / (double)used), used, used == 1 ? "" : "s");
}
