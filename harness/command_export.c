/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "command.h"
#include "export.h"
#include "view.h"

extern const struct command command_export;

static int find_format(const struct export_format **out, const char *name, struct err *err)
{
    if (name == NULL)
        return err_usage(err, "export: --format is needed: tsv, jsonl or csv");
    for (*out = export_formats; (*out)->name != NULL; (*out)++)
        if (strcmp((*out)->name, name) == 0)
            return 0;
    if (strcmp(name, "optuna") == 0)
        return err_usage(err, "export: format 'optuna' is not available in this version; jsonl "
                              "holds the same runs");
    return err_usage(err, "export: unknown format '%s': tsv, jsonl or csv", name);
}

static int run(const struct arguments *arguments, struct err *err)
{
    const struct export_format *format = NULL;
    struct operands operands;
    struct view view;
    struct str text = {0};

    if (view_operands(&operands, &command_export, arguments, 0, 0, err) != 0 ||
        find_format(&format, option_value(&command_export, arguments, "format"), err) != 0 ||
        view_open(&view, operands.study, option_value(&command_export, arguments, "dir"), err) != 0)
        return -1;
    format->write(&text, &view);
    int rc = view_print(&text, err);
    str_clear(&text);
    view_close(&view);
    return rc;
}

static const struct option_row options[] = {
    {"format", 'f', "FORMAT", "tsv, jsonl or csv"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {NULL, 0, NULL, NULL},
};

const struct command command_export = {
    .name = "export",
    .operands = "[STUDY]",
    .summary = "the record in another tool's format, to standard output",
    .help =
        "tsv is autoresearch's results.tsv: commit, metric, memory_gb, status (keep, discard,\n"
        "crash), description; a crash has the metric 0.000000, as there.  jsonl and csv have one\n"
        "row a run; there, what is unknown is null or empty.\n"
        "\n"
        "  nightshift export --format csv > runs.csv\n",
    .options = options,
    .run = run,
};
