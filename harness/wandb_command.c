/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command of a sweep: its macros, ${…}, in the words of a study's argv. */
#include <string.h>

#include "placeholder.h"
#include "wandb_part.h"

/* What W&B runs where a sweep has no command; /usr/bin/env only looks in PATH, as a study does. */
static const char *const usual[] = {"${interpreter}", "${program}", "${args}", NULL};

struct writer {
    struct str *out;
    const struct sweep *sweep;
    size_t n; /* elements so far */
};

static void add_element(struct writer *w, const char *text)
{
    str_add(w->out, w->n++ > 0 ? ", " : "");
    sweep_add_text(w->out, text);
}

/* --- macros that are elements of their own ---------------------------------------------------- */

static void add_arguments(struct writer *w)
{
    add_element(w, "{args}");
    if (w->sweep->seeds)
        add_element(w, "--seed={seed}");
}

static void add_bare_arguments(struct writer *w)
{
    const struct yaml *map = w->sweep->parameters;

    for (size_t i = 0; i < map->n; i++) {
        struct str text = {0};
        str_addf(&text, "%s={%s}", map->items[i]->key, map->items[i]->key);
        add_element(w, text.at);
        str_clear(&text);
    }
}

/* True where the element is one of them. */
static bool add_whole(struct writer *w, const struct yaml *node, const char *text)
{
    if (strcmp(text, "${env}") == 0 || strcmp(text, "/usr/bin/env") == 0)
        return true;
    if (strcmp(text, "${args}") == 0) {
        add_arguments(w);
        return true;
    }
    if (strcmp(text, "${args_no_hyphens}") == 0) {
        add_bare_arguments(w);
        return true;
    }
    if (strcmp(text, "${args_no_boolean_flags}") == 0) {
        if (w->sweep->booleans)
            sweep_note(w->sweep, node,
                       "here a boolean is passed as --name=true or --name=false, "
                       "not as a flag that is there or not");
        add_arguments(w);
        return true;
    }
    return false;
}

/* --- macros within an element ----------------------------------------------------------------- */

static int add_program(struct str *out, const struct sweep *sweep, const struct yaml *node,
                       struct err *err)
{
    const char *program;

    if (sweep->program == NULL)
        return yaml_refuse(node, err, "the command has ${program}, and the sweep has no 'program'");
    if (yaml_read_text(&program, sweep->program, 4096, err) != 0)
        return -1;
    str_add(out, program);
    return 0;
}

/* The macro at `text` [len], "${" and "}" among it. */
static int add_macro(struct str *out, const struct sweep *sweep, const struct yaml *node,
                     const char *text, size_t len, struct err *err)
{
    if (len == strlen("${interpreter}") && strncmp(text, "${interpreter}", len) == 0)
        str_add(out, "python3");
    else if (len == strlen("${args_json_file}") && strncmp(text, "${args_json_file}", len) == 0)
        str_add(out, "{config}");
    else if (len == strlen("${program}") && strncmp(text, "${program}", len) == 0)
        return add_program(out, sweep, node, err);
    else if (len == strlen("${args_json}") && strncmp(text, "${args_json}", len) == 0)
        return yaml_refuse(node, err,
                           "${args_json} cannot be carried over: a study passes the "
                           "parameters as a file, ${args_json_file} or {config}");
    else if (strncmp(text, "${envvar:", 9) == 0)
        return yaml_refuse(node, err,
                           "%.*s cannot be carried over: name the variable under 'env' "
                           "of the study, and let the trainer read it",
                           (int)len, text);
    else
        return yaml_refuse(node, err, "the macro %.*s cannot be carried over", (int)len, text);
    return 0;
}

static int expand(struct str *out, const struct sweep *sweep, const struct yaml *node,
                  const char *text, struct err *err)
{
    while (*text != '\0') {
        const char *end = text[0] == '$' && text[1] == '{' ? strchr(text, '}') : NULL;
        size_t len = end != NULL ? (size_t)(end - text) + 1 : 1;
        if (end != NULL && add_macro(out, sweep, node, text, len, err) != 0)
            return -1;
        if (end == NULL && placeholder_find(&(size_t){0}, text) == text)
            return yaml_refuse(node, err,
                               "'%s' would be a placeholder in a study: write it without "
                               "the braces",
                               text);
        if (end == NULL)
            str_addn(out, text, 1);
        text += len;
    }
    return 0;
}

static int write_element(struct writer *w, const struct yaml *node, const char *text,
                         struct err *err)
{
    struct str element = {0};

    if (add_whole(w, node, text))
        return 0;
    int rc = expand(&element, w->sweep, node, text, err);
    if (rc == 0)
        add_element(w, str_text(&element));
    str_clear(&element);
    return rc;
}

static int write_usual(struct writer *w, struct err *err)
{
    const struct sweep *sweep = w->sweep;

    if (sweep->program == NULL)
        return yaml_refuse(sweep->parameters, err,
                           "the sweep has neither 'program' nor 'command': "
                           "add one of them");
    for (size_t i = 0; usual[i] != NULL; i++)
        if (write_element(w, sweep->program, usual[i], err) != 0)
            return -1;
    return 0;
}

int sweep_write_command(struct str *out, const struct sweep *sweep, struct err *err)
{
    struct writer w = {.out = out, .sweep = sweep};
    const struct yaml *command = sweep->command;
    const char *text;

    if (command == NULL)
        return write_usual(&w, err);
    if (command->kind != YAML_LIST)
        return yaml_refuse(command, err, "'command' must be a list of words");
    for (size_t i = 0; i < command->n; i++)
        if (yaml_read_text(&text, command->items[i], 4096, err) != 0 ||
            write_element(&w, command->items[i], text, err) != 0)
            return -1;
    return 0;
}
