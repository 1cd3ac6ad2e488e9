/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "placeholder.h"
#include "study_part.h"

enum { MAX_NAME = 64, MAX_TEXT = 1000, MAX_TEXTS = 10000 };
static const double MAX_LEVELS = 9007199254740992.0; /* 2^53: beyond it whole numbers are inexact */

/* --- values ----------------------------------------------------------------------------------- */

static int read_text_value(struct value *out, struct space *space, const struct yaml *node,
                           struct err *err)
{
    const char *text;

    if (yaml_read_text(&text, node, MAX_TEXT, err) != 0)
        return -1;
    if (*text == '-')
        return yaml_refuse(node, err,
                           "the text '%.60s' may not begin with '-': a trainer would "
                           "take it for an option",
                           text);
    if (space->n_texts == MAX_TEXTS)
        return yaml_refuse(node, err, "more than %d different texts as values", MAX_TEXTS);
    *out = (struct value){.type = VALUE_TEXT, .text = space_keep_text(space, text)};
    return 0;
}

static int read_value(struct value *out, struct space *space, const struct yaml *node,
                      struct err *err)
{
    enum yaml_type type;
    double number;

    if (yaml_read_type(&type, &number, node, err) != 0)
        return -1;
    if (type == YAML_NULL)
        return yaml_refuse(node, err, "a value is missing here");
    if (type == YAML_TEXT)
        return read_text_value(out, space, node, err);
    *out = (struct value){type == YAML_BOOL ? VALUE_BOOL : VALUE_NUMBER, number + 0.0, NULL};
    return 0;
}

int study_read_value(struct value *out, struct space *space, size_t index, const struct yaml *node,
                     struct err *err)
{
    const struct param *param = &space->params[index];
    struct value value = {.type = VALUE_NONE};
    struct err why = {0, ""};

    if (read_value(&value, space, node, err) != 0)
        return -1;
    for (size_t i = 0; i < param->n_values; i++)
        if (value_same(&param->values[i], &value)) {
            *out = value;
            return 0;
        }
    if (param->distribution != NULL && value.type != VALUE_NUMBER)
        return yaml_refuse(node, err, "parameter '%s': '%.60s'%s is not a number", param->name,
                           node->text, node->plain ? "" : " in quotes");
    if (space_read_value(out, space, index, node->text, &why) != 0)
        return yaml_refuse(node, err, "%s", why.text);
    if (param->distribution == NULL) /* equal as text, but of another type: "1" and 1 */
        return yaml_refuse(node, err, "parameter '%s': '%.60s' %s quotes is not one of its values",
                           param->name, node->text, node->plain ? "without" : "in");
    return 0;
}

/* --- ranges ----------------------------------------------------------------------------------- */

static int read_distribution(struct param *param, const struct yaml *node, struct err *err)
{
    const char *names[64], *name;
    size_t n = 0;

    if (yaml_read_text(&name, node, MAX_NAME, err) != 0)
        return -1;
    param->distribution = distribution_find(name);
    if (param->distribution != NULL)
        return 0;
    if (strcmp(name, "log_uniform") == 0)
        return yaml_refuse(node, err,
                           "unknown distribution 'log_uniform', whose bounds are "
                           "exponents (use 'log_uniform_values')");
    for (; n < 61 && distributions[n] != NULL; n++)
        names[n] = distributions[n]->name;
    names[n++] = "categorical";
    names[n++] = "ordinal";
    names[n++] = "constant";
    const char *meant = word_suggest(name, names, n);
    if (meant != NULL)
        return yaml_refuse(node, err, "unknown distribution '%s' (did you mean '%s'?)", name,
                           meant);
    return yaml_refuse(node, err, "unknown distribution '%s'", name);
}

static bool is_written_whole(const struct yaml *node)
{
    return strpbrk(node->text, ".eE") == NULL;
}

/* As W&B does: both bounds whole numbers make a range of whole numbers. */
static const struct distribution *implied_distribution(const struct yaml *map)
{
    if (yaml_find(map, "q") != NULL)
        return distribution_find("q_uniform");
    if (is_written_whole(yaml_find(map, "min")) && is_written_whole(yaml_find(map, "max")))
        return distribution_find("int_uniform");
    return distribution_find("uniform");
}

static int read_step(struct param *param, const struct yaml *map, struct err *err)
{
    const struct yaml *q = yaml_find(map, "q");

    if (!param->distribution->takes_q && q != NULL)
        return yaml_refuse_key(q, err, "'q' does not go with the distribution '%s'",
                               param->distribution->name);
    if (!param->distribution->takes_q)
        return 0;
    if (q == NULL)
        return yaml_refuse_key(map, err, "parameter '%s' lacks 'q', the step of '%s'", param->name,
                               param->distribution->name);
    if (yaml_read_number(&param->q, q, -INFINITY, INFINITY, err) != 0)
        return -1;
    if (param->q <= 0)
        return yaml_refuse(q, err, "the step q must be more than 0, not %s", q->text);
    if (param->q > param->max - param->min)
        return yaml_refuse(q, err, "the step q is larger than the range from min to max");
    return 0;
}

/* A range of which a strategy can make something: at least two values, and not too many. */
static int check_levels(const struct param *param, const struct yaml *map, struct err *err)
{
    const struct yaml *q = yaml_find(map, "q");
    double levels = param_levels(param);

    if (levels < 2)
        return yaml_refuse(
            q != NULL ? q : yaml_find(map, "max"), err, "fewer than two %s lie within min and max",
            param->distribution->power_of_two ? "powers of two" : "multiples of the step");
    if (isfinite(levels) && levels > MAX_LEVELS)
        return yaml_refuse(q != NULL ? q : yaml_find(map, "max"), err,
                           "more than 2^53 steps lie within min and max");
    return 0;
}

static int check_bounds(const struct param *param, const struct yaml *map, struct err *err)
{
    const struct yaml *min = yaml_find(map, "min"), *max = yaml_find(map, "max");
    bool integer = param->distribution->integer;

    if (integer && param->min != rint(param->min))
        return yaml_refuse(min, err, "min of '%s' must be a whole number, not %s",
                           param->distribution->name, min->text);
    if (integer && param->max != rint(param->max))
        return yaml_refuse(max, err, "max of '%s' must be a whole number, not %s",
                           param->distribution->name, max->text);
    if (param->distribution->log && param->min <= 0)
        return yaml_refuse(min, err, "min of '%s' must be more than 0, not %s",
                           param->distribution->name, min->text);
    if (param->min >= param->max)
        return yaml_refuse(max, err, "the range is empty: min %s is not less than max %s",
                           min->text, max->text);
    return 0;
}

static int read_range(struct param *param, const struct yaml *map, struct err *err)
{
    const struct yaml *min = yaml_find(map, "min"), *max = yaml_find(map, "max");

    if (min == NULL || max == NULL)
        return yaml_refuse_key(map, err, "parameter '%s' lacks '%s'", param->name,
                               min == NULL ? "min" : "max");
    if (yaml_read_number(&param->min, min, -INFINITY, INFINITY, err) != 0 ||
        yaml_read_number(&param->max, max, -INFINITY, INFINITY, err) != 0)
        return -1;
    if (param->distribution == NULL)
        param->distribution = implied_distribution(map);
    if (check_bounds(param, map, err) != 0 || read_step(param, map, err) != 0)
        return -1;
    return check_levels(param, map, err);
}

/* --- choices ---------------------------------------------------------------------------------- */

static int read_choices(struct param *param, struct space *space, const struct yaml *node,
                        struct err *err)
{
    if (node->kind != YAML_LIST)
        return yaml_refuse(node, err, "'values' must be a list");
    if (node->n == 0)
        return yaml_refuse(node, err, "parameter '%s' has no values to choose from", param->name);
    param->values = mem_new(node->n, sizeof *param->values);
    for (size_t i = 0; i < node->n; i++) {
        if (read_value(&param->values[i], space, node->items[i], err) != 0)
            return -1;
        for (size_t k = 0; k < i; k++)
            if (value_same(&param->values[k], &param->values[i]))
                return yaml_refuse(node->items[i], err, "'%.60s' stands here twice",
                                   node->items[i]->text);
        param->n_values++;
    }
    return 0;
}

static int read_constant(struct param *param, struct space *space, const struct yaml *node,
                         struct err *err)
{
    param->values = mem_new(1, sizeof *param->values);
    if (read_value(&param->values[0], space, node, err) != 0)
        return -1;
    param->n_values = 1;
    return 0;
}

/* --- conditions ------------------------------------------------------------------------------- */

static int refuse_parent(const struct space *space, const struct yaml *member, struct err *err)
{
    const char **names = mem_new(space->n, sizeof *names);

    for (size_t i = 0; i + 1 < space->n; i++)
        names[i] = space->params[i].name;
    const char *meant = word_suggest(member->key, names, space->n - 1);
    if (meant != NULL)
        yaml_refuse_key(member, err,
                        "'when' names no earlier parameter '%.60s' (did you mean '%s'?)",
                        member->key, meant);
    else
        yaml_refuse_key(member, err, "'when' names no earlier parameter '%.60s'", member->key);
    free(names);
    return -1;
}

static int read_when_values(struct param *param, struct space *space, const struct yaml *node,
                            struct err *err)
{
    size_t n = node->kind == YAML_LIST ? node->n : 1;

    if (n == 0)
        return yaml_refuse(node, err, "'when' needs a value of '%s'", node->key);
    param->when_values = mem_new(n, sizeof *param->when_values);
    for (; param->n_when < n; param->n_when++)
        if (study_read_value(&param->when_values[param->n_when], space, (size_t)param->when,
                             node->kind == YAML_LIST ? node->items[param->n_when] : node, err) != 0)
            return -1;
    return 0;
}

/* `when` of the last parameter of the space: one earlier one and the values that make it active. */
static int read_when(struct space *space, const struct yaml *node, struct err *err)
{
    struct param *param = &space->params[space->n - 1];

    if (node->kind != YAML_MAP || node->n != 1)
        return yaml_refuse(node, err,
                           "'when' must name one parameter: {name: value} or "
                           "{name: [values]}");
    const struct yaml *member = node->items[0];
    int parent = space_find(space, member->key);
    if (parent < 0 || (size_t)parent == space->n - 1)
        return refuse_parent(space, member, err);
    if (!param_is_searched(&space->params[parent]))
        return yaml_refuse_key(member, err, "'when' names the constant '%s', which never changes",
                               member->key);
    param->when = parent;
    return read_when_values(param, space, member, err);
}

/* --- one parameter ---------------------------------------------------------------------------- */

static int check_name(const struct space *space, const struct yaml *node, struct err *err)
{
    static const char *const reserved[] = {"config", "seed", "dir", "steps", "study_dir", "args",
                                           "and",    "or",   "not", "true",  "false",     "null"};
    const char *name = node->key;

    if (space->n >= YAML_MAX_ITEMS)
        return yaml_refuse_key(node, err, "more than %d parameters", YAML_MAX_ITEMS);
    if (name_length(name) == 0 || name_length(name) != strlen(name))
        return yaml_refuse_key(node, err,
                               "the name '%.60s' must begin with a letter or _, and hold "
                               "only letters, digits, _ . -",
                               name);
    if (strlen(name) > MAX_NAME)
        return yaml_refuse_key(node, err, "a name is longer than %d letters", MAX_NAME);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(name, reserved[i]) == 0)
            return yaml_refuse_key(node, err, "the name '%s' is reserved", name);
    return 0;
}

/* Each of `value`, `values` and `min`/`max` is a form of its own. */
static int check_form(const struct yaml *map, struct err *err)
{
    static const char *const of_range[] = {"min", "max", "q"};
    const struct yaml *value = yaml_find(map, "value"), *values = yaml_find(map, "values");
    const char *form = value != NULL ? "value" : "values";

    if (value != NULL && values != NULL)
        return yaml_refuse_key(values, err, "'values' does not go with 'value'");
    for (size_t i = 0; i < 3; i++) {
        const struct yaml *other = yaml_find(map, of_range[i]);
        if (other != NULL && (value != NULL || values != NULL))
            return yaml_refuse_key(other, err, "'%s' does not go with '%s'", of_range[i], form);
    }
    return 0;
}

/* The words for the forms without a range (W&B's, and `ordinal`); true when it is one of them. */
static bool read_word_of_form(struct param *param, const struct yaml *distribution, bool *fits,
                              const struct yaml *map)
{
    const char *word = distribution->kind == YAML_SCALAR ? distribution->text : "";

    param->ordinal = strcmp(word, "ordinal") == 0;
    if (strcmp(word, "constant") == 0)
        *fits = yaml_find(map, "value") != NULL;
    else if (strcmp(word, "categorical") == 0 || param->ordinal)
        *fits = yaml_find(map, "values") != NULL;
    else
        return false;
    return true;
}

static int read_form(struct param *param, struct space *space, const struct yaml *map,
                     struct err *err)
{
    const struct yaml *value = yaml_find(map, "value"), *values = yaml_find(map, "values");
    const struct yaml *word = yaml_find(map, "distribution");
    bool fits = value == NULL && values == NULL;

    if (check_form(map, err) != 0)
        return -1;
    if (word != NULL && !read_word_of_form(param, word, &fits, map) &&
        read_distribution(param, word, err) != 0)
        return -1;
    if (word != NULL && !fits)
        return yaml_refuse(word, err, "the distribution '%s' does not go with %s", word->text,
                           value != NULL    ? "'value'"
                           : values != NULL ? "'values'"
                                            : "'min' and 'max'");
    if (value != NULL)
        return read_constant(param, space, value, err);
    if (values != NULL)
        return read_choices(param, space, values, err);
    return read_range(param, map, err);
}

/* The baseline's value of the last parameter of the space. */
static int read_start(struct space *space, const struct yaml *map, struct err *err)
{
    struct param *param = &space->params[space->n - 1];
    const struct yaml *start = yaml_find(map, "start");

    if (start != NULL)
        return study_read_value(&param->start, space, space->n - 1, start, err);
    if (param_is_searched(param))
        return yaml_refuse_key(map, err, "parameter '%s' lacks 'start', the baseline's value",
                               param->name);
    assert(param->values != NULL); /* a constant is a choice of one */
    param->start = param->values[0];
    return 0;
}

static int read_parameter(void *into, const struct yaml *map, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"distribution", false, NULL}, {"min", false, NULL},
        {"max", false, NULL},          {"q", false, NULL},
        {"values", false, NULL},       {"value", false, NULL},
        {"start", false, NULL},        {"when", false, NULL},
        {NULL, false, NULL},
    };
    struct space *space = into;
    const struct yaml *when;

    if (check_name(space, map, err) != 0 || yaml_read_map(NULL, map, keys, err) != 0)
        return -1;
    space->params = mem_room(space->params, space->n, sizeof *space->params);
    struct param *param = &space->params[space->n++];
    *param = (struct param){.name = mem_strdup(map->key), .when = -1};
    if (map->n == 0)
        return yaml_refuse(map, err, "parameter '%s' needs 'value', 'values', or 'min' and 'max'",
                           param->name);
    if (read_form(param, space, map, err) != 0 || read_start(space, map, err) != 0)
        return -1;
    when = yaml_find(map, "when");
    return when != NULL ? read_when(space, when, err) : 0;
}

int study_read_parameters(struct study *study, const struct yaml *node, struct err *err)
{
    if (node->kind != YAML_MAP)
        return yaml_refuse(node, err, "'parameters' must be a map of names and ranges");
    if (node->n == 0)
        return yaml_refuse(node, err, "'parameters' is empty");
    for (size_t i = 0; i < node->n; i++)
        if (read_parameter(&study->space, node->items[i], err) != 0)
            return -1;
    return 0;
}

/* --- constraints ------------------------------------------------------------------------------ */

/* Turns the "column C: …" of a constraint into a place in the file. */
static int refuse_constraint(const struct yaml *node, const struct err *why, struct err *err)
{
    int column = 0, skip = 0;

    if (node->verbatim && sscanf(why->text, "column %d: %n", &column, &skip) == 1 && skip > 0)
        return yaml_refuse_at(node, column, err, "%s", why->text + skip);
    return yaml_refuse(node, err, "%s", why->text);
}

static int read_constraint(struct space *space, const char *const *names, const struct value *start,
                           const struct yaml *node, struct err *err)
{
    struct constraint *constraint;
    struct err why = {0, ""};
    const char *text;

    if (yaml_read_text(&text, node, MAX_TEXT, err) != 0)
        return -1;
    if (constraint_new(&constraint, text, names, space->n, &why) != 0)
        return refuse_constraint(node, &why, err);
    space->constraints[space->n_constraints++] = constraint;
    if (!constraint_holds(constraint, start))
        return yaml_refuse(node, err, "the start values break the constraint '%s'", text);
    return 0;
}

int study_read_constraints(struct study *study, const struct yaml *node, struct err *err)
{
    struct space *space = &study->space;
    const char **names = mem_new(space->n, sizeof *names);
    struct value *start = mem_new(space->n, sizeof *start);
    int rc = 0;

    for (size_t i = 0; i < space->n; i++)
        names[i] = space->params[i].name;
    space_start(start, space);
    space->constraints = mem_new(node->n, sizeof(struct constraint *));
    for (size_t i = 0; i < node->n && rc == 0; i++)
        rc = read_constraint(space, names, start, node->items[i], err);
    free(names);
    free(start);
    return rc;
}
