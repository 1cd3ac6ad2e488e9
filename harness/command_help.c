/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "arguments.h"
#include "command.h"

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

static int run(const struct arguments *arguments, struct err *err)
{
    if (arguments->n_words > 0) {
        const struct command *command = command_find(arguments->words[0]);
        if (command == NULL)
            return err_usage(err, "there is no command '%s'; see `nightshift help`",
                             arguments->words[0]);
        arguments_help(command);
        return 0;
    }
    fputs(intro, stdout);
    for (size_t i = 0; commands[i] != NULL; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs(outro, stdout);
    return 0;
}

const struct command command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .summary = "what there is, or all about one command",
    .run = run,
};
