/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "fate.h"
#include "file.h"
#include "markdown.h"
#include "report.h"
#include "section.h"

static void write_counts(struct str *out, const struct record *record)
{
    struct tally tally;

    tally_count(&tally, record);
    str_addf(out, "%zu experiment%s", record->n_experiments, record->n_experiments == 1 ? "" : "s");
    str_add(out, record->n_experiments > 0 ? ": " : "");
    tally_write(out, &tally, &record->study);
    str_addf(out, "; %zu run%s.\n\n", record->n_runs, record->n_runs == 1 ? "" : "s");
}

static void write_top(struct str *out, const struct record *record)
{
    str_add(out, "# Findings: ");
    markdown_text(out, record->study.name);
    str_add(out, "\n\nMetric: ");
    markdown_text(out, record->study.metric);
    str_add(out, record->study.maximize ? ", more is better. " : ", less is better. ");
    write_counts(out, record);
}

/* Sections end in one line break, whatever their last table left. */
static void trim_end(struct str *out)
{
    while (out->len > 1 && out->at[out->len - 1] == '\n' && out->at[out->len - 2] == '\n')
        out->at[--out->len] = '\0';
}

int report_compose(struct str *out, const struct record *record, struct store *store,
                   struct err *err)
{
    write_top(out, record);
    for (size_t i = 0; sections[i] != NULL; i++) {
        str_addf(out, "## %s\n\n", sections[i]->title);
        if (section_write(out, sections[i], record, store, err) != 0)
            return err_wrap(err, "section '%s'", sections[i]->name);
        trim_end(out);
        str_add(out, sections[i + 1] != NULL ? "\n" : "");
    }
    return 0;
}

int report_write(char **path, const struct record *record, struct store *store, const char *dir,
                 struct err *err)
{
    struct str text = {0};
    int rc = -1;

    *path = NULL;
    if (report_compose(&text, record, store, err) != 0 || file_mkdirs(dir, err) != 0)
        goto out;
    *path = path_join(dir, "REPORT.md");
    rc = file_write(*path, str_text(&text), text.len, err);
    if (rc != 0) {
        free(*path);
        *path = NULL;
    }
out:
    str_clear(&text);
    return rc;
}
