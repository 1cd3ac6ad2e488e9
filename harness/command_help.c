/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "arguments.h"
#include "command.h"
#include "manual.h"
#include "pager.h"
#include "topic.h"
#include "view.h"

extern const struct command command_help;

static const char intro[] =
    "nightshift - an autonomous hyperparameter research harness\n"
    "\n"
    "A study file goes in; a trainer is started per (config, seed); configs are perturbed; the\n"
    "search goes on from what is probably better, and what a test on fresh seeds has kept is\n"
    "believed; every step is recorded in SQLite, every decision committed to git; a findings\n"
    "report comes out.\n"
    "\n"
    "  nightshift init               write a commented study file, study.yaml\n"
    "  nightshift run study.yaml     begin it, or go on with it: the same call\n"
    "  nightshift status             where it stands, and what may be believed\n"
    "  nightshift log                what was tried, and what became of it\n"
    "  nightshift report             write the findings down\n"
    "\n"
    "Commands\n";

static const char outro[] =
    "\n"
    "STUDY is a study file, a run directory (runs/NAME) or a study's name; left out, the only\n"
    "study below the current directory is meant.  `nightshift help COMMAND` tells more.\n"
    "\n"
    "Exit status: 0 done, 1 failed or differs, 2 usage or config, 3 environment (try again\n"
    "after mending), 4 integrity (a person must look), 5 locked by another run, 130/143\n"
    "interrupted and resumable.\n";

enum { MAX_NAMES = 128 };

static void print_overview(void)
{
    fputs(intro, stdout);
    for (size_t i = 0; commands[i] != NULL; i++)
        if (!commands[i]->hidden)
            printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    puts("\nTopics");
    for (const struct topic *topic = topics; topic->name != NULL; topic++)
        printf("  %-10s %s\n", topic->name, topic->summary);
    fputs(outro, stdout);
}

static int unknown_name(const char *name, struct err *err)
{
    const char *names[MAX_NAMES], *near;
    size_t n = 0;

    for (size_t i = 0; commands[i] != NULL && n < MAX_NAMES; i++)
        names[n++] = commands[i]->name;
    for (size_t i = 0; topics[i].name != NULL && n < MAX_NAMES; i++)
        names[n++] = topics[i].name;
    if ((near = word_suggest(name, names, n)) != NULL)
        return err_usage(err, "there is no command or topic '%s' (did you mean '%s'?)", name, near);
    return err_usage(err, "there is no command or topic '%s'; see `nightshift help`", name);
}

static void write_topic(struct str *out, const struct topic *topic, bool scdoc)
{
    struct manual manual;
    struct str name = {0};

    manual_read(&manual, topic->start, (size_t)(topic->end - topic->start));
    str_addf(&name, "nightshift-%s", topic->name);
    if (scdoc)
        manual_scdoc(out, &manual, name.at, topic->section, topic->summary);
    else
        manual_print(out, &manual, view_columns(), view_has_colour());
    str_clear(&name);
    manual_clear(&manual);
}

/* The source of a manual page, or the list of the commands for the main one. */
static int print_scdoc(const char *name, struct err *err)
{
    const struct command *command = name != NULL ? command_find(name) : NULL;
    const struct topic *topic = name != NULL ? topic_find(name) : NULL;
    struct str text = {0};

    if (name == NULL)
        manual_scdoc_commands(&text);
    else if (command != NULL)
        manual_scdoc_command(&text, command);
    else if (topic != NULL)
        write_topic(&text, topic, true);
    else
        return unknown_name(name, err);
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

static int print_topic(const struct topic *topic, struct err *err)
{
    struct str text = {0};

    write_topic(&text, topic, false);
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    const char *name = arguments->n_words > 0 ? arguments->words[0] : NULL;
    const struct command *command = name != NULL ? command_find(name) : NULL;
    const struct topic *topic = name != NULL ? topic_find(name) : NULL;

    if (arguments->n_words > 1)
        return err_usage(err, "help: '%s' is too many; it takes %s", arguments->words[1],
                         command_help.operands);
    if (option_value(&command_help, arguments, "scdoc") != NULL)
        return print_scdoc(name, err);
    if (name == NULL)
        print_overview();
    else if (command != NULL)
        arguments_help(command);
    else if (topic != NULL)
        return print_topic(topic, err);
    else
        return unknown_name(name, err);
    return 0;
}

static const struct option_row options[] = {
    {"scdoc", 0, NULL, "the source of its manual page, for scdoc(1)"},
    PAGER_OPTION,
    {NULL, 0, NULL, NULL},
};

const struct command command_help = {
    .name = "help",
    .operands = "[COMMAND|TOPIC]",
    .summary = "what there is, or all about one command or topic",
    .help = "The topics are the pages of docs/, which the program carries inside; `man\n"
            "nightshift-COMMAND` and `man nightshift-TOPIC` are made of the same.\n"
            "\n"
            "  nightshift help study | less\n",
    .options = options,
    .run = run,
};
