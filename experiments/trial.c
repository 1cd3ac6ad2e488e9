/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flat_json.h"
#include "json.h"
#include "mem.h"
#include "placeholder.h"
#include "trial.h"
#include "yaml.h"

/* --- writing ---------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b, void *space)
{
    const struct param *params = ((const struct space *)space)->params;

    return strcmp(params[*(const size_t *)a].name, params[*(const size_t *)b].name);
}

/* The active parameters' indices, sorted by name; *n of them.  The caller frees. */
static size_t *sorted_active(size_t *n, const struct space *space, const struct value *config)
{
    size_t *order = mem_new(space->n, sizeof *order);

    *n = 0;
    for (size_t i = 0; i < space->n; i++)
        if (config[i].type != VALUE_NONE)
            order[(*n)++] = i;
    qsort_r(order, *n, sizeof *order, by_name, (void *)(uintptr_t)space);
    return order;
}

void trial_write_json(struct str *out, const struct space *space, const struct value *config)
{
    size_t n, *order = sorted_active(&n, space, config);

    str_add(out, "{");
    for (size_t i = 0; i < n; i++) {
        str_add(out, i > 0 ? "," : "");
        json_write_string(out, space->params[order[i]].name);
        str_add(out, ":");
        value_write(out, &config[order[i]]);
    }
    str_add(out, "}");
    free(order);
}

void trial_write_yaml(struct str *out, const struct space *space, const struct value *config)
{
    size_t n, *order = sorted_active(&n, space, config);

    for (size_t i = 0; i < n; i++) {
        str_addf(out, "%s: ", space->params[order[i]].name);
        value_write(out, &config[order[i]]);
        str_add(out, "\n");
    }
    if (n == 0)
        str_add(out, "{}\n");
    free(order);
}

void trial_hash(char out[SHA256_TEXT], const struct space *space, const struct value *config)
{
    struct str json = {NULL, 0};

    trial_write_json(&json, space, config);
    sha256_bytes(out, json.at, json.len);
    str_clear(&json);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool type_fits(const struct yaml *node, enum value_type type, struct err *err)
{
    enum yaml_type written;
    double number;

    if (yaml_read_type(&written, &number, node, err) != 0)
        return false;
    if ((type == VALUE_TEXT && written == YAML_TEXT) ||
        (type == VALUE_BOOL && written == YAML_BOOL) ||
        (type == VALUE_NUMBER && written == YAML_NUMBER))
        return true;
    yaml_refuse(node, err, "parameter '%s': '%.60s' is of another type", node->key, node->text);
    return false;
}

static bool spells_choice(const struct value *choice, const char *text)
{
    double number;

    if (choice->type == VALUE_TEXT)
        return strcmp(choice->text, text) == 0;
    if (choice->type == VALUE_BOOL)
        return strcmp(choice->number != 0 ? "true" : "false", text) == 0;
    return number_read(&number, text) && number == choice->number;
}

/* "1" and 1 may both be choices, so the choice is looked for by type first. */
static int read_choice(struct value *out, const struct param *param, const struct yaml *node)
{
    struct err ignored;

    for (size_t i = 0; i < param->n_values; i++)
        if (spells_choice(&param->values[i], node->text) &&
            type_fits(node, param->values[i].type, &ignored)) {
            *out = param->values[i];
            return 0;
        }
    return -1;
}

/* `index`: of the parameter; below 0 where there is none. */
static int read_value(struct value *config, const struct space *space, int index,
                      const struct yaml *node, struct err *err)
{
    struct err why = {0, ""};

    if (index < 0)
        return yaml_refuse_key(node, err, "unknown parameter '%.60s'", node->key);
    if (node->kind != YAML_SCALAR)
        return yaml_refuse(node, err, "parameter '%s' must be one value", node->key);
    if (read_choice(&config[index], &space->params[index], node) == 0)
        return 0;
    if (space_read_value(&config[index], space, (size_t)index, node->text, &why) != 0)
        return yaml_refuse(node, err, "%s", why.text);
    bool is_number = node->plain && isdigit((unsigned char)*node->text);
    if (is_number && config[index].type == VALUE_NUMBER) /* it was just read as one */
        return 0;
    return type_fits(node, config[index].type, err) ? 0 : -1;
}

static int read_member(struct value *config, const struct space *space, const struct yaml *node,
                       struct err *err)
{
    return read_value(config, space, space_find(space, node->key), node, err);
}

/* Every active parameter must be there, and no inactive one. */
static int check_complete(const struct value *config, const struct space *space, struct err *err)
{
    struct value *settled = mem_new(space->n, sizeof *settled);
    int rc = 0;

    memcpy(settled, config, space->n * sizeof *settled);
    space_settle(settled, space);
    for (size_t i = 0; i < space->n && rc == 0; i++) {
        const char *name = space->params[i].name;
        if (config[i].type == VALUE_NONE && settled[i].type != VALUE_NONE)
            rc = err_usage(err, "config: parameter '%s' is missing", name);
        else if (config[i].type != VALUE_NONE && settled[i].type == VALUE_NONE)
            rc = err_usage(err, "config: parameter '%s' has no place here: '%s' has another value",
                           name, space->params[space->params[i].when].name);
    }
    free(settled);
    return rc;
}

static void forget_all(struct value *config, const struct space *space)
{
    for (size_t i = 0; i < space->n; i++)
        config[i] = (struct value){.type = VALUE_NONE};
}

/* How a parameter's value was spelt when it was read last, and what it was. */
struct trial_spelling {
    char text[FLAT_JSON_TEXT];
    bool plain;
    struct value value; /* VALUE_NONE: it was not read yet */
    double unit;        /* NAN: nobody has asked for it yet */
};

void trial_reader_init(struct trial_reader *out, const struct space *space)
{
    *out = (struct trial_reader){.space = space,
                                 .last = mem_new(space->n, sizeof(struct trial_spelling))};
}

void trial_reader_clear(struct trial_reader *reader)
{
    free(reader->last);
    *reader = (struct trial_reader){0};
}

static bool is_spelt_alike(const struct trial_spelling *last, const struct flat_json *json)
{
    return last->value.type != VALUE_NONE && last->plain == json->plain &&
           strcmp(last->text, json->text) == 0;
}

/* The value of a member of parameter `index`, read where it is not spelt as the last one was. */
static bool read_spelling(struct trial_reader *reader, struct value *config, int index,
                          struct flat_json *json)
{
    struct yaml node = {.kind = YAML_SCALAR,
                        .file = "config",
                        .key = json->key,
                        .text = json->text,
                        .plain = json->plain};
    struct trial_spelling *last = &reader->last[index];
    struct err ignored;

    if (!is_spelt_alike(last, json)) {
        last->value = (struct value){.type = VALUE_NONE};
        if (read_value(config, reader->space, index, &node, &ignored) != 0)
            return false;
        memcpy(last->text, json->text, strlen(json->text) + 1);
        last->plain = json->plain;
        last->value = config[index];
        last->unit = NAN;
    }
    config[index] = last->value;
    return true;
}

/* A text as trial_write_json() writes it.  False where it is another, or wrong: parse_any() tells.
 */
static bool read_flat(struct trial_reader *reader, struct value *config, const char *text)
{
    const struct space *space = reader->space;
    struct flat_json json;
    struct err ignored;
    int member;

    forget_all(config, space);
    flat_json_init(&json, text);
    while ((member = flat_json_next(&json)) == 1) {
        int index = space_find(space, json.key);
        if (index < 0 || config[index].type != VALUE_NONE ||
            !read_spelling(reader, config, index, &json))
            return false;
    }
    return member == 0 && check_complete(config, space, &ignored) == 0;
}

static int parse_any(struct value *config, const struct space *space, const char *text,
                     struct err *err)
{
    struct yaml *root = NULL;
    int rc = yaml_parse(&root, text, strlen(text), "config", err);

    forget_all(config, space);
    if (rc == 0 && root->kind != YAML_MAP)
        rc = yaml_refuse(root, err, "a map of parameters is expected");
    for (size_t i = 0; rc == 0 && i < root->n; i++)
        rc = read_member(config, space, root->items[i], err);
    if (rc == 0)
        rc = check_complete(config, space, err);
    yaml_free(root);
    return rc;
}

static double place_of(struct trial_spelling *last, const struct param *param,
                       const struct value *value)
{
    if (value->type == VALUE_NONE)
        return param_encode(param, value);
    if (isnan(last->unit))
        last->unit = param_encode(param, value);
    return last->unit;
}

int trial_reader_read(struct trial_reader *reader, struct value *config, double *unit,
                      const char *text, struct err *err)
{
    const struct space *space = reader->space;
    bool flat = read_flat(reader, config, text);

    if (!flat && parse_any(config, space, text, err) != 0)
        return -1;
    if (!flat && unit != NULL)
        space_encode(unit, space, config);
    for (size_t i = 0; flat && unit != NULL && i < space->n; i++)
        unit[i] = place_of(&reader->last[i], &space->params[i], &config[i]);
    return 0;
}

int trial_parse(struct value *config, const struct space *space, const char *text, struct err *err)
{
    struct trial_reader reader;

    trial_reader_init(&reader, space);
    int rc = trial_reader_read(&reader, config, NULL, text, err);
    trial_reader_clear(&reader);
    return rc;
}

/* --- argv ------------------------------------------------------------------------------------- */

struct argv_list {
    char **at;
    size_t n;
};

static void argv_add(struct argv_list *list, char *element)
{
    list->at = mem_room(list->at, list->n, sizeof *list->at);
    list->at[list->n++] = element;
}

static void add_all_parameters(struct argv_list *list, const struct space *space,
                               const struct value *config)
{
    size_t n, *order = sorted_active(&n, space, config);

    for (size_t i = 0; i < n; i++) {
        struct str element = {NULL, 0};
        str_addf(&element, "--%s=", space->params[order[i]].name);
        value_print(&element, &config[order[i]]);
        argv_add(list, str_take(&element));
    }
    free(order);
}

/* False where the parameter is inactive, or there is none of that name. */
static bool add_parameter(struct str *out, const struct space *space, const struct value *config,
                          const char *word, size_t len)
{
    for (size_t i = 0; i < space->n; i++) {
        const char *name = space->params[i].name;
        if (strlen(name) != len || memcmp(name, word, len) != 0)
            continue;
        if (config[i].type != VALUE_NONE)
            value_print(out, &config[i]);
        return config[i].type != VALUE_NONE;
    }
    return false;
}

static bool add_placeholder(struct str *out, const struct space *space, const struct value *config,
                            const char *word, size_t len, const struct argv_values *values)
{
    switch (placeholder_kind(word, len)) {
    case PLACEHOLDER_CONFIG:
        str_add(out, values->config_path);
        return true;
    case PLACEHOLDER_DIR:
        str_add(out, values->dir);
        return true;
    case PLACEHOLDER_STUDY_DIR:
        str_add(out, values->study_dir);
        return true;
    case PLACEHOLDER_SEED:
        str_addf(out, "%" PRIu32, values->seed);
        return true;
    case PLACEHOLDER_STEPS:
        str_addf(out, "%" PRId64, values->steps);
        return true;
    default:
        return add_parameter(out, space, config, word, len);
    }
}

/* NULL where the element holds an inactive parameter: it is left out then. */
static char *fill_element(const char *text, const struct space *space, const struct value *config,
                          const struct argv_values *values)
{
    struct str out = {NULL, 0};
    const char *found;
    size_t len;

    while ((found = placeholder_find(&len, text)) != NULL) {
        str_addn(&out, text, (size_t)(found - text));
        if (!add_placeholder(&out, space, config, found + 1, len - 2, values)) {
            str_clear(&out);
            return NULL;
        }
        text = found + len;
    }
    str_add(&out, text);
    return str_take(&out);
}

/* A word without slash or point ("train") stays a word, whatever lies beside the study file. */
static char *resolve_file(const char *element, const char *study_dir)
{
    char *path;

    if (*element == '-' || *element == '/' || strpbrk(element, "/.") == NULL)
        return mem_strdup(element);
    path = path_join(study_dir, element);
    if (file_exists(path))
        return path;
    free(path);
    return mem_strdup(element);
}

static void add_element(struct argv_list *list, const char *element, const struct space *space,
                        const struct value *config, const struct argv_values *values)
{
    bool is_program = list->n == 0;
    char *filled;
    size_t len;

    if (strcmp(element, "{args}") == 0)
        add_all_parameters(list, space, config);
    else if (placeholder_find(&len, element) != NULL) {
        filled = fill_element(element, space, config, values);
        if (filled != NULL)
            argv_add(list, filled);
    } else if (is_program && strchr(element, '/') == NULL)
        argv_add(list, mem_strdup(element));
    else
        argv_add(list, resolve_file(element, values->study_dir));
}

char **trial_argv(const struct space *space, const struct value *config, char *const *command,
                  size_t n_command, const struct argv_values *values)
{
    struct argv_list list = {NULL, 0};

    for (size_t i = 0; i < n_command; i++)
        add_element(&list, command[i], space, config, values);
    argv_add(&list, NULL);
    return list.at;
}

void argv_free(char **argv)
{
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
        free(argv[i]);
    free(argv);
}
