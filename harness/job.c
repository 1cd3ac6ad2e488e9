/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "job.h"
#include "json.h"
#include "mem.h"

enum { MAX_FILE = 4 << 20 };

static json_t *text_list(char *const *texts)
{
    json_t *list = json_array();

    for (; *texts != NULL; texts++)
        if (json_array_append_new(list, json_string(*texts)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *int_list(const int *numbers, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_integer(numbers[i]));
    return list;
}

/* Not synced: nobody reads it after a crash. */
static int write_plain(const char *path, const struct str *text, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return err_sys(err, "cannot write '%s'", path);
    int rc = fd_write(fd, text->at, text->len, path, err);
    if (close(fd) != 0 && rc == 0)
        rc = err_sys(err, "cannot write '%s'", path);
    return rc;
}

int job_write(const struct job *job, struct err *err)
{
    json_t *argv = text_list(job->argv);
    struct str text = {NULL, 0};

    if (argv == NULL)
        return err_usage(err, "the command of '%s' is not UTF-8", job->dir);
    json_t *json = json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:f, s:f, s:i, s:b, s:i, s:s?, s:s?, s:b, s:o, s:b, s:f}",
        "argv", argv, "timeout_s", json_number_or_null(job->timeout_s), "grace_s",
        json_number_or_null(job->grace_s), "cpus", int_list(job->cpus, job->n_cpus), "max_output",
        (json_int_t)job->max_output, "max_memory", job->max_memory, "max_file", job->max_file,
        "max_files", job->max_files, "sandboxed", (int)job->sandboxed, "parent", (int)getpid(),
        "input", job->input, "work", job->work, "confined", (int)job->confined, "writable",
        job->writable != NULL ? text_list(job->writable) : json_array(), "resumed",
        (int)job->resumed, "warning_s", job->warning_s);
    json_write(&text, json);
    json_decref(json);
    char *path = path_join(job->dir, RUN_JOB);
    int rc = write_plain(path, &text, err);
    free(path);
    str_clear(&text);
    return rc;
}

static double number_or(const json_t *json, double otherwise)
{
    return json_is_number(json) ? json_number_value(json) : otherwise;
}

/* NULL-terminated; what is no text is left out. */
static char **fill_texts(const json_t *list)
{
    size_t n = json_array_size(list), used = 0;
    char **texts = mem_new(n + 1, sizeof *texts);

    for (size_t i = 0; i < n; i++)
        if (json_is_string(json_array_get(list, i)))
            texts[used++] = mem_strdup(json_string_value(json_array_get(list, i)));
    return texts;
}

static void fill_cpus(struct job_file *out, const json_t *list)
{
    out->job.n_cpus = json_array_size(list);
    out->cpus = mem_new(out->job.n_cpus, sizeof *out->cpus);
    for (size_t i = 0; i < out->job.n_cpus; i++)
        out->cpus[i] = (int)json_integer_value(json_array_get(list, i));
}

static bool all_are_strings(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            return false;
    return json_array_size(list) > 0;
}

static int fill_job(struct job_file *out, const char *path, struct err *err)
{
    json_t *argv, *cpus, *timeout, *grace, *input, *work, *writable;
    int confined, resumed;
    json_int_t max_output;
    double max_memory, max_file, warning_s;
    int parent, max_files, sandboxed;

    if (json_unpack(
            out->json,
            "{s:o, s:o, s:o, s:o, s:I, s:F, s:F, s:i, s:b, s:i, s:o, s:o, s:b, s:o, s:b, s:F}",
            "argv", &argv, "timeout_s", &timeout, "grace_s", &grace, "cpus", &cpus, "max_output",
            &max_output, "max_memory", &max_memory, "max_file", &max_file, "max_files", &max_files,
            "sandboxed", &sandboxed, "parent", &parent, "input", &input, "work", &work, "confined",
            &confined, "writable", &writable, "resumed", &resumed, "warning_s", &warning_s) != 0 ||
        !all_are_strings(argv))
        return err_integrity(err, "'%s' is no job", path);
    out->argv = fill_texts(argv);
    fill_cpus(out, cpus);
    out->parent = (pid_t)parent;
    out->job.argv = out->argv;
    out->job.cpus = out->cpus;
    out->job.env = environ;
    out->job.timeout_s = number_or(timeout, INFINITY);
    out->job.grace_s = number_or(grace, 0);
    out->job.max_output = max_output;
    out->job.input = json_string_value(input);
    out->job.work = json_string_value(work);
    out->job.confined = confined;
    out->writable = fill_texts(writable);
    out->job.writable = out->writable;
    out->job.max_memory = max_memory;
    out->job.max_file = max_file;
    out->job.max_files = max_files;
    out->job.sandboxed = sandboxed != 0;
    out->job.resumed = resumed != 0;
    out->job.warning_s = warning_s;
    return 0;
}

int job_read(struct job_file *out, const char *dir, struct err *err)
{
    char *path = path_join(dir, RUN_JOB);
    int rc = -1;

    *out = (struct job_file){.job = {.dir = dir}};
    if (json_read_file(&out->json, path, MAX_FILE, err) == 0)
        rc = fill_job(out, path, err);
    if (rc != 0)
        job_clear(out);
    free(path);
    return rc;
}

static void free_texts(char **texts)
{
    for (char **text = texts; text != NULL && *text != NULL; text++)
        free(*text);
    free(texts);
}

void job_clear(struct job_file *file)
{
    free_texts(file->argv);
    free_texts(file->writable);
    free(file->cpus);
    json_decref(file->json);
    *file = (struct job_file){.json = NULL};
}

json_t *outcome_json(const struct outcome_facts *facts)
{
    return json_pack(
        "{s:s, s:i, s:i, s:o, s:o, s:o, s:f, s:i, s:b, s:s, s:o?}", "class",
        class_names[facts->class], "exit_code", facts->exit_code, "signal", facts->signal, "wall_s",
        json_number_or_null(facts->wall_s), "cpu_s", json_number_or_null(facts->cpu_s), "peak_mib",
        json_number_or_null(facts->peak_mib), "suspended_s", facts->suspended_s, "left_processes",
        facts->left_processes, "killed", (int)facts->killed, "detail", facts->detail, "usage",
        facts->usage == NULL ? NULL : json_loads(facts->usage, 0, NULL));
}

int outcome_write(const struct outcome_facts *facts, const char *dir, struct err *err)
{
    struct str text = {NULL, 0};
    json_t *json = outcome_json(facts);

    if (json == NULL)
        return err_failed(err, "the outcome of a run cannot be written as JSON");
    json_write(&text, json);
    json_decref(json);
    char *path = path_join(dir, RUN_OUTCOME);
    int rc = file_write(path, text.at, text.len, err);
    free(path);
    str_clear(&text);
    return rc;
}

static bool class_read(enum run_class *out, const char *name)
{
    for (int i = 0; class_names[i] != NULL; i++)
        if (strcmp(class_names[i], name) == 0) {
            *out = (enum run_class)i;
            return i != CLASS_NONE;
        }
    return false;
}

int outcome_from_json(struct outcome_facts *out, json_t *json, const char *path, struct err *err)
{
    json_t *wall, *cpu, *peak, *usage;
    const char *class, *detail;
    struct str text = {NULL, 0};
    int killed;

    if (json_unpack(json, "{s:s, s:i, s:i, s:o, s:o, s:o, s:F, s:i, s:b, s:s, s:o}", "class",
                    &class, "exit_code", &out->exit_code, "signal", &out->signal, "wall_s", &wall,
                    "cpu_s", &cpu, "peak_mib", &peak, "suspended_s", &out->suspended_s,
                    "left_processes", &out->left_processes, "killed", &killed, "detail", &detail,
                    "usage", &usage) != 0 ||
        !class_read(&out->class, class))
        return err_integrity(err, "'%s' is no outcome of a run", path);
    out->wall_s = number_or(wall, NAN);
    out->cpu_s = number_or(cpu, NAN);
    out->peak_mib = number_or(peak, NAN);
    out->killed = killed;
    out->usage = NULL;
    snprintf(out->detail, sizeof out->detail, "%s", detail);
    if (json_is_object(usage)) {
        json_write(&text, usage);
        out->usage = str_take(&text);
    }
    return 0;
}

int outcome_read(struct outcome_facts *out, const char *dir, struct err *err)
{
    char *path = path_join(dir, RUN_OUTCOME);
    json_t *json = NULL;
    int rc = -1;

    *out = (struct outcome_facts){.class = CLASS_NONE};
    if (json_read_file(&json, path, MAX_FILE, err) == 0)
        rc = outcome_from_json(out, json, path, err);
    json_decref(json);
    free(path);
    return rc;
}
