/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * args.h - the command line of one subcommand: `--name value`, `--name=value`, `--flag`, and
 * operands in any order; behind `--` there are operands alone.
 */
#ifndef TRAINER_ARGS_H
#define TRAINER_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct arg {
    const char *name;   /* without the dashes */
    const char **value; /* where its value goes (borrowed from argv), or NULL: it is a flag */
    bool *flag;         /* set to true where it is given */
};

/*
 * Reads argv[1] … into `table` and `operands` (at most `most`, whose number is returned).  -1 with
 * exit code 2: an unknown option (with the nearest name), a missing value, too many operands.
 */
int args_read(const char **operands, int most, const struct arg *table, size_t n, int argc,
              char **argv, struct err *err);

/* The whole of `text` as an unsigned number of at most `max`; `name` stands in the error. */
int args_integer(uint64_t *out, const char *name, const char *text, uint64_t max, struct err *err);

/* The same of a number of things, of which one is needed at least. */
int args_count(uint64_t *out, const char *name, const char *text, uint64_t max, struct err *err);

#endif
