/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "executor_rule.h"
#include "mem.h"

void executor_rule_init(struct executor_rule *rule)
{
    *rule = (struct executor_rule){
        .kind = mem_strdup("local"), .cpus = 1, .every_s = 10, .patience_s = 60};
}

static void word_list_clear(struct word_list *words)
{
    for (size_t i = 0; i < words->n; i++)
        free(words->at[i]);
    free(words->at);
}

void executor_rule_clear(struct executor_rule *rule)
{
    free(rule->kind);
    free(rule->shared);
    free(rule->partition);
    free(rule->gres);
    free(rule->state);
    word_list_clear(&rule->options);
    word_list_clear(&rule->setup);
    word_list_clear(&rule->resume);
    word_list_clear(&rule->submit);
    word_list_clear(&rule->poll);
    word_list_clear(&rule->cancel);
    *rule = (struct executor_rule){.kind = NULL};
}

static char *text_copy(const char *text)
{
    return text != NULL ? mem_strdup(text) : NULL;
}

static struct word_list word_list_copy(const struct word_list *from)
{
    struct word_list to = {NULL, from->n};

    if (from->n > 0)
        to.at = mem_new(from->n + 1, sizeof *to.at);
    for (size_t i = 0; i < from->n; i++)
        to.at[i] = mem_strdup(from->at[i]);
    return to;
}

void executor_rule_copy(struct executor_rule *to, const struct executor_rule *from)
{
    struct executor_rule copy = *from;

    copy.kind = text_copy(from->kind);
    copy.shared = text_copy(from->shared);
    copy.partition = text_copy(from->partition);
    copy.gres = text_copy(from->gres);
    copy.state = text_copy(from->state);
    copy.options = word_list_copy(&from->options);
    copy.setup = word_list_copy(&from->setup);
    copy.resume = word_list_copy(&from->resume);
    copy.submit = word_list_copy(&from->submit);
    copy.poll = word_list_copy(&from->poll);
    copy.cancel = word_list_copy(&from->cancel);
    executor_rule_clear(to);
    *to = copy;
}
