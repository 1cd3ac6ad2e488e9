/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "command.h"
#include "pager.h"
#include "str.h"

/* What came from outside may stand in an error, but must not reach a terminal as it is. */
void command_complain(const char *text)
{
    struct str safe = {0};

    str_add(&safe, "nightshift: ");
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        str_add_printable(&safe, text, len, len);
        str_add(&safe, "\n");
        text += len + (text[len] == '\n');
    }
    fputs(str_text(&safe), stderr);
    str_clear(&safe);
}

/* A command that may be paged has the option --no-pager; its help is paged too. */
static pid_t begin_pager(const struct command *command, const struct arguments *arguments)
{
    for (const struct option_row *row = command->options; row != NULL && row->name != NULL; row++)
        if (strcmp(row->name, "no-pager") == 0)
            return option_value(command, arguments, row->name) == NULL ? pager_begin() : 0;
    return 0;
}

int command_call(const struct command *command, int argc, char **argv)
{
    struct arguments arguments;
    struct err err = {0};
    bool help;
    pid_t pager = 0;
    int status = arguments_read(&arguments, &help, command, argc, argv, &err);

    if (status == 0) {
        pager = begin_pager(command, &arguments);
        if (help)
            arguments_help(command);
        else
            status = command->run(&arguments, &err);
        arguments_free(&arguments);
    }
    if (fflush(stdout) != 0 && status == 0)
        status = err_sys(&err, "cannot write to standard output");
    pager_end(pager);
    if (status < 0)
        command_complain(err.text);
    return status < 0 ? (int)err.code : status;
}
