/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "completion.h"
#include "export.h"
#include "mem.h"
#include "place.h"
#include "store_glance.h"
#include "study.h"
#include "study_folders.h"
#include "topic.h"

enum { MOST_IDS = 50 };

struct completion {
    struct str *out;
    const char *typed;  /* the part of the last word that an offer must begin with */
    const char *before; /* what stands before that part in the word: "--format=", or "" */
    const struct command *command;
    const char *study, *dir; /* named on the line; NULL: not */
    size_t operands;         /* whole operands before the last word, the study left out */
};

/* --- offers ----------------------------------------------------------------------------------- */

static void offer(const struct completion *c, const char *word, const char *what)
{
    if (strncmp(word, c->typed, strlen(c->typed)) == 0)
        str_addf(c->out, "%s%s\t%s\n", c->before, word, what != NULL ? what : "");
}

static void offer_commands(const struct completion *c)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (!commands[i]->hidden)
            offer(c, commands[i]->name, commands[i]->summary);
}

static void offer_topics(const struct completion *c)
{
    offer_commands(c);
    for (const struct topic *topic = topics; topic->name != NULL; topic++)
        offer(c, topic->name, topic->summary);
}

static void offer_formats(const struct completion *c)
{
    for (const struct export_format *format = export_formats; format->name != NULL; format++)
        offer(c, format->name, format->summary);
}

static void offer_repairs(const struct completion *c)
{
    offer(c, "git", "our branches and commits, from the record");
    offer(c, "locks", "left by what was killed");
    offer(c, "trash", "what belongs to no row");
    offer(c, "modes", "permissions");
}

static void offer_files(const struct completion *c)
{
    str_add(c->out, ":files\n");
}

static void offer_folders(const struct completion *c)
{
    str_add(c->out, ":folders\n");
}

static void offer_studies(const struct completion *c)
{
    static const char runs[] = "runs/";
    struct study_folders found;

    if (c->study != NULL || c->operands > 0)
        return;
    study_folders_find(&found);
    for (size_t i = 0; i < found.n; i++)
        if (strncmp(found.path[i], runs, strlen(runs)) == 0)
            offer(c, found.path[i] + strlen(runs), "a study that was begun");
    study_folders_clear(&found);
    str_add(c->out, ":studies\n");
}

/* --- from the record -------------------------------------------------------------------------- */

/* The record that the line means; NULL where there is none that can be read. */
static struct store *open_record(const struct completion *c)
{
    struct place place;
    struct err ignored = {0};
    struct store *store = NULL;

    if (place_find(&place, c->study, c->dir, &ignored) != 0)
        return NULL;
    if (place_open(&place, &store, &ignored) != 0)
        store = NULL;
    place_clear(&place);
    return store;
}

static void offer_glances(const struct completion *c, struct store *store)
{
    struct err ignored = {0};
    struct glance *glances;
    size_t n;

    if (store_glance(store, &glances, &n, c->typed, MOST_IDS, &ignored) != 0)
        return;
    for (size_t i = 0; i < n; i++) {
        const char *verdict = glances[i].verdict != NULL ? glances[i].verdict : "pending";
        str_addf(c->out, "%" PRId64 "\t%s, %s\n", glances[i].id, glances[i].purpose, verdict);
    }
    glances_free(glances, n);
}

static void offer_ids(const struct completion *c)
{
    struct store *store;

    if (strspn(c->typed, "0123456789") < strlen(c->typed) || (store = open_record(c)) == NULL)
        return;
    offer_glances(c, store);
    store_close(store);
}

static void offer_choices(const struct completion *c, const struct param *param)
{
    struct completion inner = *c;
    char *before = mem_printf("%s=", param->name);

    inner.before = before;
    inner.typed = c->typed + strlen(before);
    for (size_t i = 0; i < param->n_values; i++) {
        struct str text = {0};
        value_print(&text, &param->values[i]);
        offer(&inner, str_text(&text), NULL);
        str_clear(&text);
    }
    free(before);
}

static void offer_parameter(const struct completion *c, const struct param *param)
{
    size_t len = strlen(param->name);

    if (!param_is_searched(param))
        return;
    if (strncmp(c->typed, param->name, len) == 0 && c->typed[len] == '=')
        offer_choices(c, param);
    else if (strncmp(c->typed, param->name, strlen(c->typed)) == 0)
        str_addf(c->out, "%s=\t%s\n", param->name,
                 param->distribution != NULL ? param->distribution->name : "categorical");
}

/* Names of the study's parameters, and behind one of them its choices. */
static void offer_parameters(const struct completion *c)
{
    struct store *store = open_record(c);
    struct err ignored = {0};
    struct study study;
    char *text = NULL;

    if (store == NULL)
        return;
    if (store_get(store, &text, "study", &ignored) == 0 && text != NULL &&
        study_parse(&study, text, strlen(text), "study", &ignored) == 0) {
        for (size_t i = 0; i < study.space.n; i++)
            offer_parameter(c, &study.space.params[i]);
        study_clear(&study);
    }
    free(text);
    store_close(store);
}

/* --- which offers fit ------------------------------------------------------------------------- */

/* By the words that usage lines show: of operands, and of options' values. */
static const struct {
    const char *word;
    void (*offer)(const struct completion *c);
} kinds[] = {
    {"STUDY", offer_studies},
    {"ID", offer_ids},
    {"A", offer_ids},
    {"B", offer_ids},
    {"FILE", offer_files},
    {"SWEEP", offer_files},
    {"PATH", offer_files},
    {"DIR", offer_folders},
    {"ARGV…", offer_files},
    {"FORMAT", offer_formats},
    {"WHAT", offer_repairs},
    {"COMMAND|TOPIC", offer_topics},
    {"name=value…", offer_parameters},
};

static void offer_kind(const struct completion *c, const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].word) == len && strncmp(kinds[i].word, word, len) == 0)
            kinds[i].offer(c);
}

/* a|b|c in lower case: the words themselves. */
static void offer_alternatives(const struct completion *c, const char *words)
{
    while (*words != '\0') {
        size_t len = strcspn(words, "|");
        char *word = mem_strndup(words, len);
        offer(c, word, NULL);
        free(word);
        words += len + (words[len] == '|');
    }
}

/* Offers the operand whose turn it is, and those behind it while one may be left out; a study,
 * which stands in front of all, where its turn is and nothing else was offered or typed. */
static void offer_operands(const struct completion *c)
{
    const char *p = c->command->operands;
    size_t offered = c->out->len, at = 0;
    bool study = false, goes_on = true;

    if (islower((unsigned char)*p) && strchr(p, '|') != NULL && c->operands == 0)
        offer_alternatives(c, p);
    while (*(p += strspn(p, " ")) != '\0' && goes_on) {
        bool optional = *p == '[';
        size_t len = strcspn(p += optional, " ]");
        if (len == strlen("STUDY") && strncmp(p, "STUDY", len) == 0) {
            study = true;
        } else {
            bool repeats = len > strlen("…") && strncmp(p + len - strlen("…"), "…", 3) == 0;
            if (at >= c->operands || repeats) {
                offer_kind(c, p, len);
                goes_on = optional;
            }
            at++;
        }
        p += len + (p[len] == ']');
    }
    if (study && (c->out->len == offered || *c->typed == '\0'))
        offer_studies(c);
}

static void offer_options(const struct completion *c)
{
    const struct option_row *row = c->command->options;

    for (; row != NULL && row->name != NULL; row++) {
        char *word = mem_printf("--%s", row->name);
        offer(c, word, row->help);
        free(word);
    }
    offer(c, "--help", "what it does");
}

/* --- the words before ------------------------------------------------------------------------- */

/* The option that `word` is, alone or with its value behind '='; NULL where it is none. */
static const struct option_row *find_option(const struct command *command, const char *word)
{
    const struct option_row *row = command->options;
    size_t len = strcspn(word, "=");

    for (; row != NULL && row->name != NULL; row++) {
        bool is_long = strncmp(word, "--", 2) == 0 && strlen(row->name) == len - 2 &&
                       strncmp(row->name, word + 2, len - 2) == 0;
        bool is_short = row->letter != 0 && word[0] == '-' && word[1] == row->letter;
        if (is_long || (is_short && word[2] == '\0'))
            return row;
    }
    return NULL;
}

static void take_operand(struct completion *c, const char *word)
{
    if (c->study == NULL && c->operands == 0 && strstr(c->command->operands, "STUDY") != NULL &&
        place_is_study(word))
        c->study = word;
    else
        c->operands++;
}

/* The option whose value the last word is; NULL where it is none's. */
static const struct option_row *take_words(struct completion *c, const char *const *words, size_t n)
{
    const struct option_row *waits = NULL;

    for (size_t i = 1; i + 1 < n; i++) {
        const struct option_row *row = find_option(c->command, words[i]);
        bool attached = strchr(words[i], '=') != NULL;
        if (waits != NULL) {
            c->dir = strcmp(waits->name, "dir") == 0 ? words[i] : c->dir;
            waits = NULL;
        } else if (row != NULL && attached && strcmp(row->name, "dir") == 0) {
            c->dir = strchr(words[i], '=') + 1;
        } else if (row != NULL && !attached && row->value != NULL) {
            waits = row;
        } else if (words[i][0] != '-') {
            take_operand(c, words[i]);
        }
    }
    return waits;
}

static void complete_value(struct completion *c, const struct option_row *row)
{
    if (row->value != NULL)
        offer_kind(c, row->value, strlen(row->value));
}

static void complete_word(struct completion *c, const char *const *words, size_t n)
{
    const struct option_row *waits = take_words(c, words, n), *attached;
    const char *last = words[n - 1], *equals = strchr(last, '=');

    if (waits != NULL) {
        complete_value(c, waits);
    } else if (last[0] == '-' && equals != NULL) {
        char *before = mem_strndup(last, (size_t)(equals - last) + 1);
        c->before = before;
        c->typed = equals + 1;
        if ((attached = find_option(c->command, last)) != NULL)
            complete_value(c, attached);
        c->before = "";
        free(before);
    } else if (last[0] == '-') {
        offer_options(c);
    } else {
        offer_operands(c);
    }
}

void completion_write(struct str *out, const char *const *words, size_t n)
{
    struct completion c = {.out = out, .typed = n > 0 ? words[n - 1] : "", .before = ""};

    if (n <= 1) {
        offer_commands(&c);
        offer(&c, "--help", "what there is");
        offer(&c, "--version", "of the program and its libraries");
        return;
    }
    c.command = command_find(words[0]);
    if (c.command != NULL)
        complete_word(&c, words, n);
}
