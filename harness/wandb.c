/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "json.h"
#include "mem.h"
#include "schema_path.h"
#include "study.h"
#include "wandb.h"
#include "wandb_part.h"

enum { MAX_TEXT = 4096, MAX_NAME = 60 };

/* --- notes ------------------------------------------------------------------------------------ */

static void add_note(const struct sweep *sweep, const char *file, int line, int column,
                     const char *fmt, va_list args) __attribute__((format(printf, 5, 0)));
static void add_note(const struct sweep *sweep, const char *file, int line, int column,
                     const char *fmt, va_list args)
{
    char text[1024];

    vsnprintf(text, sizeof text, fmt, args);
    str_addf(sweep->notes, "%s:%d:%d: ", file, line, column);
    str_add_printable(sweep->notes, text, strlen(text), sizeof text);
    str_add(sweep->notes, "\n");
}

void sweep_note(const struct sweep *sweep, const struct yaml *node, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add_note(sweep, node->file, node->line, node->column, fmt, args);
    va_end(args);
}

void sweep_note_key(const struct sweep *sweep, const struct yaml *node, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add_note(sweep, node->file, node->key_line, node->key_column, fmt, args);
    va_end(args);
}

/* --- reading ---------------------------------------------------------------------------------- */

static int remember_metric(void *into, const struct yaml *node, struct err *err)
{
    struct sweep *sweep = into;
    const struct yaml *name = yaml_find(node, "name"), *goal = yaml_find(node, "goal");
    const struct yaml *target = yaml_find(node, "target");
    static const struct yaml_key keys[] = {
        {"name", true, NULL}, {"goal", false, NULL}, {"target", false, NULL}, {NULL, false, NULL}};
    const char *word = "minimize";

    if (yaml_read_map(NULL, node, keys, err) != 0 ||
        yaml_read_text(&sweep->metric, name, MAX_TEXT, err) != 0 ||
        (goal != NULL && yaml_read_text(&word, goal, MAX_TEXT, err) != 0))
        return -1;
    sweep->maximize = strcmp(word, "maximize") == 0;
    if (!sweep->maximize && strcmp(word, "minimize") != 0)
        return yaml_refuse(goal, err, "the goal is 'minimize' or 'maximize', not '%s'", word);
    if (target != NULL)
        sweep_note_key(sweep, target,
                       "'target' is left out: a study ends by run_cap, hours or until");
    return 0;
}

static int remember_method(void *into, const struct yaml *node, struct err *err)
{
    static const char *const methods[][2] = {
        {"bayes", "gp"}, {"random", "random"}, {"grid", "grid"}, {NULL, NULL}};
    struct sweep *sweep = into;
    const char *name;

    if (yaml_read_text(&name, node, MAX_TEXT, err) != 0)
        return -1;
    for (size_t i = 0; methods[i][0] != NULL; i++)
        if (strcmp(name, methods[i][0]) == 0)
            sweep->strategy = methods[i][1];
    if (sweep->strategy == NULL)
        return yaml_refuse(node, err,
                           "the method '%s' cannot be carried over: bayes, random or grid", name);
    return 0;
}

static int leave_out(void *into, const struct yaml *node, struct err *err)
{
    (void)err;
    sweep_note_key(into, node, "'%s' is left out: a study has no place for it", node->key);
    return 0;
}

static const struct yaml_key sweep_keys[] = {
    {"parameters", true, NULL},         {"method", true, remember_method},
    {"metric", false, remember_metric}, {"name", false, NULL},
    {"description", false, NULL},       {"program", false, NULL},
    {"command", false, NULL},           {"early_terminate", false, NULL},
    {"run_cap", false, NULL},           {"project", false, leave_out},
    {"entity", false, leave_out},       {"prior_runs", false, leave_out},
    {"controller", false, leave_out},   {"settings", false, leave_out},
    {"job", false, leave_out},          {"image_uri", false, leave_out},
    {"launch", false, leave_out},       {NULL, false, NULL},
};

/* What is read later, since it refers to other parts. */
static void find_parts(struct sweep *sweep, const struct yaml *root)
{
    sweep->name = yaml_find(root, "name");
    sweep->description = yaml_find(root, "description");
    sweep->program = yaml_find(root, "program");
    sweep->command = yaml_find(root, "command");
    sweep->parameters = yaml_find(root, "parameters");
    sweep->early = yaml_find(root, "early_terminate");
    sweep->run_cap = yaml_find(root, "run_cap");
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool is_plain(const char *text)
{
    static const char *const words[] = {"true", "false", "null",  "True", "False",
                                        "Null", "TRUE",  "FALSE", "NULL", NULL};
    bool plain = isascii(*text) && (isalpha((unsigned char)*text) || strchr("./_", *text) != NULL);

    for (size_t i = 0; words[i] != NULL; i++)
        plain = plain && strcmp(text, words[i]) != 0;
    for (const char *p = text; plain && *p != '\0'; p++)
        plain = isascii(*p) && (isalnum((unsigned char)*p) || strchr("_./=+-", *p) != NULL);
    return plain && *text != '\0' && strspn(text, ".0123456789") < strlen(text);
}

void sweep_add_text(struct str *out, const char *text)
{
    if (is_plain(text))
        str_add(out, text);
    else
        json_write_string(out, text);
}

/* The study's name: letters, digits and dashes of the sweep's, or of its file's. */
static void add_name(struct str *out, const struct sweep *sweep, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *given = sweep->name != NULL && sweep->name->kind == YAML_SCALAR ? sweep->name->text
                        : slash != NULL                                         ? slash + 1
                                                                                : path;
    struct str name = {0};

    for (const char *p = given; *p != '\0' && name.len < MAX_NAME; p++) {
        char c = (char)tolower((unsigned char)*p);
        if (sweep->name == NULL && *p == '.')
            break;
        if (isascii(c) && isalnum((unsigned char)c))
            str_addn(&name, &c, 1);
        else if (name.len > 0 && name.at[name.len - 1] != '-')
            str_add(&name, "-");
    }
    while (name.len > 0 && name.at[name.len - 1] == '-')
        name.at[--name.len] = '\0';
    if (name.len == 0)
        str_add(&name, "sweep");
    if (name.len >= 4 && strcmp(name.at + name.len - 4, "-log") == 0)
        str_add(&name, "s");
    if (sweep->name != NULL && strcmp(name.at, given) != 0)
        sweep_note(sweep, sweep->name, "the study is called '%s': a name holds a-z, 0-9 and -",
                   name.at);
    str_addf(out, "name: %s\n", name.at);
    str_clear(&name);
}

static int add_metric(struct str *out, const struct sweep *sweep, struct err *err)
{
    if (sweep->metric == NULL)
        return yaml_refuse(sweep->parameters, err,
                           "the sweep names no metric, and a study needs one: --metric NAME");
    str_add(out, "metric: {name: ");
    sweep_add_text(out, sweep->metric);
    str_addf(out, ", goal: %s}\n", sweep->maximize ? "maximize" : "minimize");
    return 0;
}

static int add_number(struct str *out, const char *key, const struct yaml *node, struct err *err)
{
    double number;

    if (node == NULL)
        return 0;
    if (yaml_read_number(&number, node, 0, 1e9, err) != 0)
        return -1;
    str_addf(out, ", %s: %s", key, node->text);
    return 0;
}

static int add_early(struct str *out, const struct sweep *sweep, struct err *err)
{
    static const struct yaml_key keys[] = {{"type", true, NULL},      {"eta", false, NULL},
                                           {"s", false, NULL},        {"strict", false, NULL},
                                           {"min_iter", false, NULL}, {"max_iter", false, NULL},
                                           {NULL, false, NULL}};
    const struct yaml *map = sweep->early, *max_iter, *strict;
    const char *type;

    if (map == NULL)
        return 0;
    if (yaml_read_map(NULL, map, keys, err) != 0 ||
        yaml_read_text(&type, yaml_find(map, "type"), MAX_TEXT, err) != 0)
        return -1;
    if (strcmp(type, "hyperband") != 0)
        return yaml_refuse(yaml_find(map, "type"), err, "the type '%s' cannot be carried over",
                           type);
    str_add(out, "early_terminate: {type: hyperband");
    if (add_number(out, "eta", yaml_find(map, "eta"), err) != 0 ||
        add_number(out, "s", yaml_find(map, "s"), err) != 0 ||
        add_number(out, "min_iter", yaml_find(map, "min_iter"), err) != 0)
        return -1;
    str_add(out, "}\n");
    if ((max_iter = yaml_find(map, "max_iter")) != NULL)
        sweep_note_key(sweep, max_iter,
                       "'max_iter' is left out: the end of a run is the end of the "
                       "baseline's, and rungs are shares of it");
    if ((strict = yaml_find(map, "strict")) != NULL)
        sweep_note_key(sweep, strict,
                       "'strict' is left out: a run may go on where it is among the "
                       "best 1/eta at a rung");
    return 0;
}

static int add_run_cap(struct str *out, const struct sweep *sweep, struct err *err)
{
    uint64_t n;

    if (sweep->run_cap == NULL) {
        str_add(out, "# run_cap: 100              # experiments; `hours: 8` and until: \"07:30\" "
                     "also end a night\n");
        return 0;
    }
    if (yaml_read_integer(&n, sweep->run_cap, 1, 1000000000, err) != 0)
        return -1;
    str_addf(out, "run_cap: %s\n", sweep->run_cap->text);
    return 0;
}

/* The program is an input where it lies beside the study: its hash is recorded and checked. */
static void add_files(struct str *out, const struct sweep *sweep, const char *beside)
{
    const char *program =
        sweep->program != NULL && sweep->program->kind == YAML_SCALAR ? sweep->program->text : "/";
    char *path = path_join(beside, program);

    if (*program != '/' && file_is_regular(path)) {
        str_add(out, "files: [");
        sweep_add_text(out, program);
        str_add(out, "]\n");
    }
    free(path);
}

static void add_head(struct str *out, const struct sweep *sweep, const char *path)
{
    const struct yaml *said = sweep->description;
    char *schema = schema_path();

    if (schema != NULL)
        str_addf(out, "# yaml-language-server: $schema=%s\n", schema);
    free(schema);
    str_add(out, "# A study made of the W&B sweep ");
    str_add_printable(out, path, strlen(path), MAX_TEXT);
    str_add(out, ".\n");
    if (said != NULL && said->kind == YAML_SCALAR) {
        str_add(out, "# ");
        str_add_printable(out, said->text, strlen(said->text), MAX_TEXT);
        str_add(out, "\n");
    }
    str_add(out, "#   nightshift check FILE   says what it means and where it is wrong\n\n");
}

static void add_advice(const struct sweep *sweep, const char *path, const char *command)
{
    str_addf(sweep->notes,
             "%s: start values are the middle of each range and the first of each "
             "list: put in the config that you use now\n",
             path);
    str_addf(sweep->notes,
             "%s: the trainer must print `%s: NUMBER` on a line of its own: "
             "wandb.log() is not read\n",
             path, sweep->metric);
    if (strstr(command, "{seed}") == NULL)
        str_addf(sweep->notes,
                 "%s: the command passes no seed: add --seed={seed} where the trainer "
                 "takes one, or every run of a config may be the same\n",
                 path);
}

static int write_study(struct str *out, struct sweep *sweep, const char *path, const char *beside,
                       struct err *err)
{
    struct str parameters = {0}, command = {0};
    int rc = -1;

    add_head(out, sweep, path);
    add_name(out, sweep, path);
    if (add_metric(out, sweep, err) == 0 && sweep_write_parameters(&parameters, sweep, err) == 0 &&
        sweep_write_command(&command, sweep, err) == 0) {
        str_addf(out, "trainer:\n  command: [%s]\n", str_text(&command));
        str_add(out, "  # timeout: 15m            # per run\n");
        add_files(out, sweep, beside);
        str_addf(out, "parameters:\n%s", str_text(&parameters));
        str_addf(out, "search: {strategy: %s, seed: 1}\n", sweep->strategy);
        add_advice(sweep, path, str_text(&command));
        rc = add_early(out, sweep, err) == 0 ? add_run_cap(out, sweep, err) : -1;
    }
    str_add(out, "jobs: 1\n");
    str_clear(&parameters);
    str_clear(&command);
    return rc;
}

/* What came of it must be a study; where it is none the error is told of the study's text. */
static int check_study(const struct str *text, struct err *err)
{
    struct study study;

    if (study_parse(&study, text->at, text->len, "study", err) != 0)
        return err_wrap(err, "the study that comes of it is none");
    study_clear(&study);
    return 0;
}

int wandb_import(struct str *study, struct str *notes, const char *path, const char *beside,
                 const char *metric, struct err *err)
{
    struct sweep sweep = {.notes = notes, .metric = metric};
    struct yaml *root = NULL;
    char *text = NULL;
    size_t len = 0;
    int rc = -1;

    if (access(path, R_OK) != 0)
        return err_usage(err, "%s: %s", path, strerror(errno));
    if (file_is_dir(path))
        return err_usage(err, "%s: a folder, not a sweep file", path);
    if (file_read(&text, &len, path, YAML_MAX_BYTES, err) == 0 &&
        yaml_parse(&root, text, len, path, err) == 0 &&
        yaml_read_map(&sweep, root, sweep_keys, err) == 0) {
        find_parts(&sweep, root);
        rc = write_study(study, &sweep, path, beside, err) == 0 ? check_study(study, err) : -1;
    }
    yaml_free(root);
    free(text);
    return rc;
}
