/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "export.h"
#include "file.h"
#include "view.h"

extern const struct command command_export;

enum { MAX_FORMATS = 32 };

static const struct export_format *find_format(const char *name)
{
    for (const struct export_format *format = export_formats; format->name != NULL; format++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

static void list_formats(struct str *out)
{
    for (const struct export_format *format = export_formats; format->name != NULL; format++)
        str_addf(out, "%s%s", format == export_formats ? "" : ", ", format->name);
}

/* `name` NULL: none was given. */
static int no_format(const char *name, struct err *err)
{
    const char *names[MAX_FORMATS], *meant;
    struct str formats = {0};
    size_t n = 0;

    for (; n < MAX_FORMATS && export_formats[n].name != NULL; n++)
        names[n] = export_formats[n].name;
    list_formats(&formats);
    if (name == NULL)
        err_usage(err, "export: --format is needed: %s", str_text(&formats));
    else if ((meant = word_suggest(name, names, n)) != NULL)
        err_usage(err, "export: unknown format '%s' (did you mean '%s'?)", name, meant);
    else
        err_usage(err, "export: unknown format '%s': %s", name, str_text(&formats));
    str_clear(&formats);
    return -1;
}

static int check_target(const struct export_format *format, const char *path, struct err *err)
{
    if (format->write == NULL && path == NULL)
        return err_usage(err, "export: the format '%s' is a folder: name one with -o",
                         format->name);
    if (format->binary && path == NULL && isatty(STDOUT_FILENO))
        return err_usage(err,
                         "export: the format '%s' is nothing for a terminal: name a file with "
                         "-o",
                         format->name);
    return 0;
}

static int write_file(const struct export_format *format, const struct view *view, const char *path,
                      struct err *err)
{
    struct str bytes = {0};
    int rc = format->write(&bytes, view, err);

    if (rc == 0)
        rc = path != NULL ? file_write(path, str_text(&bytes), bytes.len, err)
                          : view_print(&bytes, err);
    str_clear(&bytes);
    return rc;
}

static int write_target(const struct export_format *format, const struct view *view,
                        const char *path, struct err *err)
{
    if (format->write != NULL)
        return write_file(format, view, path, err);
    return format->write_folder(path, view, err);
}

static int run(const struct arguments *arguments, struct err *err)
{
    const char *name = option_value(&command_export, arguments, "format");
    const char *path = option_value(&command_export, arguments, "output");
    const struct export_format *format = name != NULL ? find_format(name) : NULL;
    struct operands operands;
    struct view view;

    if (format == NULL)
        return no_format(name, err);
    if (check_target(format, path, err) != 0 ||
        view_operands(&operands, &command_export, arguments, 0, 0, err) != 0 ||
        view_open_parts(&view, operands.study, option_value(&command_export, arguments, "dir"),
                        format->parts, err) != 0)
        return -1;
    int rc = write_target(format, &view, path, err);
    view_close(&view);
    return rc;
}

static const struct option_row options[] = {
    {"format", 'f', "FORMAT", "one of those below"},
    {"output", 'o', "PATH", "the file or folder to write, instead of standard output"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {NULL, 0, NULL, NULL},
};

const struct command command_export = {
    .name = "export",
    .operands = "[STUDY]",
    .summary = "the record in another tool's format",
    .help =
        "  tsv             autoresearch's results.tsv, a row an experiment: commit, metric,\n"
        "                  memory_gb, status (keep, discard, crash), description; a crash has the\n"
        "                  metric 0.000000, as there\n"
        "  jsonl, csv      a row a run; what is unknown is null or empty\n"
        "  optuna          SQLite storage of Optuna 3.0 and 3.1\n"
        "  optuna4         the same for Optuna 3.2 and later\n"
        "  optuna-journal  Optuna's journal, 3.1 and later\n"
        "  tensorboard     event files in a folder, one for each run\n"
        "\n"
        "For Optuna an experiment is a trial and its mean over its seeds the value, so best_trial\n"
        "is the smallest mean; what a test has kept is the study's attribute verified_trial.\n"
        "\n"
        "  nightshift export --format csv > runs.csv\n"
        "  nightshift export --format optuna -o optuna.db\n"
        "  nightshift export --format tensorboard -o logs && tensorboard --logdir logs\n",
    .options = options,
    .run = run,
};
