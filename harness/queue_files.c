/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "job.h"
#include "mem.h"
#include "queue_part.h"
#include "str.h"
#include "tail.h"
#include "task.h"
#include "trial.h"

int queue_make_folders(const char *folder, struct err *err)
{
    static const char *const names[] = {"task", "done", "log"};
    int rc = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names && rc == 0; i++) {
        char *dir = path_join(folder, names[i]);
        rc = file_mkdirs(dir, err);
        free(dir);
    }
    return rc;
}

/* --- what a task is given --------------------------------------------------------------------- */

/* The same argv with the study's words behind it. */
static char **with_words(char *const *argv, const struct word_list *words)
{
    size_t n = 0, k = 0;

    while (argv[n] != NULL)
        n++;
    char **longer = mem_new(n + words->n + 1, sizeof *longer);
    for (size_t i = 0; i < n; i++)
        longer[k++] = mem_strdup(argv[i]);
    for (size_t i = 0; i < words->n; i++)
        longer[k++] = mem_strdup(words->at[i]);
    return longer;
}

static int write_job(const struct queue *queue, const struct queue_task *task, struct err *err)
{
    const struct executor_rule *rule = queue->terms.rule;
    struct job job = *task->job;
    char **argv = NULL;

    job.n_cpus = 0; /* the queue gives each run cores of its own */
    job.warning_s = 0.9 * queue_warning_s(rule);
    job.timeout_s -= task->spent_s;
    job.resumed = task->legs > 0;
    if (job.resumed)
        job.argv = argv = with_words(job.argv, &rule->resume);
    int rc = job_write(&job, err);
    argv_free(argv);
    return rc;
}

int queue_write_order(const struct queue *queue, const struct queue_task *task, struct err *err)
{
    struct task_order order = {.dir = mem_strdup(task->job->dir),
                               .env = (char **)(uintptr_t)queue->env,
                               .n_env = queue->n_env,
                               .threads = queue->terms.rule->cpus};
    int rc = write_job(queue, task, err);

    if (rc == 0)
        rc = task_order_write(&order, queue->terms.folder, task->number, err);
    free(order.dir);
    return rc;
}

void queue_forget_order(const struct queue *queue, int64_t number)
{
    char *order = task_order_path(queue->terms.folder, number);
    char *taken = task_claim_path(queue->terms.folder, number);

    unlink(order); /* before the other: who comes then finds nothing to do */
    unlink(taken);
    free(order);
    free(taken);
}

/* --- the script of a batch -------------------------------------------------------------------- */

/* 'text', for a shell. */
static void add_quoted(struct str *out, const char *text)
{
    str_add(out, "'");
    for (; *text != '\0'; text++)
        if (*text == '\'')
            str_add(out, "'\\''");
        else
            str_addn(out, text, 1);
    str_add(out, "'");
}

/* The user's own lines need the user's own shell: `module` is a function of a login shell.  What is
 * printed goes to a file that bears the task's number. */
static void begin_script(struct str *out, const struct queue *queue, int64_t first)
{
    str_add(out, queue->terms.rule->setup.n > 0 ? "#!/bin/bash -l\n" : "#!/bin/sh\n");
    str_add(out, "trap '' USR1\nset -e\numask 077\n");
    if (queue->kind->index != NULL)
        str_addf(out, "nightshift_task=$((%" PRId64 " + ${%s}))\n", first, queue->kind->index);
    else
        str_addf(out, "nightshift_task=%" PRId64 "\n", first);
    str_add(out, "exec >");
    add_quoted(out, queue->terms.folder);
    str_add(out, "/log/\"$nightshift_task\" 2>&1\n");
}

static void add_setup(struct str *out, const struct word_list *setup)
{
    for (size_t i = 0; i < setup->n; i++)
        str_addf(out, "%s\n", setup->at[i]);
}

int queue_write_script(char **path, const struct queue *queue, int64_t first, struct err *err)
{
    struct str text = {0};

    begin_script(&text, queue, first);
    add_setup(&text, &queue->terms.rule->setup);
    str_add(&text, "exec ");
    add_quoted(&text, queue->program);
    str_add(&text, " " TASK_WORD " ");
    add_quoted(&text, queue->terms.folder);
    str_add(&text, " \"$nightshift_task\"\n");
    *path = mem_printf("%s/batch-%" PRId64 ".sh", queue->terms.folder, first);
    int rc = file_write_unsynced(*path, text.at, text.len, err);
    if (rc == 0 && chmod(*path, 0700) != 0)
        rc = err_sys(err, "cannot make '%s' executable", *path);
    str_clear(&text);
    return rc;
}

/* --- what it leaves --------------------------------------------------------------------------- */

/* Reading the folder asks the server of a network file system, where looking for one name may be
 * answered from what is remembered. */
int queue_list_numbers(int64_t **out, size_t *n, const char *folder, const char *name,
                       struct err *err)
{
    char *path = path_join(folder, name);
    DIR *dir = opendir(path);
    int number_end;
    int64_t number;

    *out = NULL;
    *n = 0;
    if (dir == NULL) {
        err_sys(err, "cannot read '%s'", path);
        free(path);
        return -1;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        number_end = 0;
        if (sscanf(entry->d_name, "%" SCNd64 ".json%n", &number, &number_end) != 1 ||
            number_end == 0 || entry->d_name[number_end] != '\0')
            continue;
        *out = mem_room(*out, *n, sizeof **out);
        (*out)[(*n)++] = number;
    }
    closedir(dir);
    free(path);
    return 0;
}

bool queue_has_log(const struct queue *queue, int64_t number)
{
    char *path = mem_printf("%s/log/%" PRId64, queue->terms.folder, number);
    bool there = file_exists(path);

    free(path);
    return there;
}

void queue_forget_task(const struct queue *queue, int64_t number)
{
    char *log = mem_printf("%s/log/%" PRId64, queue->terms.folder, number);
    char *result = task_result_path(queue->terms.folder, number);

    queue_forget_order(queue, number);
    unlink(log);
    unlink(result);
    free(log);
    free(result);
}

void queue_last_words(char *out, size_t size, const struct queue *queue, int64_t number)
{
    char *name = mem_printf("log/%" PRId64, number);
    struct str text = {0}, line = {0};

    tail_read(&text, queue->terms.folder, name, 4096);
    tail_last_line(&line, &text);
    const char *words = str_text(&line), *behind = strstr(words, ": ");
    if (behind != NULL && strncmp(words, queue->terms.folder, strlen(queue->terms.folder)) == 0)
        words = behind + 2; /* a shell names its script first, which is ours and of no interest */
    snprintf(out, size, "%.*s", (int)size / 2, words);
    str_clear(&line);
    str_clear(&text);
    free(name);
}
