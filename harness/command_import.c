/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "file.h"
#include "log.h"
#include "mem.h"
#include "wandb.h"

extern const struct command command_import;

static void say_notes(const struct str *notes)
{
    for (const char *p = str_text(notes); *p != '\0';) {
        size_t len = strcspn(p, "\n");
        log_info("%.*s", (int)len, p);
        p += len + (p[len] == '\n');
    }
}

static int import(const char *sweep, const char *path, const char *metric, struct err *err)
{
    struct str study = {0}, notes = {0};
    char *beside = path_dir(path);
    int rc = wandb_import(&study, &notes, sweep, beside, metric, err);

    if (rc == 0)
        rc = file_write(path, str_text(&study), study.len, err);
    if (rc == 0) {
        say_notes(&notes);
        log_info("wrote %s; now: nightshift check %s", path, path);
    }
    free(beside);
    str_clear(&notes);
    str_clear(&study);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    const char *path = arguments->n_words > 1 ? arguments->words[1] : "study.yaml";

    if (arguments->n_words < 1 || arguments->n_words > 2)
        return err_usage(err, "import: it takes %s", command_import.operands);
    if (file_exists(path))
        return err_usage(err, "import: '%s' is there already; nothing was written", path);
    return import(arguments->words[0], path, option_value(&command_import, arguments, "metric"),
                  err);
}

static const struct option_row options[] = {
    {"metric", 0, "NAME", "what is to be improved, where the sweep names no metric"},
    {NULL, 0, NULL, NULL},
};

const struct command command_import = {
    .name = "import",
    .operands = "SWEEP [FILE]",
    .summary = "make a study file of a W&B sweep file",
    .help =
        "SWEEP is a sweep file of Weights & Biases (YAML or JSON), FILE the study file to write,\n"
        "study.yaml where it is left out; one that is there is never overwritten.\n"
        "\n"
        "All distributions are understood, the methods grid, random and bayes (here: gp),\n"
        "early_terminate, run_cap, and the macros of a command.  A line each tells what a study\n"
        "cannot say, with its place; what would change the meaning is refused.\n"
        "\n"
        "  nightshift import sweep.yaml && nightshift check study.yaml\n",
    .options = options,
    .run = run,
};
