/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arguments.h - a command line read by a command's table of options; options may follow operands.
 */
#ifndef HARNESS_ARGUMENTS_H
#define HARNESS_ARGUMENTS_H

#include "command.h"

/* argv[0] is the command's name.  *help is set where --help or -h was given.  The caller frees with
 * arguments_free(); words and values are borrowed from argv. */
int arguments_read(struct arguments *out, bool *help, const struct command *command, int argc,
                   char **argv, struct err *err);
void arguments_free(struct arguments *arguments);

/* The usage line and the options, then the help text, to stdout. */
void arguments_help(const struct command *command);

#endif
