/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serve_run() for a program that does not bring HTTP itself: it becomes `nightshift-serve`, which
 * has another one (serve/serve.c) and returns only where that cannot be started.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "executor.h"
#include "serve.h"

#define PROGRAM "nightshift-serve"

/* Adds `--name value`; nothing where there is no value. */
static void add_option(char **argv, size_t *n, const char *name, const char *value)
{
    if (value == NULL)
        return;
    argv[(*n)++] = (char *)(uintptr_t)name;
    argv[(*n)++] = (char *)(uintptr_t)value;
}

int serve_run(const struct serve_options *options, struct err *err)
{
    char port[16], *path = NULL, *argv[10] = {(char *)(uintptr_t)PROGRAM};
    size_t n = 1;

    if (executor_find_named(&path, "program", PROGRAM, ".", err) != 0) {
        err->code = ERR_ENVIRONMENT;
        return -1;
    }
    snprintf(port, sizeof port, "%u", options->port);
    add_option(argv, &n, "--port", port);
    add_option(argv, &n, "--token", options->token);
    add_option(argv, &n, "--dir", options->dir);
    add_option(argv, &n, "--", options->study);
    execv(path, argv);
    err_sys(err, "cannot start '%s'", path);
    free(path);
    return -1;
}
