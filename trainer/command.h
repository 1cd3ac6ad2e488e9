/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command.h - one row of nightshift-lm's table of subcommands.
 *
 * run() gets the arguments from the subcommand's own name on (argv[0] is that name).  It returns
 * the exit status of the program (0 where all is well), or -1 with `err` set; main() then prints
 * `nightshift-lm: <err.text>` to standard error and exits with err.code.
 */
#ifndef TRAINER_COMMAND_H
#define TRAINER_COMMAND_H

#include "err.h"

struct command {
    const char *name;
    const char *summary; /* one line for the list that --help prints */
    int (*run)(int argc, char **argv, struct err *err);
};

#endif
