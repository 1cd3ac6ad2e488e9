/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "export.h"
#include "json.h"
#include "mem.h"

/* --- tsv -------------------------------------------------------------------------------------- */
/*
 * The five columns of karpathy/autoresearch's results.tsv: commit (7 digits), the metric with six
 * decimals (0.000000 for a crash, as there), peak memory in GB with one decimal,
 * keep|discard|crash, description.  Pending experiments are not in it.
 */

static double peak_gb(const struct view *view, int64_t id)
{
    const struct facts *facts = &view->facts;
    double peak = 0;

    for (size_t i = facts->run_first[id - 1]; i < facts->run_first[id]; i++) {
        double mib = view->record.runs[facts->run_at[i]].peak_mib;
        if (isfinite(mib) && mib > peak)
            peak = mib;
    }
    return peak / 1024;
}

static const char *status_word(enum outcome outcome)
{
    return outcome == OUTCOME_KEEP ? "keep" : outcome == OUTCOME_REVERT ? "discard" : "crash";
}

static void write_tsv_row(struct str *out, const struct view *view, int64_t id)
{
    enum outcome outcome = facts_outcome(&view->facts, id);
    const char *commit = record_commit(&view->record, id);
    struct summary summary = record_summary(&view->record, id);
    bool crashed = outcome == OUTCOME_FAILED || summary.n == 0;
    char *change = facts_change(&view->facts, id);

    str_addf(out, "%.7s\t%.6f\t%.1f\t%s\t", commit != NULL ? commit : "-",
             crashed ? 0.0 : summary.mean, peak_gb(view, id), status_word(outcome));
    str_add_printable(out, change, strlen(change), 500); /* a tab becomes \x09 */
    str_add(out, "\n");
    free(change);
}

static int write_tsv(struct str *out, const struct view *view, struct err *err)
{
    (void)err;
    str_addf(out, "commit\t%s\tmemory_gb\tstatus\tdescription\n", view->record.study.metric);
    for (size_t i = 0; i < view->record.n_experiments; i++)
        if (view->record.experiments[i].decision > 0)
            write_tsv_row(out, view, view->record.experiments[i].id);
    return 0;
}

/* --- one row a run ---------------------------------------------------------------------------- */

static json_t *row_as_json(const struct view *view, const struct run *run)
{
    const struct experiment *e = &view->record.experiments[run->experiment - 1];
    bool ok = run->class == CLASS_OK;
    json_t *row = json_object();

    json_object_set_new(row, "experiment", json_integer(run->experiment));
    json_object_set_new(row, "seed", json_integer(run->seed));
    json_object_set_new(row, "variant", json_string(variant_names[run->variant]));
    json_object_set_new(row, "attempt", json_integer(run->attempt));
    json_object_set_new(row, "class", json_string(class_names[run->class]));
    json_object_set_new(row, "value", json_number_or_null(ok ? run->value : (double)NAN));
    json_object_set_new(row, "wall_s", json_number_or_null(run->wall_s));
    json_object_set_new(row, "cpu_s", json_number_or_null(run->cpu_s));
    json_object_set_new(row, "peak_mib", json_number_or_null(run->peak_mib));
    json_object_set_new(row, "steps", run->steps >= 0 ? json_integer(run->steps) : json_null());
    json_object_set_new(row, "started",
                        run->started > 0 ? json_integer(run->started) : json_null());
    json_object_set_new(row, "ended", run->ended > 0 ? json_integer(run->ended) : json_null());
    json_object_set_new(row, "purpose", json_string(purpose_names[e->purpose]));
    json_object_set_new(row, "decision",
                        json_string(outcome_name(facts_outcome(&view->facts, run->experiment))));
    struct value *config = run_config(&view->record, run);
    json_object_set_new(row, "params", view_json_config(&view->record.study.space, config));
    free(config);
    return row;
}

static int write_jsonl(struct str *out, const struct view *view, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < view->record.n_runs; i++) {
        json_t *row = row_as_json(view, &view->record.runs[i]);
        json_write(out, row);
        str_add(out, "\n");
        json_decref(row);
    }
    return 0;
}

/* --- csv: the same rows, RFC 4180 ------------------------------------------------------------- */

static const char *const csv_columns[] = {"experiment", "purpose", "decision", "seed",   "variant",
                                          "attempt",    "class",   "value",    "wall_s", "cpu_s",
                                          "peak_mib",   "steps",   "started",  "ended",  NULL};

static void write_field(struct str *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        str_add(out, text);
        return;
    }
    str_add(out, "\"");
    for (; *text != '\0'; text++)
        str_addn(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    str_add(out, "\"");
}

/* Unknown is an empty field. */
static void write_member(struct str *out, const json_t *value)
{
    struct str text = {0};

    if (json_is_string(value))
        str_add(&text, json_string_value(value));
    else if (value != NULL && !json_is_null(value))
        json_write(&text, value);
    write_field(out, str_text(&text));
    str_clear(&text);
}

static void write_csv_row(struct str *out, const struct view *view, const struct run *run)
{
    const struct space *space = &view->record.study.space;
    json_t *row = row_as_json(view, run);
    const json_t *params = json_object_get(row, "params");

    for (size_t i = 0; csv_columns[i] != NULL; i++) {
        str_add(out, i > 0 ? "," : "");
        write_member(out, json_object_get(row, csv_columns[i]));
    }
    for (size_t i = 0; i < space->n; i++) {
        str_add(out, ",");
        write_member(out, json_object_get(params, space->params[i].name));
    }
    str_add(out, "\r\n");
    json_decref(row);
}

static int write_csv(struct str *out, const struct view *view, struct err *err)
{
    const struct space *space = &view->record.study.space;

    (void)err;
    for (size_t i = 0; csv_columns[i] != NULL; i++)
        str_addf(out, "%s%s", i > 0 ? "," : "", csv_columns[i]);
    for (size_t i = 0; i < space->n; i++) {
        char *name = mem_printf("params.%s", space->params[i].name);
        str_add(out, ",");
        write_field(out, name);
        free(name);
    }
    str_add(out, "\r\n");
    for (size_t i = 0; i < view->record.n_runs; i++)
        write_csv_row(out, view, &view->record.runs[i]);
    return 0;
}

/* clang-format off */
const struct export_format export_formats[] = {
    {"tsv", "autoresearch's results.tsv, one row an experiment", false, write_tsv, NULL},
    {"jsonl", "one JSON object a run", false, write_jsonl, NULL},
    {"csv", "one row a run, RFC 4180", false, write_csv, NULL},
    {"optuna", "SQLite storage of Optuna 3.0 and 3.1; `optuna storage upgrade` mends it for later ones",
     true, export_optuna, NULL},
    {"optuna4", "SQLite storage of Optuna 3.2 and later", true, export_optuna4, NULL},
    {"optuna-journal", "journal storage of Optuna 3.1 and later", false, export_optuna_journal, NULL},
    {"tensorboard", "event files in the folder that -o names, for TensorBoard and what reads its files",
     false, NULL, export_tensorboard},
    {NULL, NULL, false, NULL, NULL},
};
/* clang-format on */
