/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"
#include "serve.h"
#include "view.h"

extern const struct command command_serve;

static int run(const struct arguments *arguments, struct err *err)
{
    const char *port = option_value(&command_serve, arguments, "port");
    unsigned long long number = 0;
    struct operands operands;

    if (view_operands(&operands, &command_serve, arguments, 0, 0, err) != 0)
        return -1;
    if (port != NULL && !integer_read(&number, port, 65535))
        return err_usage(err, "serve: '%s' is no port (0 to 65535)", port);
    struct serve_options options = {.study = operands.study,
                                    .dir = option_value(&command_serve, arguments, "dir"),
                                    .port = (unsigned)number,
                                    .token = option_value(&command_serve, arguments, "token")};
    return serve_run(&options, err);
}

static const struct option_row options[] = {
    {"port", 'p', "N", "the port (any that is free)"},
    {"token", 0, "WORD", "the word in the address (a random one; others see this one by ps)"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {NULL, 0, NULL, NULL},
};

const struct command command_serve = {
    .name = "serve",
    .operands = "[STUDY]",
    .summary = "the report in a browser, renewed while the study runs",
    .help =
        "Listens on 127.0.0.1 and nowhere else, and prints the address to open, which holds a\n"
        "secret word.  The page is what `report` writes, made anew when the record has "
        "changed;\n"
        "the numbers behind the charts are at /data/NAME.csv.  It only reads.  Ctrl-C ends it.\n"
        "\n"
        "From another machine, by ssh:  ssh -L 8080:127.0.0.1:8080 HOST, and there\n"
        "  nightshift serve kjv.yaml --port 8080\n",
    .options = options,
    .run = run,
};
