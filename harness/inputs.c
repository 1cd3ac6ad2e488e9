/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "inputs.h"
#include "mem.h"

enum { DEPTH_MAX = 8, INPUTS_MAX = 10000 };

struct list {
    struct artifact *at;
    size_t n;
};

static const struct artifact *find(const struct artifact *at, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(at[i].path, path) == 0)
            return &at[i];
    return NULL;
}

static int add_file(struct list *list, const char *name, const char *path, struct err *err)
{
    struct artifact input = {.run = 0};

    if (find(list->at, list->n, name) != NULL)
        return 0;
    if (list->n >= INPUTS_MAX)
        return err_usage(err, "more than %d input files", INPUTS_MAX);
    if (sha256_file(input.sha, &input.bytes, path, err) != 0)
        return -1;
    input.path = mem_strdup(name);
    list->at = mem_room(list->at, list->n, sizeof *list->at);
    list->at[list->n++] = input;
    return 0;
}

static int add_any(struct list *list, const char *name, const char *path, int depth,
                   struct err *err);

static int add_folder(struct list *list, const char *name, const char *path, int depth,
                      struct err *err)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, NULL, alphasort), rc = 0;

    if (n < 0)
        return err_sys(err, "cannot read the folder '%s'", path);
    for (int i = 0; i < n; i++) {
        const char *entry = entries[i]->d_name;
        if (rc == 0 && entry[0] != '.') {
            char *below = mem_printf("%s/%s", name, entry), *full = path_join(path, entry);
            rc = add_any(list, below, full, depth + 1, err);
            free(full);
            free(below);
        }
        free(entries[i]);
    }
    free(entries);
    return rc;
}

/* What a study writes changes with every run: with `files: [.]` none could go on. */
static bool is_record(const char *dir)
{
    char *db = path_join(dir, "study.db");
    bool is = file_exists(db);

    free(db);
    return is;
}

static int add_any(struct list *list, const char *name, const char *path, int depth,
                   struct err *err)
{
    if (depth > DEPTH_MAX)
        return err_usage(err, "input folder '%s' is nested too deeply", name);
    if (file_is_dir(path) && is_record(path))
        return 0;
    if (file_is_dir(path))
        return add_folder(list, name, path, depth, err);
    if (!file_exists(path))
        return err_usage(err, "input '%s' does not exist (looked for '%s')", name, path);
    return add_file(list, name, path, err);
}

/* Words of a command that name a file beside the study, a script say. */
static int add_command_files(struct list *list, char *const *command, size_t n,
                             const char *study_dir, struct err *err)
{
    int rc = 0;

    for (size_t i = 1; rc == 0 && i < n; i++) {
        const char *word = command[i];
        char *path = path_join(study_dir, word);
        if (word[0] != '-' && word[0] != '\0' && file_is_regular(path))
            rc = add_file(list, word, path, err);
        free(path);
    }
    return rc;
}

/* The program that judges, and what its command names. */
static int add_evaluation(struct list *list, const struct study *study, const char *study_dir,
                          struct err *err)
{
    char *program = NULL;

    if (study->n_evaluate == 0)
        return 0;
    int rc = executor_find_named(&program, "evaluation", study->evaluate[0], study_dir, err);
    if (rc == 0)
        rc = add_file(list, study->evaluate[0], program, err);
    if (rc == 0)
        rc = add_command_files(list, study->evaluate, study->n_evaluate, study_dir, err);
    free(program);
    return rc;
}

int inputs_collect(struct artifact **out, size_t *n, const struct study *study,
                   const char *study_dir, const char *program, struct err *err)
{
    struct list list = {0};
    int rc = add_file(&list, study->command[0], program, err);

    if (rc == 0)
        rc = add_command_files(&list, study->command, study->n_command, study_dir, err);
    if (rc == 0)
        rc = add_evaluation(&list, study, study_dir, err);
    for (size_t i = 0; rc == 0 && i < study->n_files; i++) {
        char *path = path_join(study_dir, study->files[i]);
        rc = add_any(&list, study->files[i], path, 0, err);
        free(path);
    }
    if (rc != 0) {
        artifacts_free(list.at, list.n);
        return -1;
    }
    *out = list.at;
    *n = list.n;
    return 0;
}

void inputs_compare(struct str *out, const struct artifact *recorded, size_t n_recorded,
                    const struct artifact *now, size_t n_now)
{
    for (size_t i = 0; i < n_recorded; i++) {
        const struct artifact *is = find(now, n_now, recorded[i].path);
        if (is == NULL)
            str_addf(out, "input '%s' is gone\n", recorded[i].path);
        else if (strcmp(is->sha, recorded[i].sha) != 0)
            str_addf(out, "input '%s' has changed: sha256 %.16s…, recorded %.16s…\n", is->path,
                     is->sha, recorded[i].sha);
    }
    for (size_t i = 0; i < n_now; i++)
        if (find(recorded, n_recorded, now[i].path) == NULL)
            str_addf(out, "input '%s' is new\n", now[i].path);
}
