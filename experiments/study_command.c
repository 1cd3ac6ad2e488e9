/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "placeholder.h"
#include "study_part.h"

enum { MAX_ELEMENT = 65536 };

static int refuse_word(const struct study *study, const struct yaml *node, int at, const char *word,
                       struct err *err)
{
    static const char *const fixed[] = {"config", "seed", "dir", "steps", "study_dir", "args"};
    enum { N_FIXED = sizeof fixed / sizeof *fixed };
    size_t n = N_FIXED + study->space.n;
    const char **words = mem_new(n, sizeof *words);

    memcpy(words, fixed, sizeof fixed);
    for (size_t i = N_FIXED; i < n; i++)
        words[i] = study->space.params[i - N_FIXED].name;
    const char *meant = word_suggest(word, words, n);
    if (meant != NULL)
        yaml_refuse_at(node, at, err, "unknown placeholder '{%s}' (did you mean '{%s}'?)", word,
                       meant);
    else
        yaml_refuse_at(node, at, err, "unknown placeholder '{%s}'", word);
    free(words);
    return -1;
}

/* A conditional parameter has no value at times.  Its element is left out then, so it must be one
 * that stands for itself: --name={name}. */
static int check_conditional(const struct yaml *node, int at, const struct param *param,
                             struct err *err)
{
    const char *equals = strchr(node->text, '=');

    if (param->when < 0 || (node->text[0] == '-' && equals != NULL && equals < node->text + at))
        return 0;
    return yaml_refuse_at(node, at, err,
                          "'%s' has no value at times (`when`): write --%s={%s}, which is left out "
                          "then, or use {args} or {config}",
                          param->name, param->name, param->name);
}

static int check_parameter(const struct study *study, const struct yaml *node, int at,
                           const char *word, struct err *err)
{
    int index = space_find(&study->space, word);

    if (index < 0)
        return refuse_word(study, node, at, word, err);
    return check_conditional(node, at, &study->space.params[index], err);
}

/* One placeholder [len], which begins at `found` within the node's text. */
static int check_placeholder(const struct study *study, const struct yaml *node, const char *found,
                             size_t len, struct err *err)
{
    int at = (int)(found - node->text) + 1, rc = 0;
    char *word = mem_strndup(found + 1, len - 2);
    enum placeholder kind = placeholder_kind(word, len - 2);

    if (kind == PLACEHOLDER_ARGS && strlen(node->text) != len)
        rc = yaml_refuse_at(node, at, err, "'{args}' must be an element of its own");
    else if (kind == PLACEHOLDER_PARAMETER)
        rc = check_parameter(study, node, at, word, err);
    free(word);
    return rc;
}

static int check_element(const struct study *study, const struct yaml *node, struct err *err)
{
    const char *text = node->text;
    size_t len;

    if (node->kind != YAML_SCALAR)
        return yaml_refuse(node, err,
                           "an element of the command must be text (quote what holds "
                           "braces: \"{config}\")");
    if (*text == '\0' && node->plain)
        return yaml_refuse(node, err, "an element of the command is empty");
    if (strlen(text) > MAX_ELEMENT)
        return yaml_refuse(node, err, "longer than %d bytes", MAX_ELEMENT);
    for (; (text = placeholder_find(&len, text)) != NULL; text += len)
        if (check_placeholder(study, node, text, len, err) != 0)
            return -1;
    return 0;
}

/* What is run must be one program for all configs, found before the first run. */
static int check_program(const struct yaml *node, struct err *err)
{
    size_t len;

    if (node->kind == YAML_SCALAR && *node->text == '\0')
        return yaml_refuse(node, err, "the program's name is empty");
    if (node->kind == YAML_SCALAR && placeholder_find(&len, node->text) != NULL)
        return yaml_refuse(node, err, "the program's name '%.60s' cannot hold a placeholder",
                           node->text);
    return 0;
}

static int read_argv(char ***out, size_t *n, const struct study *study, const struct yaml *node,
                     struct err *err)
{
    if (node->kind != YAML_LIST)
        return yaml_refuse(node, err,
                           "'%s' must be a list: the program and its arguments, "
                           "one element each",
                           node->key);
    if (node->n == 0)
        return yaml_refuse(node, err, "the command is empty");
    if (check_program(node->items[0], err) != 0)
        return -1;
    *out = mem_new(node->n, sizeof **out);
    for (size_t i = 0; i < node->n; i++) {
        if (check_element(study, node->items[i], err) != 0)
            return -1;
        (*out)[(*n)++] = mem_strdup(node->items[i]->text);
    }
    return 0;
}

int study_read_command(struct study *study, const struct yaml *node, struct err *err)
{
    return read_argv(&study->command, &study->n_command, study, node, err);
}

int study_read_evaluate(struct study *study, const struct study_reading *reading, struct err *err)
{
    if (reading->evaluate == NULL)
        return 0;
    return read_argv(&study->evaluate, &study->n_evaluate, study, reading->evaluate, err);
}
