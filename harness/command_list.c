/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "executor.h"
#include "mem.h"
#include "procedure.h"
#include "section.h"
#include "strategy.h"
#include "study_folders.h"
#include "table.h"
#include "view.h"

extern const struct command command_list;

/* One kind of thing: fills rows of (name, what it is). */
struct kind {
    const char *name;
    void (*list)(struct table *table);
};

static void add(struct table *table, const char *name, const char *summary)
{
    table_row(table, NULL);
    table_cell(table, name);
    table_cell(table, summary);
}

static void list_strategies(struct table *table)
{
    for (size_t i = 0; strategies[i] != NULL; i++)
        add(table, strategies[i]->name, strategies[i]->summary);
}

static void list_procedures(struct table *table)
{
    for (size_t i = 0; procedure_names[i] != NULL; i++)
        add(table, procedures[i]->name, procedures[i]->summary);
}

static void list_executors(struct table *table)
{
    for (size_t i = 0; executors[i] != NULL; i++)
        add(table, executors[i]->name, executors[i]->summary);
}

static void list_sections(struct table *table)
{
    for (size_t i = 0; sections[i] != NULL; i++)
        add(table, sections[i]->name, sections[i]->title);
}

/* Those that a command finds when STUDY is left out. */
static void list_studies(struct table *table)
{
    struct study_folders found;

    study_folders_find(&found);
    for (size_t i = 0; i < found.n; i++)
        add(table, strrchr(found.path[i], '/') + 1, found.path[i]);
    study_folders_clear(&found);
}

/* clang-format off */
static const struct kind kinds[] = {
    {"strategies", list_strategies},
    {"procedures", list_procedures},
    {"executors",  list_executors},
    {"sections",   list_sections},
    {"studies",    list_studies},
};
/* clang-format on */
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static int print_json(const struct table *table, const char *kind, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < table->n_cells; i += 2) {
        json_t *object = json_object();
        json_object_set_new(object, "kind", json_string(kind));
        json_object_set_new(object, "name", view_json_text(table->cells[i]));
        json_object_set_new(object, "summary", view_json_text(table->cells[i + 1]));
        rc = view_print_json(object, err);
        json_decref(object);
    }
    return rc;
}

static int print_text(const struct table *table, struct err *err)
{
    struct str text = {0};

    table_write(&text, table, false);
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

static int print(const struct kind *kind, const struct arguments *arguments, struct err *err)
{
    struct table table;

    table_init(&table, NULL, "ll");
    kind->list(&table);
    int rc = option_value(&command_list, arguments, "json") != NULL
                 ? print_json(&table, kind->name, err)
                 : print_text(&table, err);
    table_clear(&table);
    return rc;
}

static int unknown_kind(const char *word, struct err *err)
{
    const char *names[N_KINDS];

    for (size_t i = 0; i < N_KINDS; i++)
        names[i] = kinds[i].name;
    const char *near = word_suggest(word, names, N_KINDS);
    if (near != NULL)
        return err_usage(err, "list: unknown kind '%s' (did you mean '%s'?)", word, near);
    return err_usage(
        err, "list: unknown kind '%s': strategies, procedures, executors, sections, studies", word);
}

static int run(const struct arguments *arguments, struct err *err)
{
    if (arguments->n_words != 1)
        return err_usage(err, "list: what? strategies, procedures, executors, sections or studies");
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i].name, arguments->words[0]) == 0)
            return print(&kinds[i], arguments, err);
    return unknown_kind(arguments->words[0], err);
}

static const struct option_row options[] = {
    {"json", 0, NULL, "one JSON object a row, one a line"},
    {NULL, 0, NULL, NULL},
};

const struct command command_list = {
    .name = "list",
    .operands = "strategies|procedures|executors|sections|studies",
    .summary = "what there is to choose from",
    .help =
        "Search strategies, procedures (by which a change is kept), executors, sections of the\n"
        "report, or the studies below this folder.\n",
    .options = options,
    .run = run,
};
