/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command.h - a subcommand of `nightshift`.  To add one: command_<name>.c and a row in command.c.
 */
#ifndef HARNESS_COMMAND_H
#define HARNESS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* One option.  `value` is what --help shows behind it ("N"); NULL: the option takes none.  One that
 * ends in "…" takes all words behind it, options among them: see arguments.rest. */
struct option_row {
    const char *name; /* long name without dashes */
    char letter;      /* short form, 0: none */
    const char *value, *help;
};

/* The words of a command line after the subcommand's name, options taken out. */
struct arguments {
    const char **words; /* [n_words] operands in order */
    size_t n_words;
    const char *
        *options;      /* parallel to the command's rows: the value, "" for a flag, NULL: absent */
    const char **rest; /* [n_rest] the words of an option that takes all, the value among them */
    size_t n_rest;
};

struct command {
    const char *name;
    const char *operands;             /* "STUDY" or "[STUDY] ID", for the usage line */
    const char *summary;              /* one line */
    const char *help;                 /* paragraphs for `nightshift help NAME`, examples included */
    bool hidden;                      /* for programs: no help lists it */
    const struct option_row *options; /* ends with a NULL name; --help and --json by their rows */
    /* Returns the exit status, or -1 with err set (its code becomes the exit status). */
    int (*run)(const struct arguments *arguments, struct err *err);
};
extern const struct command *const commands[]; /* NULL-terminated, in the order of the help */

/* Finds and runs the command of a whole command line; prints errors; returns the exit status. */
int command_main(int argc, char **argv);
const struct command *command_find(const char *name); /* NULL: unknown */

/* Runs a command with its own words, argv[0] being any; prints errors; returns the exit status. */
int command_call(const struct command *command, int argc, char **argv);

/* Prints an error, line by line, on standard error. */
void command_complain(const char *text);

/* The value of an option by its long name; NULL where it was not given. */
const char *option_value(const struct command *command, const struct arguments *arguments,
                         const char *name);

#endif
