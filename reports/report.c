/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "fate.h"
#include "file.h"
#include "importance.h"
#include "learning.h"
#include "markdown.h"
#include "mem.h"
#include "page.h"
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

/* What sections and figures share, measured once. */
struct measured_once {
    struct facts facts;
    struct importance importance;
    struct learning learning;
};

static void measure(struct measured_once *out, const struct record *record,
                    const struct run_files *files)
{
    facts_init(&out->facts, record);
    out->facts.files = files;
    importance_measure(&out->importance, record);
    out->facts.importance = &out->importance;
    learning_measure(&out->learning, &out->facts);
    out->facts.learning = &out->learning;
}

static void forget(struct measured_once *measured)
{
    importance_clear(&measured->importance);
    facts_clear(&measured->facts);
}

/* Over facts that were made once. */
static int compose(struct str *out, const struct facts *facts, struct store *store,
                   const struct pictures *pictures, struct err *err)
{
    write_top(out, facts->record);
    for (size_t i = 0; sections[i] != NULL; i++) {
        str_addf(out, "## %s\n\n", sections[i]->title);
        if (pictures != NULL)
            pictures_link(out, pictures, sections[i]->name);
        if (section_write(out, sections[i], facts, store, err) != 0)
            return err_wrap(err, "section '%s'", sections[i]->name);
        trim_end(out);
        str_add(out, sections[i + 1] != NULL ? "\n" : "");
    }
    return 0;
}

int report_compose(struct str *out, const struct record *record, struct store *store,
                   const struct run_files *files, struct err *err)
{
    struct measured_once *measured = mem_new(1, sizeof *measured);

    measure(measured, record, files);
    int rc = compose(out, &measured->facts, store, NULL, err);
    forget(measured);
    free(measured);
    return rc;
}

/* One of the two texts into `dir`. */
static int write_one(const char *dir, const char *name, const struct str *text, struct err *err)
{
    char *path = path_join(dir, name);
    int rc = file_write(path, str_text(text), text->len, err);

    free(path);
    return rc;
}

static int write_markdown(const struct facts *facts, struct store *store, const char *dir,
                          const struct pictures *pictures, struct err *err)
{
    struct str text = {0};
    int rc = -1;

    if (compose(&text, facts, store, pictures, err) == 0)
        rc = write_one(dir, REPORT_MARKDOWN, &text, err);
    str_clear(&text);
    return rc;
}

static int write_html(const struct facts *facts, struct store *store, const char *dir,
                      const struct pictures *pictures, struct err *err)
{
    struct str top = {0}, page = {0};
    int rc = -1;

    write_top(&top, facts->record);
    if (page_compose(&page, str_text(&top), facts, store, pictures, err) == 0)
        rc = write_one(dir, REPORT_HTML, &page, err);
    str_clear(&page);
    str_clear(&top);
    return rc;
}

static int write_all(const struct facts *facts, struct store *store, const char *dir,
                     pictures_artist *artist, struct err *err)
{
    struct pictures pictures;

    pictures_draw(&pictures, facts, artist);
    bool failed = file_mkdirs(dir, err) != 0 || pictures_write(&pictures, dir, err) != 0 ||
                  write_markdown(facts, store, dir, &pictures, err) != 0 ||
                  write_html(facts, store, dir, &pictures, err) != 0;
    pictures_clear(&pictures);
    return failed ? -1 : 0;
}

int report_write(char **path, const struct record *record, struct store *store, const char *dir,
                 const struct report_means *means, struct err *err)
{
    struct measured_once *measured = mem_new(1, sizeof *measured);

    measure(measured, record, means->files);
    int rc = write_all(&measured->facts, store, dir, means->artist, err);
    forget(measured);
    free(measured);
    *path = rc == 0 ? path_join(dir, REPORT_MARKDOWN) : NULL;
    return rc;
}
