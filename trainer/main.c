/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - `nightshift-lm`: the table of its subcommands.
 *
 * To add one: command_name.c with a `const struct command command_name`, and two lines here.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "str.h"
#include "versions.h"

extern const struct command command_prepare;
extern const struct command command_train;
extern const struct command command_eval;
extern const struct command command_generate;
extern const struct command command_chat;
extern const struct command command_convert;
extern const struct command command_info;
extern const struct command command_bench;
extern const struct command command_options;

static const struct command *const commands[] = {
    &command_prepare, &command_train, &command_eval,  &command_generate, &command_chat,
    &command_convert, &command_info,  &command_bench, &command_options,  NULL,
};
#define COMMANDS_MOST 32
_Static_assert(sizeof commands / sizeof(void *) <= COMMANDS_MOST, "room for all names");

static void usage(FILE *out)
{
    fputs("nightshift-lm trains one language model, repeatably.\n"
          "\n"
          "usage: nightshift-lm COMMAND [options]; `nightshift-lm COMMAND --help` explains one\n\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
}

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int refuse(const char *name)
{
    const char *words[COMMANDS_MOST], *near;
    size_t n = 0;

    for (; commands[n] != NULL; n++)
        words[n] = commands[n]->name;
    near = word_suggest(name, words, n);
    fprintf(stderr, "nightshift-lm: unknown command '%s'", name);
    fprintf(stderr, near != NULL ? " (did you mean '%s'?)\n" : "\n", near);
    return ERR_USAGE;
}

static int flushed(void)
{
    if (fflush(stdout) == 0)
        return 0;
    perror("nightshift-lm: standard output");
    return ERR_ENVIRONMENT;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    const struct command *command;
    int status;

    if (argc < 2) {
        usage(stderr);
        return ERR_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return flushed();
    }
    if (strcmp(argv[1], "--version") == 0) {
        struct str text = {0};
        versions_write(&text);
        fputs(str_text(&text), stdout);
        str_clear(&text);
        return flushed();
    }
    command = command_find(argv[1]);
    if (command == NULL)
        return refuse(argv[1]);
    status = command->run(argc - 1, argv + 1, &err);
    if (status >= 0)
        return status;
    fprintf(stderr, "nightshift-lm: %s\n", err.text);
    return err.code;
}
