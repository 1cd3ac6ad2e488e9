/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "launch.h"
#include "mem.h"
#include "run_text.h"
#include "sandbox.h"
#include "trial.h"

enum { GRACE_S = 10 };

static int write_config(const char *path, const struct launch *launch, struct err *err)
{
    struct str text = {0};

    trial_write_json(&text, &launch->study->space, launch->config);
    str_add(&text, "\n");
    int rc = file_write_unsynced(path, text.at, text.len, err);
    str_clear(&text);
    return rc;
}

/* The argv of the trainer or of the evaluation, `program` in front. */
static char **fill_argv(const struct launch *launch, char *const *command, size_t n,
                        const char *program, const char *config_path)
{
    struct argv_values values = {.config_path = config_path,
                                 .dir = launch->dir,
                                 .study_dir = launch->study_dir,
                                 .seed = launch->seed,
                                 .steps = launch->steps};
    char **argv = trial_argv(&launch->study->space, launch->config, command, n, &values);

    free(argv[0]);
    argv[0] = mem_strdup(program);
    return argv;
}

static void fill_job(struct job *out, const struct launch *launch, const char *dir)
{
    const struct study *study = launch->study;
    const struct run_limits *limits = &study->policy.limits;

    *out = (struct job){.dir = dir,
                        .timeout_s = study->timeout_s,
                        .grace_s = GRACE_S,
                        .cpus = launch->cpus,
                        .n_cpus = launch->n_cpus,
                        .max_output = (int64_t)limits->output,
                        .max_memory = limits->memory,
                        .max_file = limits->file_size,
                        .max_files = limits->open_files,
                        .env = host_run_environment(study->env, study->n_env, launch->n_cpus)};
}

/* A trainer that strangers have patched may write into its own directory and nowhere else. */
static int confine_trainer(struct job *job, const struct launch *launch, struct err *err)
{
    if (launch->source[0] == '\0')
        return 0;
    job->confined = true;
    return host_own_tmp((char **)(uintptr_t)job->env, launch->dir, err);
}

static char *find_trainer(const struct launch *launch)
{
    if (launch->source[0] == '\0')
        return mem_strdup(launch->program);
    return checkout_program(&launch->checkout, launch->study, launch->source);
}

int launch_prepare(struct job *out, const struct launch *launch, struct err *err)
{
    const struct study *study = launch->study;
    char *config_path = path_join(launch->dir, "config.json"), *program = find_trainer(launch);

    fill_job(out, launch, launch->dir);
    char **argv = fill_argv(launch, study->command, study->n_command, program, config_path);
    out->sandboxed = sandbox_wrap(&argv, study, launch->dir, launch->study_dir);
    out->argv = argv;
    int rc = confine_trainer(out, launch, err);
    if (rc == 0)
        rc = write_config(config_path, launch, err);
    free(program);
    free(config_path);
    if (rc != 0)
        launch_clear(out);
    return rc;
}

void launch_evaluation(struct job *out, const struct launch *launch, char *dir)
{
    const struct study *study = launch->study;
    char *config_path = path_join(launch->dir, "config.json");

    fill_job(out, launch, dir);
    out->argv =
        fill_argv(launch, study->evaluate, study->n_evaluate, launch->evaluator, config_path);
    free(config_path);
}

void launch_clear(struct job *job)
{
    argv_free((char **)(uintptr_t)job->argv);
    argv_free((char **)(uintptr_t)job->env);
    *job = (struct job){0};
}

bool launch_is_ours(const char *name)
{
    static const char *const ours[] = {"config.json", "job.json",
                                       RUN_STREAM,    RUN_STREAM RUN_TEXT_PACKED,
                                       RUN_LOG,       RUN_LOG RUN_TEXT_PACKED,
                                       RUN_OUTCOME,   RUN_ALIVE,
                                       NULL};

    for (size_t i = 0; ours[i] != NULL; i++)
        if (strcmp(name, ours[i]) == 0)
            return true;
    return false;
}

int launch_files(struct artifact **out, size_t *n, const char *dir, struct err *err)
{
    struct dirent **names = NULL;
    int count = scandir(dir, &names, NULL, alphasort), rc = 0;

    *out = NULL;
    *n = 0;
    if (count < 0)
        return err_sys(err, "cannot read the folder '%s'", dir);
    for (int i = 0; i < count; i++) {
        struct artifact file = {0};
        char *path = path_join(dir, names[i]->d_name);
        if (rc == 0 && !launch_is_ours(names[i]->d_name) && names[i]->d_name[0] != '.' &&
            file_is_regular(path) && (rc = sha256_file(file.sha, &file.bytes, path, err)) == 0) {
            file.path = mem_strdup(names[i]->d_name);
            *out = mem_room(*out, *n, sizeof **out);
            (*out)[(*n)++] = file;
        }
        free(path);
        free(names[i]);
    }
    free(names);
    if (rc != 0) {
        artifacts_free(*out, *n);
        *out = NULL;
        *n = 0;
    }
    return rc;
}
