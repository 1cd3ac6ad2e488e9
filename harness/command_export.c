/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "command.h"
#include "export.h"
#include "view.h"

extern const struct command command_export;

static const struct export_format *find_format(const char *name)
{
    for (const struct export_format *format = export_formats; format->name != NULL; format++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

static int no_format(const char *name, struct err *err)
{
    if (strcmp(name, "optuna") == 0)
        return err_usage(err, "export: format 'optuna' is not available in this version; jsonl "
                              "holds the same runs");
    return err_usage(err, "export: unknown format '%s': tsv, jsonl or csv", name);
}

static int print(const struct export_format *format, const struct view *view, struct err *err)
{
    struct str text = {0};

    format->write(&text, view);
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    const char *name = option_value(&command_export, arguments, "format");
    struct operands operands;
    struct view view;

    if (name == NULL)
        return err_usage(err, "export: --format is needed: tsv, jsonl or csv");
    const struct export_format *format = find_format(name);
    if (format == NULL)
        return no_format(name, err);
    if (view_operands(&operands, &command_export, arguments, 0, 0, err) != 0 ||
        view_open(&view, operands.study, option_value(&command_export, arguments, "dir"), err) != 0)
        return -1;
    int rc = print(format, &view, err);
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
