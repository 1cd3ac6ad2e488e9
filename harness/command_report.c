/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "command.h"
#include "draw.h"
#include "findings_command.h"
#include "mem.h"
#include "report.h"
#include "run_reader.h"
#include "view.h"

extern const struct command command_report;

static int write(const struct view *view, const char *dir, struct err *err)
{
    char *where = dir != NULL ? mem_strdup(dir) : path_join(view->place.run_dir, "report");
    char *path = NULL;
    struct str line = {0};
    struct run_files files = run_files_at(&view->place);
    struct report_means means = {draw, &files};
    int rc = report_write(&path, &view->record, view->store, where, &means, err);

    if (rc == 0) {
        str_addf(&line, "%s\n", path);
        rc = view_print(&line, err);
    }
    str_clear(&line);
    free(path);
    free(where);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    struct operands operands;
    struct view view;
    const char *findings = option_value(&command_report, arguments, "findings");

    if (findings != NULL)
        return findings_command(arguments, findings,
                                option_value(&command_report, arguments, "dir"), err);
    if (view_operands(&operands, &command_report, arguments, 0, 0, err) != 0 ||
        view_open(&view, operands.study, option_value(&command_report, arguments, "dir"), err) != 0)
        return -1;
    int rc = write(&view, option_value(&command_report, arguments, "output"), err);
    view_close(&view);
    return rc;
}

static const struct option_row options[] = {
    {"output", 'o', "DIR", "the folder to write into (runs/NAME/report)"},
    {"findings", 0, "DIR", "FINDINGS.md and EXPERIMENTS.md of the studies, or of all below"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {NULL, 0, NULL, NULL},
};

const struct command command_report = {
    .name = "report",
    .operands = "[STUDY]",
    .summary = "write the findings down: REPORT.md, report.html",
    .help = "One minute first: the claim, what was changed, whether to believe it, what it cost,\n"
            "what went wrong.  Then which changes did something, which parameters matter, what was\n"
            "tried, how it learns, the noise, the failures, on what it ran, and the command that\n"
            "runs each experiment again.  The same record gives the same bytes.  The path of\n"
            "REPORT.md is printed; report.html beside it is the same in one file with live charts,\n"
            "for a browser or an e-mail.  figures/ and data/ hold the charts (drawn by gnuplot,\n"
            "where it is installed) and the numbers behind each.\n",
    .options = options,
    .run = run,
};
