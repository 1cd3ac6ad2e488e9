/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "export.h"
#include "json.h"
#include "mem.h"
#include "view_line.h"

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

    str_addn(out, commit != NULL ? commit : "-", commit != NULL ? strnlen(commit, 7) : 1);
    str_add(out, "\t");
    str_add_fixed(out, crashed ? 0.0 : summary.mean, 6);
    str_add(out, "\t");
    str_add_fixed(out, peak_gb(view, id), 1);
    str_add(out, "\t");
    str_add(out, status_word(outcome));
    str_add(out, "\t");
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

/* What stands in a row: the same in both formats, which spell it differently. */
struct field {
    enum { UNKNOWN, WHOLE, NUMBER, WORD } kind;
    int64_t whole;
    double number;
    const char *word; /* one of ours: nothing in it needs quotes */
};

static struct field whole(int64_t n)
{
    return (struct field){.kind = WHOLE, .whole = n};
}

static struct field whole_from(int64_t n, int64_t least)
{
    return n >= least ? whole(n) : (struct field){.kind = UNKNOWN};
}

static struct field number(double x)
{
    return (struct field){.kind = isfinite(x) ? NUMBER : UNKNOWN, .number = x};
}

static struct field word(const char *text)
{
    return (struct field){.kind = WORD, .word = text};
}

/* The columns of csv, in their order. */
enum { COLUMNS = 14 };
static const char *const columns[COLUMNS] = {
    "experiment", "purpose", "decision", "seed",     "variant", "attempt", "class",
    "value",      "wall_s",  "cpu_s",    "peak_mib", "steps",   "started", "ended"};

static void read_row(struct field row[COLUMNS], const struct view *view, const struct run *run)
{
    const struct experiment *e = &view->record.experiments[run->experiment - 1];
    struct field *at = row;

    *at++ = whole(run->experiment);
    *at++ = word(purpose_names[e->purpose]);
    *at++ = word(outcome_name(facts_outcome(&view->facts, run->experiment)));
    *at++ = whole(run->seed);
    *at++ = word(variant_names[run->variant]);
    *at++ = whole(run->attempt);
    *at++ = word(class_names[run->class]);
    *at++ = number(run->class == CLASS_OK ? run->value : (double)NAN);
    *at++ = number(run->wall_s);
    *at++ = number(run->cpu_s);
    *at++ = number(run->peak_mib);
    *at++ = whole_from(run->steps, 0);
    *at++ = whole_from(run->started, 1);
    *at++ = whole_from(run->ended, 1);
}

/* A number is spelt alike in both formats. */
static void write_known(struct str *out, const struct field *field)
{
    if (field->kind == WHOLE)
        json_write_integer(out, field->whole);
    else if (field->kind == NUMBER)
        json_write_number(out, field->number);
}

static void write_json_field(struct str *out, const struct field *field)
{
    if (field->kind == WORD)
        json_write_string(out, field->word);
    else if (field->kind == UNKNOWN)
        str_add(out, "null");
    else
        write_known(out, field);
}

static int write_jsonl(struct str *out, const struct view *view, struct err *err)
{
    struct field row[COLUMNS];
    struct json_line line = {0};

    (void)err;
    for (size_t i = 0; i < view->record.n_runs; i++) {
        const struct run *run = &view->record.runs[i];
        struct value *config = run_config(&view->record, run);
        json_line_begin(&line);
        read_row(row, view, run);
        for (size_t k = 0; k < COLUMNS; k++)
            write_json_field(json_line_add(&line, columns[k]), &row[k]);
        view_write_config(json_line_add(&line, "params"), &view->facts, config);
        json_line_end(out, &line);
        str_add(out, "\n");
        free(config);
    }
    json_line_clear(&line);
    return 0;
}

/* --- csv: the same rows, RFC 4180; unknown is an empty field -----------------------------------
 */

static void write_quoted(struct str *out, const char *text)
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

static void write_csv_field(struct str *out, const struct field *field)
{
    if (field->kind == WORD)
        str_add(out, field->word);
    else
        write_known(out, field);
}

static void write_csv_text(struct str *out, const char *text)
{
    json_t *clean = view_json_text(text);

    write_quoted(out, json_string_value(clean));
    json_decref(clean);
}

static void write_csv_value(struct str *out, const struct value *value)
{
    if (value->type == VALUE_TEXT)
        write_csv_text(out, value->text);
    else if (value->type != VALUE_NONE)
        view_write_value(out, value);
}

static void write_csv_row(struct str *out, const struct view *view, const struct run *run)
{
    struct value *config = run_config(&view->record, run);
    struct field row[COLUMNS];

    read_row(row, view, run);
    for (size_t i = 0; i < COLUMNS; i++) {
        str_addn(out, ",", i > 0);
        write_csv_field(out, &row[i]);
    }
    for (size_t i = 0; i < view->record.study.space.n; i++) {
        str_addn(out, ",", 1);
        write_csv_value(out, &config[i]);
    }
    str_addn(out, "\r\n", 2);
    free(config);
}

static int write_csv(struct str *out, const struct view *view, struct err *err)
{
    const struct space *space = &view->record.study.space;

    (void)err;
    for (size_t i = 0; i < COLUMNS; i++)
        str_addf(out, "%s%s", i > 0 ? "," : "", columns[i]);
    for (size_t i = 0; i < space->n; i++) {
        char *name = mem_printf("params.%s", space->params[i].name);
        str_add(out, ",");
        write_quoted(out, name);
        free(name);
    }
    str_add(out, "\r\n");
    for (size_t i = 0; i < view->record.n_runs; i++)
        write_csv_row(out, view, &view->record.runs[i]);
    return 0;
}

/* clang-format off */
enum {
    RUNS = STORE_CONFIGS | STORE_VALUES | STORE_ENDS,
    EXPERIMENTS = RUNS | STORE_COMMITS,
    ALL = EXPERIMENTS | STORE_DETAILS,
};

const struct export_format export_formats[] = {
    {"tsv", "autoresearch's results.tsv, one row an experiment", false, EXPERIMENTS, write_tsv, NULL},
    {"jsonl", "one JSON object a run", false, RUNS, write_jsonl, NULL},
    {"csv", "one row a run, RFC 4180", false, RUNS, write_csv, NULL},
    {"optuna", "SQLite storage of Optuna 3.0 and 3.1; `optuna storage upgrade` mends it for later ones",
     true, ALL, export_optuna, NULL},
    {"optuna4", "SQLite storage of Optuna 3.2 and later", true, ALL, export_optuna4, NULL},
    {"optuna-journal", "journal storage of Optuna 3.1 and later", false, ALL, export_optuna_journal, NULL},
    {"tensorboard", "event files in the folder that -o names, for TensorBoard and what reads its files",
     false, RUNS, NULL, export_tensorboard},
    {NULL, NULL, false, 0, NULL, NULL},
};
/* clang-format on */
