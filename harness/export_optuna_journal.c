/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Optuna's journal (optuna.storages.JournalStorage, from 3.1 on): a JSON object an operation, read
 * from the top.  A trial is one operation that creates it as it ended.
 */
#include <math.h>
#include <stdlib.h>

#include "export.h"
#include "json.h"
#include "mem.h"
#include "optuna_trial.h"

#define WORKER "nightshift"

enum { CREATE_STUDY = 0, SET_STUDY_USER_ATTR = 2, CREATE_TRIAL = 4 };

static json_t *operation(int code)
{
    return json_pack("{s:i, s:s}", "op_code", code, "worker_id", WORKER);
}

/* Takes the object. */
static void add_line(struct str *out, json_t *object)
{
    json_write(out, object);
    str_add(out, "\n");
    json_decref(object);
}

static void write_study(struct str *out, const struct view *view)
{
    const struct study *study = &view->record.study;
    json_t *create = operation(CREATE_STUDY), *attributes = optuna_study_attributes(view), *value;
    const char *key;

    json_object_set_new(create, "study_name", json_string(study->name));
    json_object_set_new(create, "directions", json_pack("[i]", study->maximize ? 2 : 1));
    add_line(out, create);
    json_object_foreach (attributes, key, value) {
        json_t *set = operation(SET_STUDY_USER_ATTR);
        json_object_set_new(set, "study_id", json_integer(0));
        json_object_set_new(set, "user_attr", json_pack("{s:O}", key, value));
        add_line(out, set);
    }
    json_decref(attributes);
}

static void write_time(struct str *out, int64_t when)
{
    char text[OPTUNA_TIME];

    if (when <= 0) {
        str_add(out, "null");
        return;
    }
    optuna_time(text, when, 'T');
    json_write_string(out, text);
}

/* Takes the object. */
static void add_tree(struct json_line *line, const char *name, json_t *value)
{
    json_write(json_line_add(line, name), value);
    json_decref(value);
}

static void add_params(struct json_line *line, const struct facts *facts,
                       const struct value *config)
{
    const struct space *space = &facts->record->study.space;
    struct str *out = json_line_add(line, "params");
    bool first = true;

    str_addn(out, "{", 1);
    for (size_t k = 0; k < space->n; k++) {
        size_t i = facts->by_name[k];
        const struct param *param = &space->params[i];
        if (!param_is_searched(param) || config[i].type == VALUE_NONE)
            continue;
        json_write_key(out, param->name, first);
        first = false;
        json_write_number(out, optuna_value(param, &config[i]));
    }
    str_addn(out, "}", 1);
}

/* `members` [space->n]: each parameter's name and distribution as they stand in every trial. */
static void add_distributions(struct json_line *line, const struct facts *facts,
                              const struct value *config, const struct str *members)
{
    struct str *out = json_line_add(line, "distributions");
    bool first = true;

    str_addn(out, "{", 1);
    for (size_t k = 0; k < facts->record->study.space.n; k++) {
        size_t i = facts->by_name[k];
        if (members[i].len == 0 || config[i].type == VALUE_NONE)
            continue;
        str_addn(out, ",", !first);
        first = false;
        str_addn(out, members[i].at, members[i].len);
    }
    str_addn(out, "}", 1);
}

/* A constant has none. */
static struct str *distribution_members(const struct space *space)
{
    char **texts = optuna_distributions(space);
    struct str *members = mem_new(space->n, sizeof *members);

    for (size_t i = 0; i < space->n; i++) {
        if (texts[i] == NULL)
            continue;
        json_write_key(&members[i], space->params[i].name, true);
        json_write_string(&members[i], texts[i]);
    }
    optuna_distributions_free(texts, space);
    return members;
}

static void members_free(struct str *members, const struct space *space)
{
    for (size_t i = 0; i < space->n; i++)
        str_clear(&members[i]);
    free(members);
}

static json_t *points_json(const struct optuna_trial *trial)
{
    json_t *points = json_object();
    char step[32];

    for (size_t i = 0; i < trial->n_points; i++) {
        snprintf(step, sizeof step, "%lld", (long long)trial->points[i].step);
        json_object_set_new(points, step, json_number_or_null(trial->points[i].value));
    }
    return points;
}

static void add_outcome(struct json_line *line, const struct optuna_trial *trial)
{
    json_write_integer(json_line_add(line, "state"), trial->state);
    write_time(json_line_add(line, "datetime_start"), trial->started);
    if (trial->ended > 0)
        write_time(json_line_add(line, "datetime_complete"), trial->ended);
    if (isfinite(trial->value)) {
        struct str *values = json_line_add(line, "values");
        str_add(values, "[");
        json_write_number(values, trial->value);
        str_add(values, "]");
    }
}

static int write_trial(struct str *out, const struct view *view, int64_t id,
                       const struct str *members, struct err *err)
{
    const struct value *config = view->record.experiments[id - 1].config;
    struct optuna_trial trial;
    struct json_line line = {0};

    if (optuna_trial_read(&trial, view, id, err) != 0)
        return -1;
    json_write_integer(json_line_add(&line, "op_code"), CREATE_TRIAL);
    json_write_string(json_line_add(&line, "worker_id"), WORKER);
    json_write_integer(json_line_add(&line, "study_id"), 0);
    add_outcome(&line, &trial);
    add_params(&line, &view->facts, config);
    add_distributions(&line, &view->facts, config, members);
    json_line_end(json_line_add(&line, "user_attrs"), &trial.attributes);
    add_tree(&line, "intermediate_values", points_json(&trial));
    json_line_end(out, &line);
    str_add(out, "\n");
    json_line_clear(&line);
    optuna_trial_clear(&trial);
    return 0;
}

int export_optuna_journal(struct str *out, const struct view *view, struct err *err)
{
    const struct space *space = &view->record.study.space;
    struct str *members = distribution_members(space);
    int rc = 0;

    write_study(out, view);
    for (size_t i = 0; rc == 0 && i < view->record.n_experiments; i++)
        rc = write_trial(out, view, (int64_t)i + 1, members, err);
    members_free(members, space);
    return rc;
}
