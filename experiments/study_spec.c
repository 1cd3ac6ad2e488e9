/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mem.h"
#include "study.h"

/* --- writing ---------------------------------------------------------------------------------- */

static json_t *value_json(const struct value *value)
{
    if (value->type == VALUE_TEXT)
        return json_string(value->text);
    if (value->type == VALUE_BOOL)
        return json_boolean(value->number != 0);
    return json_number_or_null(value->number);
}

static json_t *values_json(const struct value *values, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, value_json(&values[i]));
    return list;
}

static json_t *texts_json(char *const *texts, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

static void set_range(json_t *object, const struct param *param)
{
    json_object_set_new(object, "distribution", json_string(param->distribution->name));
    json_object_set_new(object, "min", json_number_or_null(param->min));
    json_object_set_new(object, "max", json_number_or_null(param->max));
    if (param->distribution->takes_q)
        json_object_set_new(object, "q", json_number_or_null(param->q));
}

static json_t *param_json(const struct space *space, const struct param *param)
{
    json_t *object = json_object();

    json_object_set_new(object, "name", json_string(param->name));
    if (param->distribution != NULL)
        set_range(object, param);
    else
        json_object_set_new(object, "values", values_json(param->values, param->n_values));
    if (param->ordinal)
        json_object_set_new(object, "distribution", json_string("ordinal"));
    json_object_set_new(object, "start", value_json(&param->start));
    if (param->when >= 0) {
        json_t *when = json_object();
        json_object_set_new(when, space->params[param->when].name,
                            values_json(param->when_values, param->n_when));
        json_object_set_new(object, "when", when);
    }
    return object;
}

/* A list, not an object: the order of the parameters decides the proposals. */
static json_t *params_json(const struct space *space)
{
    json_t *list = json_array();

    for (size_t i = 0; i < space->n; i++)
        json_array_append_new(list, param_json(space, &space->params[i]));
    return list;
}

static json_t *constraints_json(const struct space *space)
{
    json_t *list = json_array();

    for (size_t i = 0; i < space->n_constraints; i++)
        json_array_append_new(list, json_string(constraint_text(space->constraints[i])));
    return list;
}

static json_t *config_json(const struct space *space, const struct value *config)
{
    json_t *object = json_object();

    for (size_t i = 0; i < space->n; i++)
        if (config[i].type != VALUE_NONE)
            json_object_set_new(object, space->params[i].name, value_json(&config[i]));
    return object;
}

/* The seed is text: JSON's whole numbers end before 2^64.  Without guesses there is no key of
 * theirs, so that such studies are what they were before there was one. */
static json_t *search_json(const struct study *study)
{
    char *seed = mem_printf("%llu", (unsigned long long)study->seed);
    json_t *object = json_pack("{s:s, s:s}", "strategy", study->strategy->name, "seed", seed);
    json_t *guesses = json_array();

    for (size_t i = 0; i < study->n_enqueued; i++)
        json_array_append_new(guesses, config_json(&study->space, study->enqueued[i]));
    if (study->n_enqueued > 0)
        json_object_set(object, "enqueue", guesses);
    json_decref(guesses);
    free(seed);
    if (study->strategy->outside) {
        json_object_set_new(object, "command", texts_json(study->proposer, study->n_proposer));
        json_object_set_new(object, "timeout", json_number_or_null(study->proposer_timeout_s));
        if (study->n_writable > 0)
            json_object_set_new(object, "writable", texts_json(study->writable, study->n_writable));
    }
    return object;
}

static json_t *source_json(const struct source_rule *source)
{
    return json_pack("{s:s?, s:s?, s:o, s:s, s:o, s:o}", "repo", source->repo, "commit",
                     source->commit, "build", texts_json(source->build, source->n_build), "binary",
                     source->binary, "allow", texts_json(source->allow, source->n_allow), "timeout",
                     json_number_or_null(source->timeout_s));
}

static json_t *decision_json(const struct study *study)
{
    const struct judge_rule *rule = &study->rule;

    return json_pack("{s:s, s:o, s:o, s:i, s:o, s:i}", "procedure",
                     procedure_names[study->procedure], "fdr", json_number_or_null(study->fdr),
                     "alpha", json_number_or_null(isfinite(study->fdr) ? (double)NAN : rule->alpha),
                     "max_seeds", rule->max_seeds, "min_gain", json_number_or_null(rule->min_gain),
                     "confirm", study->confirm);
}

/* What the type takes, and no more. */
static json_t *early_json(const struct early_rule *rule)
{
    if (!rule->kind->ranks)
        return json_pack("{s:s, s:o, s:o}", "type", rule->kind->name, "z",
                         json_number_or_null(rule->z), "min_progress",
                         json_number_or_null(rule->min_progress));
    return json_pack("{s:s, s:o, s:i}", "type", rule->kind->name, "eta",
                     json_number_or_null(rule->eta), rule->min_iter > 0 ? "min_iter" : "s",
                     rule->min_iter > 0 ? rule->min_iter : rule->s);
}

/* How a claim is worded is no part of what it says. */
static json_t *hypotheses_json(const struct study *study)
{
    json_t *list = json_array();

    for (size_t i = 0; i < study->n_hypotheses; i++) {
        const struct hypothesis *h = &study->hypotheses[i];
        json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o}", "name", h->id, "better",
                                              config_json(&study->space, h->better), "worse",
                                              config_json(&study->space, h->worse), "by",
                                              json_number_or_null(h->by)));
    }
    return list;
}

void study_write_spec(struct str *out, const struct study *study)
{
    /* clang-format off */
    json_t *spec = json_pack(
        "{s:s, s:{s:s, s:s}, s:{s:o, s:o}, s:o, s:o, s:o, s:o, s:b, s:i, s:i, s:o, s:o}",
        "name", study->name,
        "metric", "name", study->metric, "goal", study->maximize ? "maximize" : "minimize",
        "trainer", "command", texts_json(study->command, study->n_command),
        "timeout", json_number_or_null(study->timeout_s),
        "parameters", params_json(&study->space),
        "constraints", constraints_json(&study->space),
        "search", search_json(study),
        "decision", decision_json(study),
        "audit", study->audit,
        "placebo", study->placebo,
        "lookahead", study->lookahead,
        "files", texts_json(study->files, study->n_files),
        "env", texts_json(study->env, study->n_env));
    /* clang-format on */

    if (study->source.binary != NULL)
        json_object_set_new(spec, "source", source_json(&study->source));
    if (study->n_evaluate > 0)
        json_object_set_new(spec, "evaluate", texts_json(study->evaluate, study->n_evaluate));
    if (study->timed)
        json_object_set_new(spec, "budget", json_string("time"));
    if (study->early.kind != NULL)
        json_object_set_new(spec, "early_terminate", early_json(&study->early));
    if (study->n_hypotheses > 0)
        json_object_set_new(spec, "hypotheses", hypotheses_json(study));
    json_write(out, spec);
    json_decref(spec);
}

/* --- comparing -------------------------------------------------------------------------------- */

/* Members of a list of objects are known by their name, other things by their place. */
static const json_t *same_member(const json_t *list, const json_t *member)
{
    const json_t *other, *name = json_object_get(member, "name");
    size_t i;

    json_array_foreach (list, i, other)
        if (json_equal(json_object_get(other, "name"), name))
            return other;
    return NULL;
}

static bool is_list_of_named(const json_t *value)
{
    return json_object_get(json_array_get(value, 0), "name") != NULL;
}

static void add_value(struct str *out, const json_t *value)
{
    if (value == NULL || json_is_null(value))
        str_add(out, "none");
    else if (json_is_string(value))
        str_add_printable(out, json_string_value(value), json_string_length(value), 200);
    else
        json_write(out, value);
}

static void describe(struct str *out, const char *path, const json_t *before, const json_t *after);

static void describe_members(struct str *out, const char *path, const json_t *a, const json_t *b,
                             bool only_new)
{
    void *it = json_object_iter((json_t *)(uintptr_t)a);

    for (; it != NULL; it = json_object_iter_next((json_t *)(uintptr_t)a, it)) {
        const char *key = json_object_iter_key(it);
        const json_t *other = json_object_get(b, key);
        char *below = mem_printf("%s%s%s", path, *path != '\0' ? "." : "", key);

        if (only_new && other == NULL)
            describe(out, below, NULL, json_object_iter_value(it));
        else if (!only_new)
            describe(out, below, json_object_iter_value(it), other);
        free(below);
    }
}

/* The parameters that both have, in one order and in the other? */
static bool order_differs(const json_t *before, const json_t *after)
{
    const json_t *member, *other;
    size_t i, k = 0;

    json_array_foreach (before, i, member) {
        if (same_member(after, member) == NULL)
            continue;
        while ((other = json_array_get(after, k)) != NULL && same_member(before, other) == NULL)
            k++;
        if (!json_equal(json_object_get(member, "name"), json_object_get(other, "name")))
            return true;
        k++;
    }
    return false;
}

static void describe_named(struct str *out, const char *path, const json_t *before,
                           const json_t *after)
{
    const json_t *member;
    size_t i;

    json_array_foreach (before, i, member) {
        const json_t *other = same_member(after, member);
        char *below = mem_printf("%s.%s", path, json_string_value(json_object_get(member, "name")));
        if (other == NULL)
            str_addf(out, "%s: taken away\n", below);
        else
            describe(out, below, member, other);
        free(below);
    }
    json_array_foreach (after, i, member)
        if (same_member(before, member) == NULL)
            str_addf(out, "%s.%s: new\n", path, json_string_value(json_object_get(member, "name")));
    if (order_differs(before, after))
        str_addf(out, "%s: in another order\n", path);
}

static void describe(struct str *out, const char *path, const json_t *before, const json_t *after)
{
    if (before != NULL && after != NULL && json_equal(before, after))
        return;
    if (json_is_object(before) && json_is_object(after)) {
        describe_members(out, path, before, after, false);
        describe_members(out, path, after, before, true);
    } else if (is_list_of_named(before) && is_list_of_named(after)) {
        describe_named(out, path, before, after);
    } else {
        str_addf(out, "%s: ", path);
        add_value(out, before);
        str_add(out, " -> ");
        add_value(out, after);
        str_add(out, "\n");
    }
}

void study_describe_change(struct str *out, const char *before, const char *after)
{
    json_t *a = NULL, *b = NULL;
    struct err err;

    if (strcmp(before, after) != 0) {
        if (json_read(&a, before, strlen(before), "before", &err) == 0 &&
            json_read(&b, after, strlen(after), "after", &err) == 0)
            describe(out, "", a, b);
        else
            str_addf(out, "%s\n", err.text);
    }
    json_decref(a);
    json_decref(b);
}
