/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "mem.h"
#include "str.h"

static size_t count_options(const struct command *command)
{
    size_t n = 0;

    while (command->options != NULL && command->options[n].name != NULL)
        n++;
    return n;
}

/* The row of --name or -n; the length counts, so that "--name=value" is found too. */
static const struct option_row *find_row(const struct command *command, const char *name,
                                         size_t len)
{
    for (size_t i = 0; i < count_options(command); i++)
        if (strlen(command->options[i].name) == len &&
            strncmp(command->options[i].name, name, len) == 0)
            return &command->options[i];
    return NULL;
}

static const struct option_row *find_letter(const struct command *command, char letter)
{
    for (size_t i = 0; i < count_options(command); i++)
        if (letter != 0 && command->options[i].letter == letter)
            return &command->options[i];
    return NULL;
}

static int unknown_option(const struct command *command, const char *word, struct err *err)
{
    const char *names[64] = {"help"};
    size_t n = 1;

    for (size_t i = 0; i < count_options(command) && n < 64; i++)
        names[n++] = command->options[i].name;
    const char *near = word[1] == '-' ? word_suggest(word + 2, names, n) : NULL;
    if (near != NULL)
        return err_usage(err, "%s: unknown option '%s' (did you mean '--%s'?)", command->name, word,
                         near);
    return err_usage(err, "%s: unknown option '%s'; see `nightshift help %s`", command->name, word,
                     command->name);
}

struct reader {
    struct arguments *out;
    const struct command *command;
    int argc, at;
    char **argv;
};

static bool takes_rest(const struct option_row *row)
{
    size_t len = strlen(row->value), end = strlen("…");

    return len >= end && strcmp(row->value + len - end, "…") == 0;
}

/* From the value of the row on, everything is its own; a "--" before it may stand for clarity. */
static void take_rest(struct reader *r, const char **slot)
{
    if (strcmp(*slot, "--") == 0 && r->at + 1 < r->argc)
        *slot = r->argv[++r->at];
    for (r->out->rest[r->out->n_rest++] = *slot; r->at + 1 < r->argc;)
        r->out->rest[r->out->n_rest++] = r->argv[++r->at];
}

/* Takes the value of a row: what stands behind '=' or '-n', else the next word. */
static int take_value(struct reader *r, const struct option_row *row, const char *attached,
                      struct err *err)
{
    const char **slot = &r->out->options[row - r->command->options];

    if (row->value == NULL) {
        if (attached != NULL)
            return err_usage(err, "%s: option '--%s' takes no value", r->command->name, row->name);
        *slot = "";
        return 0;
    }
    if (attached == NULL) {
        if (r->at + 1 >= r->argc)
            return err_usage(err, "%s: option '--%s' needs a value %s", r->command->name, row->name,
                             row->value);
        attached = r->argv[++r->at];
    }
    *slot = attached;
    if (takes_rest(row))
        take_rest(r, slot);
    return 0;
}

static int read_long(struct reader *r, const char *word, struct err *err)
{
    const char *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) - 2 : strlen(word) - 2;
    const struct option_row *row = find_row(r->command, word + 2, len);

    if (row == NULL)
        return unknown_option(r->command, word, err);
    return take_value(r, row, equals != NULL ? equals + 1 : NULL, err);
}

static int read_short(struct reader *r, const char *word, struct err *err)
{
    const struct option_row *row = find_letter(r->command, word[1]);

    if (row == NULL)
        return unknown_option(r->command, word, err);
    return take_value(r, row, word[2] != '\0' ? word + 2 : NULL, err);
}

static int read_words(struct reader *r, bool *help, struct err *err)
{
    bool only_words = false;

    for (r->at = 1; r->at < r->argc; r->at++) {
        const char *word = r->argv[r->at];
        int rc = 0;
        if (only_words || word[0] != '-' || word[1] == '\0')
            r->out->words[r->out->n_words++] = word;
        else if (strcmp(word, "--") == 0)
            only_words = true;
        else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            *help = true;
        else
            rc = word[1] == '-' ? read_long(r, word, err) : read_short(r, word, err);
        if (rc != 0)
            return -1;
    }
    return 0;
}

int arguments_read(struct arguments *out, bool *help, const struct command *command, int argc,
                   char **argv, struct err *err)
{
    struct reader reader = {.out = out, .command = command, .argc = argc, .argv = argv};

    *help = false;
    *out = (struct arguments){0};
    out->words = mem_new((size_t)argc, sizeof *out->words);
    out->rest = mem_new((size_t)argc, sizeof *out->rest);
    out->options = mem_new(count_options(command), sizeof *out->options);
    if (read_words(&reader, help, err) == 0)
        return 0;
    arguments_free(out);
    return -1;
}

void arguments_free(struct arguments *arguments)
{
    free(arguments->words);
    free(arguments->options);
    free(arguments->rest);
    *arguments = (struct arguments){0};
}

const char *option_value(const struct command *command, const struct arguments *arguments,
                         const char *name)
{
    const struct option_row *row = find_row(command, name, strlen(name));

    return row != NULL ? arguments->options[row - command->options] : NULL;
}

static void print_option(char letter, const char *name, const char *value, const char *help)
{
    char left[64];

    snprintf(left, sizeof left, "%s%.*s%s--%s%s%s", letter != 0 ? "-" : "  ", letter != 0, &letter,
             letter != 0 ? ", " : "  ", name, value != NULL ? " " : "", value != NULL ? value : "");
    printf("  %-26s %s\n", left, help);
}

void arguments_help(const struct command *command)
{
    printf("usage: nightshift %s%s%s%s\n\n%s\n", command->name,
           count_options(command) > 0 ? " [OPTION…]" : "", command->operands[0] != '\0' ? " " : "",
           command->operands, command->summary);
    printf("\n");
    for (size_t i = 0; i < count_options(command); i++)
        print_option(command->options[i].letter, command->options[i].name,
                     command->options[i].value, command->options[i].help);
    print_option('h', "help", NULL, "show this");
    if (command->help != NULL)
        printf("\n%s", command->help);
}
