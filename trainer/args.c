/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "args.h"
#include "str.h"

#define ARGS_MOST 32 /* rows of a table */

static const struct arg *arg_find(const struct arg *table, size_t n, const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(table[i].name) == len && strncmp(table[i].name, name, len) == 0)
            return &table[i];
    return NULL;
}

static int refuse(const char *given, const struct arg *table, size_t n, struct err *err)
{
    const char *words[ARGS_MOST], *near;
    size_t known = n < ARGS_MOST ? n : ARGS_MOST;

    for (size_t i = 0; i < known; i++)
        words[i] = table[i].name;
    near = word_suggest(given + strspn(given, "-"), words, known);
    if (near != NULL)
        return err_usage(err, "unknown option '%s' (did you mean '--%s'?)", given, near);
    return err_usage(err, "unknown option '%s'", given);
}

/* Takes argv[at]; returns how many words it took, or -1. */
static int take_option(const struct arg *table, size_t n, int argc, char **argv, int at,
                       struct err *err)
{
    const char *given = argv[at], *name = given + 2, *equals = strchr(name, '=');
    const struct arg *arg = NULL;

    if (strncmp(given, "--", 2) == 0)
        arg = arg_find(table, n, name, equals != NULL ? (size_t)(equals - name) : strlen(name));
    if (arg == NULL)
        return refuse(given, table, n, err);
    if (arg->value == NULL && equals != NULL)
        return err_usage(err, "option '--%s' takes no value", arg->name);
    if (arg->flag != NULL)
        *arg->flag = true;
    if (arg->value == NULL)
        return 1;
    if (equals == NULL && at + 1 >= argc)
        return err_usage(err, "option '--%s' wants a value", arg->name);
    *arg->value = equals != NULL ? equals + 1 : argv[at + 1];
    return equals != NULL ? 1 : 2;
}

int args_read(const char **operands, int most, const struct arg *table, size_t n, int argc,
              char **argv, struct err *err)
{
    int count = 0, took;
    bool only_operands = false;

    for (int at = 1; at < argc; at += took) {
        took = 1;
        if (!only_operands && strcmp(argv[at], "--") == 0) {
            only_operands = true;
        } else if (!only_operands && argv[at][0] == '-' && argv[at][1] != '\0') {
            took = take_option(table, n, argc, argv, at, err);
            if (took < 0)
                return -1;
        } else if (count < most) {
            operands[count++] = argv[at];
        } else {
            return err_usage(err, "'%s' is one argument too many", argv[at]);
        }
    }
    return count;
}

int args_integer(uint64_t *out, const char *name, const char *text, uint64_t max, struct err *err)
{
    unsigned long long x;

    if (!integer_read(&x, text, max))
        return err_usage(err, "--%s '%s' is no whole number from 0 to %llu", name, text,
                         (unsigned long long)max);
    *out = x;
    return 0;
}

int args_count(uint64_t *out, const char *name, const char *text, uint64_t max, struct err *err)
{
    if (args_integer(out, name, text, max, err) != 0)
        return -1;
    return *out > 0 ? 0 : err_usage(err, "--%s 0: at least one is needed", name);
}
