/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"
#include "completion.h"
#include "view.h"

static int run(const struct arguments *arguments, struct err *err)
{
    struct str text = {0};

    completion_write(&text, arguments->words, arguments->n_words);
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

const struct command command_complete = {
    .name = "complete",
    .operands = "-- WORD…",
    .summary = "what may follow on a command line, for the shells",
    .help = "The words behind the program's name, the last of which is being typed.\n",
    .hidden = true,
    .run = run,
};
