/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "distribution.h"
#include "mem.h"
#include "space.h"

static void param_clear(struct param *param)
{
    free(param->name);
    free(param->values);
    free(param->when_values);
}

void space_clear(struct space *space)
{
    for (size_t i = 0; i < space->n; i++)
        param_clear(&space->params[i]);
    for (size_t i = 0; i < space->n_constraints; i++)
        constraint_free(space->constraints[i]);
    for (size_t i = 0; i < space->n_texts; i++)
        free(space->texts[i]);
    free(space->params);
    free(space->constraints);
    free(space->texts);
    *space = (struct space){0};
}

const char *space_keep_text(struct space *space, const char *text)
{
    for (size_t i = 0; i < space->n_texts; i++)
        if (strcmp(space->texts[i], text) == 0)
            return space->texts[i];
    space->texts = mem_room(space->texts, space->n_texts, sizeof *space->texts);
    space->texts[space->n_texts] = mem_strdup(text);
    return space->texts[space->n_texts++];
}

int space_find(const struct space *space, const char *name)
{
    for (size_t i = 0; i < space->n; i++)
        if (*space->params[i].name == *name && strcmp(space->params[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* --- one parameter ---------------------------------------------------------------------------- */

bool param_is_searched(const struct param *param)
{
    return param->distribution != NULL || param->n_values > 1;
}

bool param_is_choice(const struct param *param)
{
    return param->distribution == NULL && param->n_values > 1 && !param->ordinal;
}

double param_levels(const struct param *param)
{
    return param->distribution != NULL ? distribution_levels(param) : (double)param->n_values;
}

/* The index of a choice; n_values where it is none of them. */
static size_t choice_find(const struct param *param, const struct value *value)
{
    size_t i = 0;

    while (i < param->n_values && !value_same(&param->values[i], value))
        i++;
    return i;
}

struct value param_nth(const struct param *param, double level)
{
    if (param->distribution != NULL)
        return (struct value){VALUE_NUMBER, distribution_nth(param, level), NULL};
    return param->values[(size_t)level];
}

double param_level(const struct param *param, const struct value *value)
{
    return param->distribution != NULL ? distribution_level(param, value->number)
                                       : (double)choice_find(param, value);
}

struct value param_decode(const struct param *param, double unit)
{
    double u = unit > 0 ? fmin(unit, 1) : 0;

    if (param->distribution != NULL)
        return (struct value){VALUE_NUMBER, param->distribution->decode(param, u) + 0.0, NULL};
    size_t i = (size_t)(u * (double)param->n_values);
    return param->values[i < param->n_values ? i : param->n_values - 1];
}

double param_encode(const struct param *param, const struct value *value)
{
    if (!param_is_searched(param) || value->type == VALUE_NONE)
        return 0.5;
    if (param->distribution != NULL)
        return param->distribution->encode(param, value->number);
    size_t i = choice_find(param, value);
    return i < param->n_values ? ((double)i + 0.5) / (double)param->n_values : 0.5;
}

/* --- configs ---------------------------------------------------------------------------------- */

static bool is_active(const struct param *param, const struct value *config)
{
    for (size_t i = 0; param->when >= 0 && i < param->n_when; i++)
        if (value_same(&config[param->when], &param->when_values[i]))
            return true;
    return param->when < 0;
}

double space_combinations(const struct space *space)
{
    double n = 1;

    for (size_t i = 0; i < space->n; i++)
        n *= fmax(1, param_levels(&space->params[i]));
    return n;
}

void space_decode(struct value *config, const struct space *space, const double *unit)
{
    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        config[i] = is_active(param, config) ? param_decode(param, unit[i])
                                             : (struct value){.type = VALUE_NONE};
    }
}

void space_encode(double *unit, const struct space *space, const struct value *config)
{
    for (size_t i = 0; i < space->n; i++)
        unit[i] = param_encode(&space->params[i], &config[i]);
}

void space_settle(struct value *config, const struct space *space)
{
    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        if (!is_active(param, config))
            config[i] = (struct value){.type = VALUE_NONE};
        else if (config[i].type == VALUE_NONE)
            config[i] = param->start;
    }
}

void space_start(struct value *config, const struct space *space)
{
    for (size_t i = 0; i < space->n; i++)
        config[i] = space->params[i].start;
    space_settle(config, space);
}

bool space_allows(const struct space *space, const struct value *config, const char **broken)
{
    for (size_t i = 0; i < space->n_constraints; i++)
        if (!constraint_holds(space->constraints[i], config)) {
            if (broken != NULL)
                *broken = constraint_text(space->constraints[i]);
            return false;
        }
    return true;
}

bool space_same(const struct space *space, const struct value *a, const struct value *b)
{
    for (size_t i = 0; i < space->n; i++)
        if (!value_same(&a[i], &b[i]))
            return false;
    return true;
}

char *space_describe_change(const struct space *space, const struct value *a, const struct value *b)
{
    struct str out = {NULL, 0};

    for (size_t i = 0; i < space->n; i++) {
        if (value_same(&a[i], &b[i]))
            continue;
        str_add(&out, out.len > 0 ? ", " : "");
        str_add(&out, space->params[i].name);
        str_add(&out, " ");
        value_print(&out, &a[i]);
        str_add(&out, " -> ");
        value_print(&out, &b[i]);
    }
    if (out.len == 0)
        str_add(&out, "no change");
    return str_take(&out);
}

/* --- values from outside ---------------------------------------------------------------------- */

static int refuse_range(const struct param *param, const char *text, struct err *err)
{
    char low[NUMBER_TEXT], high[NUMBER_TEXT];

    return err_usage(err, "parameter '%s': '%s' is not within %s to %s", param->name, text,
                     number_text(low, param->min), number_text(high, param->max));
}

static int read_number(struct value *out, const struct param *param, const char *text,
                       struct err *err)
{
    char step[NUMBER_TEXT];
    double x;

    if (!number_read(&x, text) || !isfinite(x))
        return err_usage(err, "parameter '%s': '%s' is not a number", param->name, text);
    if (x < param->min || x > param->max)
        return refuse_range(param, text, err);
    *out = (struct value){VALUE_NUMBER, x + 0.0, NULL};
    if (!distribution_is_stepped(param->distribution))
        return 0;
    double settled = param_decode(param, param_encode(param, out)).number;
    if (fabs(settled - x) <= 1e-12 * fmax(fabs(x), distribution_step(param))) {
        out->number = settled;
        return 0;
    }
    if (param->distribution->integer)
        return err_usage(err, "parameter '%s': '%s' is not a %s", param->name, text,
                         param->distribution->power_of_two ? "power of two" : "whole number");
    return err_usage(err, "parameter '%s': '%s' is not a multiple of %s", param->name, text,
                     number_text(step, param->q));
}

/* "a, b or c", for an error about a choice; printed forms of the choices in `words` [n]. */
static char *join_words(char *const *words, size_t n)
{
    struct str out = {NULL, 0};

    for (size_t i = 0; i < n; i++)
        str_addf(&out, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", words[i]);
    return str_take(&out);
}

static char **choice_words(const struct param *param)
{
    char **words = mem_new(param->n_values, sizeof *words);

    for (size_t i = 0; i < param->n_values; i++) {
        struct str word = {NULL, 0};
        value_print(&word, &param->values[i]);
        words[i] = str_take(&word);
    }
    return words;
}

static int refuse_choice(const struct param *param, char *const *words, const char *text,
                         struct err *err)
{
    const char *meant = word_suggest(text, (const char *const *)words, param->n_values);
    char *all = join_words(words, param->n_values);

    err_usage(err, "parameter '%s': '%s' is not %s%s%s%s", param->name, text, all,
              meant != NULL ? " (did you mean '" : "", meant != NULL ? meant : "",
              meant != NULL ? "'?)" : "");
    free(all);
    return -1;
}

static int read_choice(struct value *out, const struct param *param, const char *text,
                       struct err *err)
{
    char **words = choice_words(param);
    size_t i = 0;
    double x;
    bool is_number = number_read(&x, text);
    int rc = 0;

    while (i < param->n_values && strcmp(words[i], text) != 0 &&
           !(is_number && param->values[i].type == VALUE_NUMBER && param->values[i].number == x))
        i++;
    if (i < param->n_values)
        *out = param->values[i];
    else
        rc = refuse_choice(param, words, text, err);
    for (i = 0; i < param->n_values; i++)
        free(words[i]);
    free(words);
    return rc;
}

int space_read_value(struct value *out, const struct space *space, size_t index, const char *text,
                     struct err *err)
{
    const struct param *param = &space->params[index];

    return param->distribution != NULL ? read_number(out, param, text, err)
                                       : read_choice(out, param, text, err);
}
