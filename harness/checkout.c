/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkout.h"
#include "file.h"
#include "host.h"
#include "mem.h"
#include "source.h"
#include "trial.h"

enum { MAX_OUTPUT = 16 << 20, GRACE_S = 2 };

static char *folder_of(const struct checkout *checkout, const char *commit)
{
    return path_join(checkout->root, commit);
}

static char *build_file(const struct checkout *checkout, const char *commit, const char *name)
{
    return mem_printf("%s/%s.build%s%s", checkout->root, commit, *name != '\0' ? "/" : "", name);
}

int checkout_make(char **out, const struct checkout *checkout, const char *commit, struct err *err)
{
    *out = folder_of(checkout, commit);
    if (file_is_dir(*out) || (file_mkdirs(checkout->root, err) == 0 &&
                              source_checkout(checkout->source, commit, *out, err) == 0))
        return 0;
    free(*out);
    *out = NULL;
    return -1;
}

char *checkout_program(const struct checkout *checkout, const struct study *study,
                       const char *commit)
{
    return mem_printf("%s/%s/%s", checkout->root, commit, study->source.binary);
}

static int is_build(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".build") == 0;
}

int checkout_clear_root(const char *root, const struct site *site, struct err *err)
{
    struct dirent **names = NULL;
    int n = file_is_dir(root) ? scandir(root, &names, is_build, alphasort) : 0, rc = 0;

    if (n < 0)
        return err_sys(err, "cannot read the folder '%s'", root);
    for (int i = 0; i < n; i++) {
        char *dir = path_join(root, names[i]->d_name);
        if (rc == 0)
            rc = site_clear(site, dir, err);
        free(dir);
        free(names[i]);
    }
    free(names);
    return rc == 0 ? file_remove(root, err) : -1;
}

bool checkout_is_needed(const struct record *record, const char *commit)
{
    int64_t kept[] = {record_head(record), record_incumbent(record)};

    if (strcmp(commit, record->source) == 0)
        return true;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (kept[i] > 0 && strcmp(record_source(record, kept[i]), commit) == 0)
            return true;
    for (size_t i = 0; i < record->n_experiments; i++)
        if (record->experiments[i].decision == 0 &&
            strcmp(record->experiments[i].source, commit) == 0)
            return true;
    return false;
}

int checkout_forget(const struct checkout *checkout, const char *commit, struct err *err)
{
    char *dir = folder_of(checkout, commit), *build = build_file(checkout, commit, "");
    int rc = file_remove(dir, err);

    if (rc == 0)
        rc = file_remove(build, err);
    free(build);
    free(dir);
    return rc;
}

bool checkout_is_built(const struct checkout *checkout, const char *commit)
{
    char *mark = build_file(checkout, commit, "built");
    bool built = file_exists(mark);

    free(mark);
    return built;
}

/* A bare name is looked for as a trainer is; a path is one of the checkout. */
static int build_argv(char ***out, const struct study *study, const char *dir, struct err *err)
{
    const struct source_rule *source = &study->source;
    char *program = NULL;

    *out = NULL;
    if (executor_find_named(&program, "build program", source->build[0], dir, err) != 0)
        return -1;
    *out = mem_new(source->n_build + 1, sizeof **out);
    (*out)[0] = program;
    for (size_t i = 1; i < source->n_build; i++)
        (*out)[i] = mem_strdup(source->build[i]);
    return 0;
}

int checkout_build_job(struct job *out, const struct checkout *checkout, const struct study *study,
                       const char *commit, struct err *err)
{
    char **argv = NULL, *work = NULL, *dir = build_file(checkout, commit, "");

    *out = (struct job){0};
    if (checkout_make(&work, checkout, commit, err) != 0 || file_remove(dir, err) != 0 ||
        file_mkdirs(dir, err) != 0 || build_argv(&argv, study, work, err) != 0) {
        free(work);
        free(dir);
        return -1;
    }
    *out = (struct job){.dir = dir,
                        .work = work,
                        .argv = argv,
                        .env = host_run_environment(study->env, study->n_env, 0),
                        .timeout_s = study->source.timeout_s,
                        .grace_s = GRACE_S,
                        .max_output = MAX_OUTPUT,
                        .confined = true};
    if (host_own_tmp((char **)(uintptr_t)out->env, dir, err) == 0)
        return 0;
    checkout_clear_job(out);
    return -1;
}

void checkout_clear_job(struct job *job)
{
    argv_free((char **)(uintptr_t)job->argv);
    argv_free((char **)(uintptr_t)job->env);
    free((char *)(uintptr_t)job->work);
    free((char *)(uintptr_t)job->dir);
    *job = (struct job){0};
}

int checkout_finish(const struct checkout *checkout, const struct study *study, const char *commit,
                    struct err *err)
{
    char *program = checkout_program(checkout, study, commit);
    char *mark = build_file(checkout, commit, "built");
    int rc = 0;

    if (!file_is_regular(program) || access(program, X_OK) != 0)
        rc = err_usage(err, "the build left no program '%s'", study->source.binary);
    else
        rc = file_write_unsynced(mark, "", 0, err);
    free(mark);
    free(program);
    return rc;
}
