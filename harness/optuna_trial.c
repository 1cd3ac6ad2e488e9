/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "curve_reader.h"
#include "distribution.h"
#include "json.h"
#include "mem.h"
#include "optuna_trial.h"

const char *const optuna_state_names[] = {"RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING"};

/* --- parameters ------------------------------------------------------------------------------- */

static json_t *member_of(const char *name, json_t *attributes)
{
    return json_pack("{s:s, s:o}", "name", name, "attributes", attributes);
}

static json_t *range_json(const char *name, double low, double high, bool log, json_t *step)
{
    json_t *attributes = json_object();

    json_object_set_new(attributes, "step", step);
    json_object_set_new(attributes, "low", json_real(low));
    json_object_set_new(attributes, "high", json_real(high));
    json_object_set_new(attributes, "log", json_boolean(log));
    return member_of(name, attributes);
}

static json_t *whole_json(double low, double high, bool log, double step)
{
    json_t *attributes = json_object();

    json_object_set_new(attributes, "log", json_boolean(log));
    json_object_set_new(attributes, "step", json_integer((json_int_t)step));
    json_object_set_new(attributes, "low", json_integer((json_int_t)low));
    json_object_set_new(attributes, "high", json_integer((json_int_t)high));
    return member_of("IntDistribution", attributes);
}

static json_t *choice_json(const struct value *value)
{
    if (value->type == VALUE_TEXT)
        return view_json_text(value->text);
    if (value->type == VALUE_BOOL)
        return json_boolean(value->number != 0);
    if (value->number == rint(value->number) && fabs(value->number) < 1e15)
        return json_integer((json_int_t)value->number);
    return json_real(value->number);
}

/* A parameter whose levels Optuna can only take as choices. */
static bool is_choice(const struct param *param)
{
    return param->distribution == NULL || param->distribution->power_of_two;
}

static json_t *choices_json(const struct param *param)
{
    json_t *choices = json_array(), *attributes = json_object();

    for (int i = 0; i < (int)param_levels(param); i++) { /* at most a list of a study file */
        struct value value = param_nth(param, i);
        json_array_append_new(choices, choice_json(&value));
    }
    json_object_set_new(attributes, "choices", choices);
    return member_of("CategoricalDistribution", attributes);
}

static json_t *stepped_json(const struct param *param)
{
    double low = distribution_nth(param, 0);
    double high = distribution_nth(param, distribution_levels(param) - 1);
    double step = distribution_step(param);
    bool log = param->distribution->log, whole = step == rint(step) && low == rint(low);

    if (log && !whole)
        return range_json("FloatDistribution", low, high, true, json_null());
    if (whole)
        return whole_json(low, high, log, log ? 1 : step);
    return range_json("FloatDistribution", low, high, false, json_real(step));
}

static json_t *distribution_json(const struct param *param)
{
    if (!param_is_searched(param))
        return NULL;
    if (is_choice(param))
        return choices_json(param);
    if (distribution_is_stepped(param->distribution))
        return stepped_json(param);
    return range_json("FloatDistribution", param->min, param->max, param->distribution->log,
                      json_null());
}

char **optuna_distributions(const struct space *space)
{
    char **texts = mem_new(space->n, sizeof *texts);

    for (size_t i = 0; i < space->n; i++) {
        json_t *distribution = distribution_json(&space->params[i]);
        struct str text = {0};
        if (distribution == NULL)
            continue;
        json_write(&text, distribution);
        texts[i] = str_take(&text);
        json_decref(distribution);
    }
    return texts;
}

void optuna_distributions_free(char **texts, const struct space *space)
{
    for (size_t i = 0; i < space->n; i++)
        free(texts[i]);
    free(texts);
}

double optuna_value(const struct param *param, const struct value *value)
{
    return is_choice(param) ? param_level(param, value) : value->number;
}

/* --- attributes ------------------------------------------------------------------------------- */

json_t *optuna_study_attributes(const struct view *view)
{
    const struct space *space = &view->record.study.space;
    json_t *attributes = json_object(), *constants = json_object();

    for (size_t i = 0; i < space->n; i++)
        if (!param_is_searched(&space->params[i]))
            json_object_set_new(constants, space->params[i].name,
                                choice_json(&space->params[i].start));
    json_object_set_new(attributes, "constants", constants);
    json_object_set_new(attributes, "metric", view_json_text(view->record.study.metric));
    json_object_set_new(attributes, "nightshift", json_string(NIGHTSHIFT_VERSION));
    int64_t verified = facts_verified(&view->facts);
    json_object_set_new(attributes, "verified_trial",
                        verified > 0 ? json_integer(verified - 1) : json_null());
    return attributes;
}

/* The keys of `log --json` that Optuna has no place for. */
static void add_attributes(struct json_line *line, const struct view *view, int64_t experiment)
{
    struct summary summary = record_summary(&view->record, experiment);

    view_line_fate(line, view, experiment);
    json_write_integer(json_line_add(line, "n"), (long long)summary.n);
    json_write_number(json_line_add(line, "se"), summary_se(&summary));
}

/* --- intermediate values ---------------------------------------------------------------------- */

/* The run whose curve stands for the experiment: its first that came to something. */
static const struct run *telling_run(const struct view *view, int64_t experiment)
{
    const struct facts *facts = &view->facts;

    for (size_t i = facts->run_first[experiment - 1]; i < facts->run_first[experiment]; i++) {
        const struct run *run = &view->record.runs[facts->run_at[i]];
        if (run->variant == RUN_OWN && (run->class == CLASS_OK || run->class == CLASS_STOPPED))
            return run;
    }
    return NULL;
}

static void add_point(struct optuna_trial *trial, double step, double value)
{
    if (!(fabs(step) < 9e15) ||
        (trial->n_points > 0 && (int64_t)step <= trial->points[trial->n_points - 1].step))
        return;
    trial->points = mem_room(trial->points, trial->n_points, sizeof *trial->points);
    trial->points[trial->n_points++] = (struct optuna_point){(int64_t)step, value};
}

/* The metric's curve, or where it has none that of train_loss; an attribute says which. */
static void take_curves(struct optuna_trial *trial, const struct study *study,
                        const struct run *run, const struct run_curves *curves)
{
    bool own = curves->metric.n > 0;
    const struct curve *curve = own ? &curves->metric : &curves->train;
    double scale = curves->kind == PLACE_PROGRESS ? 1000 : 1;
    double sign = own && study->maximize ? -1 : 1;

    for (size_t i = 0; i < curve->n; i++)
        add_point(trial, round(curve->points[i].place * scale), sign * curve->points[i].value);
    if (trial->n_points == 0)
        return;
    struct json_line line = {0};
    view_write_text(json_line_add(&line, "name"), own ? study->metric : "train_loss");
    json_write_integer(json_line_add(&line, "seed"), run->seed);
    json_write_string(json_line_add(&line, "step"), scale > 1 ? "thousandths of progress" : "step");
    json_line_end(json_line_add(&trial->attributes, "intermediate"), &line);
    json_line_clear(&line);
}

static int read_points(struct optuna_trial *trial, const struct view *view, int64_t experiment,
                       struct err *err)
{
    const struct run *run = telling_run(view, experiment);
    const struct study *study = &view->record.study;
    struct curve_reader reader;
    int rc = 0;

    if (run == NULL)
        return 0;
    const struct run_curves *known = record_curves(&view->record, run);
    if (known->kind != PLACE_NONE) {
        take_curves(trial, study, run, known);
        return 0;
    }
    char *dir = place_run_dir(&view->place, run);
    curve_reader_init(&reader, study);
    rc = curve_reader_read(&reader, dir, err);
    if (rc == 0)
        take_curves(trial, study, run, &reader.curves);
    curve_reader_clear(&reader);
    free(dir);
    return rc;
}

/* --- the whole -------------------------------------------------------------------------------- */

static enum optuna_state state_of(const struct view *view, int64_t experiment, size_t n_values)
{
    const struct facts *facts = &view->facts;
    enum outcome outcome = facts_outcome(facts, experiment);

    if (outcome == OUTCOME_FAILED)
        return OPTUNA_FAIL;
    if (outcome == OUTCOME_PENDING)
        return facts->run_first[experiment] > facts->run_first[experiment - 1] ? OPTUNA_RUNNING
                                                                               : OPTUNA_WAITING;
    return n_values > 0 ? OPTUNA_COMPLETE : OPTUNA_PRUNED;
}

static void read_times(struct optuna_trial *trial, const struct view *view, int64_t experiment)
{
    const struct facts *facts = &view->facts;

    for (size_t i = facts->run_first[experiment - 1]; i < facts->run_first[experiment]; i++) {
        const struct run *run = &view->record.runs[facts->run_at[i]];
        if (run->started > 0 && (trial->started == 0 || run->started < trial->started))
            trial->started = run->started;
        if (run->ended > trial->ended)
            trial->ended = run->ended;
    }
    if (trial->started == 0)
        trial->started = view->record.experiments[experiment - 1].created;
}

int optuna_trial_read(struct optuna_trial *out, const struct view *view, int64_t experiment,
                      struct err *err)
{
    struct summary summary = record_summary(&view->record, experiment);

    *out = (struct optuna_trial){.value = NAN};
    out->state = state_of(view, experiment, summary.n);
    if (out->state == OPTUNA_COMPLETE)
        out->value = summary.mean;
    read_times(out, view, experiment);
    if (out->state == OPTUNA_RUNNING || out->state == OPTUNA_WAITING)
        out->ended = 0;
    else if (out->ended == 0)
        out->ended = out->started;
    add_attributes(&out->attributes, view, experiment);
    if (read_points(out, view, experiment, err) == 0)
        return 0;
    optuna_trial_clear(out);
    return err_wrap(err, "experiment %lld", (long long)experiment);
}

void optuna_trial_clear(struct optuna_trial *trial)
{
    json_line_clear(&trial->attributes);
    free(trial->points);
    *trial = (struct optuna_trial){.value = NAN};
}

void optuna_time(char out[OPTUNA_TIME], int64_t when, char between)
{
    time_t seconds = (time_t)when;
    struct tm tm = {0};

    gmtime_r(&seconds, &tm);
    snprintf(out, OPTUNA_TIME, "%04d-%02d-%02d%c%02d:%02d:%02d.000000", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, between, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
