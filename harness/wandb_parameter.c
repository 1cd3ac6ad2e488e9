/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters of a sweep: W&B's distributions in the words of a study, and a start for each. */
#include <math.h>
#include <string.h>

#include "placeholder.h"
#include "space.h"
#include "wandb_part.h"

/* How far a normal distribution is searched to either side of its mean, in SDs: 99.7 % of it. */
#define NORMAL_REACH 3.0

enum { COMPUTED_DIGITS = 6 };

/* --- the table ------------------------------------------------------------------------------- */

/* A range and what W&B would most probably draw from it; NAN: the middle. */
struct range {
    double min, max, middle;
};

struct spread {
    const char *name, *ours;
    int (*read)(struct range *out, const struct yaml *map, struct err *err);
    const char *loss; /* what a study cannot say of it; NULL: nothing */
};

static int read_bounds(struct range *out, const struct yaml *map, struct err *err)
{
    const struct yaml *min = yaml_find(map, "min"), *max = yaml_find(map, "max");

    if (min == NULL || max == NULL)
        return yaml_refuse_key(map, err, "parameter '%s' lacks '%s'", map->key,
                               min == NULL ? "min" : "max");
    out->middle = NAN;
    if (yaml_read_number(&out->min, min, -INFINITY, INFINITY, err) != 0 ||
        yaml_read_number(&out->max, max, -INFINITY, INFINITY, err) != 0)
        return -1;
    if (out->min > out->max)
        return yaml_refuse(max, err, "max %s is less than min %s", max->text, min->text);
    return 0;
}

static double rounded(double x)
{
    char text[NUMBER_TEXT];
    double near;

    return number_read(&near, number_short(text, x, COMPUTED_DIGITS)) ? near : x;
}

/* Bounds are exponents of e. */
static int raise_bounds(struct range *out, double low, double high, const struct yaml *map,
                        struct err *err)
{
    if (fabs(low) > 100 || fabs(high) > 100)
        return yaml_refuse_key(map, err,
                               "the bounds of '%s' are exponents of e: %g to %g is no range of "
                               "numbers",
                               map->key, low, high);
    *out = (struct range){rounded(exp(low)), rounded(exp(high)), NAN};
    return 0;
}

static int read_exponents(struct range *out, const struct yaml *map, struct err *err)
{
    if (read_bounds(out, map, err) != 0)
        return -1;
    return raise_bounds(out, out->min, out->max, map, err);
}

/* 1/X is spread as log_uniform says, so X is, between the inverse bounds. */
static int read_inverse_exponents(struct range *out, const struct yaml *map, struct err *err)
{
    if (read_bounds(out, map, err) != 0)
        return -1;
    return raise_bounds(out, -out->max, -out->min, map, err);
}

static int read_given(double *out, const struct yaml *map, const char *key, double usual,
                      struct err *err)
{
    const struct yaml *node = yaml_find(map, key);

    *out = usual;
    return node != NULL ? yaml_read_number(out, node, -1e6, 1e6, err) : 0;
}

static int read_normal(struct range *out, const struct yaml *map, struct err *err)
{
    double mu, sigma;

    if (read_given(&mu, map, "mu", 0, err) != 0 || read_given(&sigma, map, "sigma", 1, err) != 0)
        return -1;
    if (sigma < 0)
        return yaml_refuse(yaml_find(map, "sigma"), err, "sigma is less than 0");
    *out = (struct range){mu - NORMAL_REACH * sigma, mu + NORMAL_REACH * sigma, mu};
    return 0;
}

static int read_log_normal(struct range *out, const struct yaml *map, struct err *err)
{
    if (read_normal(out, map, err) != 0)
        return -1;
    double middle = out->middle;
    if (raise_bounds(out, out->min, out->max, map, err) != 0)
        return -1;
    out->middle = exp(middle);
    return 0;
}

static int read_beta(struct range *out, const struct yaml *map, struct err *err)
{
    double a, b;

    if (read_given(&a, map, "a", 1, err) != 0 || read_given(&b, map, "b", 1, err) != 0)
        return -1;
    *out = (struct range){0, 1, a + b > 0 ? a / (a + b) : (double)NAN};
    return 0;
}

static const char normal_loss[] = "is searched within 3 sigma of mu, every value alike";
static const char beta_loss[] = "is searched from 0 to 1, every value alike";

/* clang-format off */
static const struct spread spreads[] = {
    {"uniform",                "uniform",              read_bounds,            NULL},
    {"int_uniform",            "int_uniform",          read_bounds,            NULL},
    {"q_uniform",              "q_uniform",            read_bounds,            NULL},
    {"log_uniform_values",     "log_uniform_values",   read_bounds,            NULL},
    {"q_log_uniform_values",   "q_log_uniform_values", read_bounds,            NULL},
    {"inv_log_uniform_values", "log_uniform_values",   read_bounds,            NULL},
    {"log_uniform",            "log_uniform_values",   read_exponents,         NULL},
    {"q_log_uniform",          "q_log_uniform_values", read_exponents,         NULL},
    {"inv_log_uniform",        "log_uniform_values",   read_inverse_exponents, NULL},
    {"normal",                 "uniform",              read_normal,            normal_loss},
    {"q_normal",               "q_uniform",            read_normal,            normal_loss},
    {"log_normal",             "log_uniform_values",   read_log_normal,        normal_loss},
    {"q_log_normal",           "q_log_uniform_values", read_log_normal,        normal_loss},
    {"beta",                   "uniform",              read_beta,              beta_loss},
    {"q_beta",                 "q_uniform",            read_beta,              beta_loss},
};
/* clang-format on */
enum { SPREADS = sizeof spreads / sizeof *spreads };

static const struct spread *find_spread(const char *name)
{
    for (size_t i = 0; i < SPREADS; i++)
        if (strcmp(spreads[i].name, name) == 0)
            return &spreads[i];
    return NULL;
}

/* --- values ----------------------------------------------------------------------------------- */

static int add_value(struct str *out, struct sweep *sweep, const struct yaml *node, struct err *err)
{
    enum yaml_type type;
    double number;

    if (node->kind != YAML_SCALAR)
        return yaml_refuse(node, err,
                           "a %s as a value cannot be carried over: a study's values are "
                           "numbers, texts, true and false",
                           node->kind == YAML_LIST ? "list" : "map");
    if (yaml_read_type(&type, &number, node, err) != 0)
        return -1;
    if (type == YAML_NULL)
        return yaml_refuse(node, err,
                           "null as a value cannot be carried over: name it, and let the "
                           "trainer understand the name");
    sweep->booleans |= type == YAML_BOOL;
    if (type == YAML_TEXT)
        sweep_add_text(out, node->text);
    else
        str_add(out, node->text);
    return 0;
}

static int add_constant(struct str *out, struct sweep *sweep, const struct yaml *node,
                        struct err *err)
{
    str_add(out, "{value: ");
    if (add_value(out, sweep, node, err) != 0)
        return -1;
    str_add(out, "}");
    return 0;
}

static int add_choices(struct str *out, struct sweep *sweep, const struct yaml *map,
                       const struct yaml *values, struct err *err)
{
    const struct yaml *probabilities = yaml_find(map, "probabilities");

    if (values->kind != YAML_LIST || values->n == 0)
        return yaml_refuse(values, err, "'values' must be a list that is not empty");
    if (probabilities != NULL)
        sweep_note_key(sweep, probabilities,
                       "'probabilities' of '%s' is left out: every value is as likely as any other",
                       map->key);
    if (values->n == 1)
        return add_constant(out, sweep, values->items[0], err);
    str_add(out, "{values: [");
    for (size_t i = 0; i < values->n; i++) {
        str_add(out, i > 0 ? ", " : "");
        if (add_value(out, sweep, values->items[i], err) != 0)
            return -1;
    }
    str_add(out, "], start: ");
    if (add_value(out, sweep, values->items[0], err) != 0)
        return -1;
    str_add(out, "}");
    return 0;
}

/* --- ranges ----------------------------------------------------------------------------------- */

static bool is_written_whole(const struct yaml *node)
{
    return node != NULL && node->kind == YAML_SCALAR && strpbrk(node->text, ".eE") == NULL;
}

static int choose_spread(const struct spread **out, const struct yaml *map, struct err *err)
{
    const struct yaml *word = yaml_find(map, "distribution");
    const char *names[SPREADS], *name = "uniform", *meant;

    if (word == NULL && is_written_whole(yaml_find(map, "min")) &&
        is_written_whole(yaml_find(map, "max")))
        name = "int_uniform";
    if (word != NULL && yaml_read_text(&name, word, 100, err) != 0)
        return -1;
    if ((*out = find_spread(name)) != NULL)
        return 0;
    for (size_t i = 0; i < SPREADS; i++)
        names[i] = spreads[i].name;
    if ((meant = word_suggest(name, names, SPREADS)) != NULL)
        return yaml_refuse(word, err, "unknown distribution '%s' (did you mean '%s'?)", name,
                           meant);
    return yaml_refuse(word, err, "unknown distribution '%s'", name);
}

/* The range as search/ knows it, so that its middle can be asked for. */
static int make_param(struct param *out, const struct spread *spread, const struct yaml *map,
                      struct range *range, struct err *err)
{
    *out = (struct param){.distribution = distribution_find(spread->ours), .when = -1};
    if (spread->read(range, map, err) != 0)
        return -1;
    out->min = range->min;
    out->max = range->max;
    if (out->distribution->takes_q && read_given(&out->q, map, "q", 1, err) != 0)
        return -1;
    if (out->distribution->takes_q && out->q <= 0)
        return yaml_refuse(yaml_find(map, "q"), err, "the step q must be more than 0");
    if (out->distribution->log && out->min <= 0)
        return yaml_refuse_key(map, err, "'%s' goes by the logarithm, so min must be more than 0",
                               map->key);
    if (out->distribution->integer && (out->min != rint(out->min) || out->max != rint(out->max)))
        return yaml_refuse_key(map, err, "'%s' takes whole numbers, and min or max is none",
                               map->key);
    if (out->min < out->max && param_levels(out) < 2)
        return yaml_refuse_key(map, err,
                               "'%s': fewer than two multiples of q = %g lie within %g "
                               "and %g",
                               map->key, out->q, out->min, out->max);
    return 0;
}

static double start_of(const struct param *param, double middle)
{
    struct value value = {.type = VALUE_NUMBER, .number = middle};
    double unit = isfinite(middle) ? param_encode(param, &value) : 0.5;

    return param_decode(param, unit).number;
}

/* A bound as the user wrote it, or as it was computed. */
static void add_bound(struct str *out, const char *key, const struct yaml *map, double bound)
{
    const struct yaml *node = yaml_find(map, key);
    char text[NUMBER_TEXT];
    double written;

    str_addf(out, ", %s: ", key);
    if (node != NULL && node->kind == YAML_SCALAR && number_read(&written, node->text) &&
        written == bound)
        str_add(out, node->text);
    else
        str_add(out, number_text(text, bound));
}

static int add_range(struct str *out, const struct sweep *sweep, const struct yaml *map,
                     struct err *err)
{
    const struct spread *spread;
    struct param param;
    struct range range;
    char text[NUMBER_TEXT];

    if (choose_spread(&spread, map, err) != 0 || make_param(&param, spread, map, &range, err) != 0)
        return -1;
    if (param.min == param.max) {
        str_addf(out, "{value: %s}", number_text(text, param.min));
        return 0;
    }
    str_addf(out, "{distribution: %s", spread->ours);
    if (param.distribution->takes_q)
        add_bound(out, "q", map, param.q);
    add_bound(out, "min", map, param.min);
    add_bound(out, "max", map, param.max);
    str_addf(out, ", start: %s}", number_text(text, start_of(&param, range.middle)));
    if (spread->loss != NULL)
        sweep_note_key(sweep, map, "'%s' (%s) %s", map->key, spread->name, spread->loss);
    return 0;
}

/* --- one parameter ---------------------------------------------------------------------------- */

static int check_name(const struct yaml *map, struct err *err)
{
    if (name_length(map->key) != strlen(map->key))
        return yaml_refuse_key(map, err, "'%s' is no name of a parameter", map->key);
    if (placeholder_kind(map->key, strlen(map->key)) != PLACEHOLDER_PARAMETER)
        return yaml_refuse_key(map, err,
                               "the name '%s' means something else in a study: rename the "
                               "parameter here and in the trainer",
                               map->key);
    return 0;
}

static int write_parameter(struct str *out, struct sweep *sweep, const struct yaml *map,
                           struct err *err)
{
    static const struct yaml_key keys[] = {
        {"distribution", false, NULL},
        {"min", false, NULL},
        {"max", false, NULL},
        {"q", false, NULL},
        {"values", false, NULL},
        {"value", false, NULL},
        {"mu", false, NULL},
        {"sigma", false, NULL},
        {"a", false, NULL},
        {"b", false, NULL},
        {"parameters", false, NULL},
        {"probabilities", false, NULL},
        {NULL, false, NULL},
    };
    const struct yaml *values, *value;

    if (check_name(map, err) != 0 || yaml_read_map(NULL, map, keys, err) != 0)
        return -1;
    if (yaml_find(map, "parameters") != NULL)
        return yaml_refuse_key(yaml_find(map, "parameters"), err,
                               "'%s' holds parameters of its own, and those of a study stand side "
                               "by side: write them so, and let the trainer take them so",
                               map->key);
    values = yaml_find(map, "values");
    value = yaml_find(map, "value");
    str_addf(out, "  %s: ", map->key);
    if (value != NULL && add_constant(out, sweep, value, err) != 0)
        return -1;
    if (value == NULL && values != NULL && add_choices(out, sweep, map, values, err) != 0)
        return -1;
    if (value == NULL && values == NULL && add_range(out, sweep, map, err) != 0)
        return -1;
    str_add(out, "\n");
    return 0;
}

int sweep_write_parameters(struct str *out, struct sweep *sweep, struct err *err)
{
    const struct yaml *map = sweep->parameters;

    if (map->kind != YAML_MAP || map->n == 0)
        return yaml_refuse(map, err, "'parameters' must be a map of names and ranges");
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->items[i]->key, "seed") == 0) {
            sweep->seeds = true;
            sweep_note_key(sweep, map->items[i],
                           "'seed' is no parameter of a study: every config is "
                           "run on seeds that the harness chooses");
        } else if (write_parameter(out, sweep, map->items[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}
