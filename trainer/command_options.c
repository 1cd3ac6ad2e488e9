/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "args.h"
#include "command.h"
#include "config.h"
#include "emit.h"
#include "json.h"

static const char help[] = "usage: nightshift-lm options [--json]\n"
                           "\n"
                           "Every option of `train`: name, bounds, default, unit, help.\n";

static void bounds(char *out, size_t size, const struct option *o)
{
    char low[NUMBER_TEXT], high[NUMBER_TEXT];
    struct str words = {0};

    if (o->type == OPTION_INTEGER || o->type == OPTION_REAL)
        str_addf(&words, "%s … %s", number_text(low, o->min), number_text(high, o->max));
    else if (o->type == OPTION_BOOLEAN)
        str_add(&words, "true, false");
    for (size_t i = 0; o->type == OPTION_CHOICE && o->choices[i] != NULL; i++)
        str_addf(&words, "%s%s", i > 0 ? ", " : "", o->choices[i]);
    snprintf(out, size, "%s", str_text(&words));
    str_clear(&words);
}

static void print_option(const struct option *o)
{
    char range[128], number[NUMBER_TEXT];
    const char *start = o->start_text;

    bounds(range, sizeof range, o);
    if (o->type == OPTION_BOOLEAN)
        start = o->start != 0 ? "true" : "false";
    else if (start == NULL)
        start = number_text(number, o->start);
    printf("%-16s %-10s %s%s%s\n", o->name, start, o->help, o->unit[0] != '\0' ? "; " : "",
           o->unit);
    if (range[0] != '\0')
        printf("%-16s %-10s   %s\n", "", "", range);
}

static int run(int argc, char **argv, struct err *err)
{
    bool json = false, wants_help = false;
    const struct arg table[] = {{"json", NULL, &json}, {"help", NULL, &wants_help}};

    if (args_read(NULL, 0, table, 2, argc, argv, err) < 0)
        return -1;
    if (wants_help)
        return emit_text(help, err);
    if (json)
        return emit_value("options", options_describe(), err);
    printf("%-16s %-10s %s\n", "option", "default", "what it does; unit; bounds below");
    for (size_t i = 0; i < n_options; i++)
        print_option(&options[i]);
    return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

const struct command command_options = {"options", "every option of `train`", run};
