/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Optuna's journal (optuna.storages.JournalStorage, from 3.1 on): a JSON object an operation, read
 * from the top.  A trial is one operation that creates it as it ended.
 */
#include <math.h>

#include "export.h"
#include "json.h"
#include "optuna_trial.h"

enum { CREATE_STUDY = 0, SET_STUDY_USER_ATTR = 2, CREATE_TRIAL = 4 };

static json_t *operation(int code)
{
    return json_pack("{s:i, s:s}", "op_code", code, "worker_id", "nightshift");
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

static json_t *time_json(int64_t when)
{
    char text[OPTUNA_TIME];

    if (when <= 0)
        return json_null();
    optuna_time(text, when, 'T');
    return json_string(text);
}

static void add_params(json_t *object, const struct space *space, const struct value *config)
{
    json_t *params = json_object(), *ranges = json_object();

    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        struct str text = {0};
        json_t *distribution = optuna_distribution(param);
        if (distribution != NULL && config[i].type != VALUE_NONE) {
            json_write(&text, distribution);
            json_object_set_new(params, param->name, json_real(optuna_value(param, &config[i])));
            json_object_set_new(ranges, param->name, json_string(str_text(&text)));
        }
        json_decref(distribution);
        str_clear(&text);
    }
    json_object_set_new(object, "params", params);
    json_object_set_new(object, "distributions", ranges);
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

static int write_trial(struct str *out, const struct view *view, int64_t id, struct err *err)
{
    struct optuna_trial trial;
    json_t *create = operation(CREATE_TRIAL);

    if (optuna_trial_read(&trial, view, id, err) != 0) {
        json_decref(create);
        return -1;
    }
    json_object_set_new(create, "study_id", json_integer(0));
    json_object_set_new(create, "state", json_integer(trial.state));
    json_object_set_new(create, "datetime_start", time_json(trial.started));
    if (trial.ended > 0)
        json_object_set_new(create, "datetime_complete", time_json(trial.ended));
    if (isfinite(trial.value))
        json_object_set_new(create, "values", json_pack("[f]", trial.value));
    add_params(create, &view->record.study.space, view->record.experiments[id - 1].config);
    json_object_set_new(create, "user_attrs", json_incref(trial.attributes));
    json_object_set_new(create, "intermediate_values", points_json(&trial));
    add_line(out, create);
    optuna_trial_clear(&trial);
    return 0;
}

int export_optuna_journal(struct str *out, const struct view *view, struct err *err)
{
    write_study(out, view);
    for (size_t i = 0; i < view->record.n_experiments; i++)
        if (write_trial(out, view, (int64_t)i + 1, err) != 0)
            return -1;
    return 0;
}
