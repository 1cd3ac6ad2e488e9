/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `search.command`: the outside program of the strategy exec. */
#include <string.h>

#include "mem.h"
#include "placeholder.h"
#include "study_part.h"

enum { MAX_ELEMENT = 65536 };

/* The program is asked before there is a config: only what is known then can be filled in. */
static int check_placeholders(const struct yaml *node, struct err *err)
{
    const char *at = node->text;
    size_t len;

    for (; (at = placeholder_find(&len, at)) != NULL; at += len) {
        enum placeholder kind = placeholder_kind(at + 1, len - 2);
        if (kind != PLACEHOLDER_STUDY_DIR && kind != PLACEHOLDER_DIR && kind != PLACEHOLDER_SEED)
            return yaml_refuse_at(node, (int)(at - node->text) + 1, err,
                                  "'%.*s' means nothing to a program that proposes: it may have "
                                  "{study_dir}, {dir} and {seed}",
                                  (int)len, at);
    }
    return 0;
}

static int check_element(const struct yaml *node, bool is_program, struct err *err)
{
    size_t len;

    if (node->kind != YAML_SCALAR)
        return yaml_refuse(node, err, "an element of the command must be text");
    if (*node->text == '\0' && (is_program || node->plain))
        return yaml_refuse(node, err, "an element of the command is empty");
    if (strlen(node->text) > MAX_ELEMENT)
        return yaml_refuse(node, err, "longer than %d bytes", MAX_ELEMENT);
    if (is_program && placeholder_find(&len, node->text) != NULL)
        return yaml_refuse(node, err, "the program's name '%.60s' cannot hold a placeholder",
                           node->text);
    return check_placeholders(node, err);
}

int study_read_proposer(void *into, const struct yaml *node, struct err *err)
{
    struct study *study = ((struct study_reading *)into)->study;

    if (node->kind != YAML_LIST)
        return yaml_refuse(node, err,
                           "'command' must be a list: the program and its arguments, one element "
                           "each");
    if (node->n == 0)
        return yaml_refuse(node, err, "the command is empty");
    study->proposer = mem_new(node->n, sizeof *study->proposer);
    for (size_t i = 0; i < node->n; i++) {
        if (check_element(node->items[i], i == 0, err) != 0)
            return -1;
        study->proposer[study->n_proposer++] = mem_strdup(node->items[i]->text);
    }
    return 0;
}

int study_check_proposer(const struct study *study, const struct yaml *search, struct err *err)
{
    static const char *const keys[] = {"command", "timeout", "writable"};

    if (study->strategy->outside && study->n_proposer == 0)
        return yaml_refuse(yaml_find(search, "strategy"), err,
                           "the strategy '%s' needs a 'command', the program that proposes",
                           study->strategy->name);
    for (size_t i = 0; !study->strategy->outside && i < sizeof keys / sizeof *keys; i++)
        if (yaml_find(search, keys[i]) != NULL)
            return yaml_refuse_key(yaml_find(search, keys[i]), err,
                                   "'%s' is for the strategy exec, not for '%s'", keys[i],
                                   study->strategy->name);
    return 0;
}
