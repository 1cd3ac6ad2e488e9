/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"
#include "status.h"
#include "view.h"

extern const struct command command_status;

static int print_json(const struct view *view, struct err *err)
{
    json_t *object = status_json(view);
    int rc = view_print_json(object, err);

    json_decref(object);
    return rc;
}

static int print_text(const struct view *view, bool one_line, struct err *err)
{
    struct str text = {0};

    if (one_line)
        status_write_line(&text, view);
    else
        status_write(&text, view);
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    struct operands operands;
    struct view view;

    if (view_operands(&operands, &command_status, arguments, 0, 0, err) != 0 ||
        view_open_parts(&view, operands.study, option_value(&command_status, arguments, "dir"),
                        STORE_RUNS, err) != 0)
        return -1;
    bool one_line = option_value(&command_status, arguments, "oneline") != NULL;
    int rc = option_value(&command_status, arguments, "json") != NULL
                 ? print_json(&view, err)
                 : print_text(&view, one_line, err);
    view_close(&view);
    return rc;
}

static const struct option_row options[] = {
    {"json", 0, NULL, "one JSON object"},
    {"oneline", 0, NULL, "one short line, for a status bar"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {NULL, 0, NULL, NULL},
};

const struct command command_status = {
    .name = "status",
    .operands = "[STUDY]",
    .summary = "where a study stands",
    .help = "Whether it is running and by which process, experiments by decision, runs and\n"
            "failures by cause, the best config so far, the last decision.\n"
            "\n"
            "  nightshift status\n"
            "  nightshift status kjv.yaml --oneline\n",
    .options = options,
    .run = run,
};
