/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "job.h"
#include "json.h"
#include "mem.h"
#include "task_file.h"

enum { MAX_FILE = 1 << 20 };

static const char *const end_names[] = {
    [TASK_ENDED] = "ended",
    [TASK_WARNED] = "warned",
    [TASK_CANCELLED] = "cancelled",
    [TASK_REFUSED] = "refused",
};
enum { N_ENDS = sizeof end_names / sizeof *end_names };

char *task_order_path(const char *folder, int64_t number)
{
    return mem_printf("%s/task/%" PRId64 ".json", folder, number);
}

char *task_claim_path(const char *folder, int64_t number)
{
    return mem_printf("%s/task/%" PRId64 ".taken", folder, number);
}

char *task_result_path(const char *folder, int64_t number)
{
    return mem_printf("%s/done/%" PRId64 ".json", folder, number);
}

/* By file_write(), or by file_write_unsynced() where nobody reads it after a crash. */
typedef int writer(const char *path, const void *bytes, size_t len, struct err *err);

static int write_json(writer *write, const char *path, json_t *json, struct err *err)
{
    struct str text = {NULL, 0};

    if (json == NULL)
        return err_failed(err, "'%s' cannot be written as JSON", path);
    json_write(&text, json);
    int rc = write(path, text.at, text.len, err);
    str_clear(&text);
    return rc;
}

/* --- what is to be done ----------------------------------------------------------------------- */

int task_order_write(const struct task_order *order, const char *folder, int64_t number,
                     struct err *err)
{
    char *path = task_order_path(folder, number);
    json_t *names = json_array();

    for (size_t i = 0; i < order->n_env; i++)
        json_array_append_new(names, json_string(order->env[i]));
    json_t *json =
        json_pack("{s:s, s:o, s:i}", "dir", order->dir, "env", names, "threads", order->threads);
    int rc = write_json(file_write_unsynced, path, json, err);
    json_decref(json);
    free(path);
    return rc;
}

static void take_names(struct task_order *out, const json_t *names)
{
    out->env = mem_new(json_array_size(names), sizeof *out->env);
    for (size_t i = 0; i < json_array_size(names); i++)
        if (json_is_string(json_array_get(names, i)))
            out->env[out->n_env++] = mem_strdup(json_string_value(json_array_get(names, i)));
}

int task_order_read(struct task_order *out, const char *folder, int64_t number, struct err *err)
{
    char *path = task_order_path(folder, number);
    const char *dir;
    json_t *json, *names;
    int rc = json_read_file(&json, path, MAX_FILE, err);

    *out = (struct task_order){.dir = NULL};
    if (rc == 0 && json_unpack(json, "{s:s, s:o, s:i}", "dir", &dir, "env", &names, "threads",
                               &out->threads) != 0)
        rc = err_integrity(err, "'%s' is no order of a task", path);
    if (rc == 0) {
        out->dir = mem_strdup(dir);
        take_names(out, names);
    }
    json_decref(json);
    free(path);
    return rc;
}

void task_order_clear(struct task_order *order)
{
    for (size_t i = 0; i < order->n_env; i++)
        free(order->env[i]);
    free(order->env);
    free(order->dir);
    *order = (struct task_order){.dir = NULL};
}

/* --- what became of it ------------------------------------------------------------------------ */

int task_result_write(const struct task_result *result, const char *folder, int64_t number,
                      struct err *err)
{
    char *path = task_result_path(folder, number);
    json_t *json = json_pack("{s:s, s:o}", "end", end_names[result->end], "outcome",
                             outcome_json(&result->facts));
    int rc = write_json(file_write, path, json, err);

    json_decref(json);
    free(path);
    return rc;
}

static int fill_result(struct task_result *out, json_t *json, const char *path, struct err *err)
{
    const char *end;
    json_t *outcome;

    if (json_unpack(json, "{s:s, s:o}", "end", &end, "outcome", &outcome) != 0)
        return err_integrity(err, "'%s' is no result of a task", path);
    for (int i = 0; i < N_ENDS; i++)
        if (strcmp(end_names[i], end) == 0) {
            out->end = (enum task_end)i;
            return outcome_from_json(&out->facts, outcome, path, err);
        }
    return err_integrity(err, "'%s': a task does not end by '%s'", path, end);
}

int task_result_read(struct task_result *out, const char *folder, int64_t number, struct err *err)
{
    char *path = task_result_path(folder, number);
    json_t *json;
    int rc = json_read_file(&json, path, MAX_FILE, err);

    *out = (struct task_result){.end = TASK_ENDED};
    if (rc == 0)
        rc = fill_result(out, json, path, err);
    json_decref(json);
    free(path);
    return rc;
}
