/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "clock.h"
#include "command.h"
#include "json.h"
#include "mem.h"
#include "pager.h"
#include "refusals.h"
#include "say.h"
#include "table.h"
#include "verdicts.h"
#include "view_line.h"

extern const struct command command_show;

enum { MESSAGE_WIDTH = 300 };

/* --- as JSON -------------------------------------------------------------------------------- */

static int metrics_as_json(json_t **out, const struct view *view, int64_t run, struct err *err)
{
    struct metric *metrics;
    size_t n;

    if (store_metrics(view->store, &metrics, &n, run, false, err) != 0)
        return -1;
    *out = json_object();
    for (size_t i = 0; i < n; i++)
        json_object_set_new(*out, metrics[i].name, json_number_or_null(metrics[i].value));
    metrics_free(metrics, n);
    return 0;
}

static json_t *run_as_json(const struct run *run, const char *dir)
{
    json_t *object = json_object();

    json_object_set_new(object, "seed", json_integer(run->seed));
    json_object_set_new(object, "variant", json_string(variant_names[run->variant]));
    json_object_set_new(object, "attempt", json_integer(run->attempt));
    json_object_set_new(object, "class", json_string(class_names[run->class]));
    json_object_set_new(object, "value",
                        json_number_or_null(run->class == CLASS_OK ? run->value : (double)NAN));
    json_object_set_new(object, "exit_code",
                        run->exit_code >= 0 ? json_integer(run->exit_code) : json_null());
    json_object_set_new(object, "signal",
                        run->signal > 0 ? json_integer(run->signal) : json_null());
    json_object_set_new(object, "wall_s", json_number_or_null(run->wall_s));
    json_object_set_new(object, "cpu_s", json_number_or_null(run->cpu_s));
    json_object_set_new(object, "peak_mib", json_number_or_null(run->peak_mib));
    json_object_set_new(object, "steps", run->steps >= 0 ? json_integer(run->steps) : json_null());
    json_object_set_new(object, "detail", view_json_text(run->detail));
    json_object_set_new(object, "dir", view_json_text(dir));
    return object;
}

static int runs_as_json(json_t *runs, const struct view *view, int64_t id, struct err *err)
{
    for (size_t i = 0; i < view->record.n_runs; i++) {
        const struct run *run = &view->record.runs[i];
        json_t *metrics;
        if (run->experiment != id)
            continue;
        if (metrics_as_json(&metrics, view, run->id, err) != 0)
            return -1;
        char *dir = place_run_dir(&view->place, run);
        json_t *object = run_as_json(run, dir);
        json_object_set_new(object, "metrics", metrics);
        json_array_append_new(runs, object);
        free(dir);
    }
    return 0;
}

static json_t *pairs_as_json(const struct view *view, int64_t id)
{
    const struct facts *facts = &view->facts;
    json_t *pairs = json_array();

    for (size_t i = facts->pair_first[id - 1]; i < facts->pair_first[id]; i++) {
        const struct pair *pair = &view->record.pairs[facts->pair_at[i]];
        json_t *object = json_object();
        json_object_set_new(object, "against",
                            pair->against > 0 ? json_integer(pair->against) : json_null());
        json_object_set_new(object, "test",
                            pair->test > 0 ? json_integer(pair->test) : json_null());
        json_object_set_new(object, "seed", json_integer(pair->seed));
        json_object_set_new(object, "difference",
                            json_number_or_null(facts_difference(facts, pair)));
        json_array_append_new(pairs, object);
    }
    return pairs;
}

static void decisions_as_json(struct str *out, const struct record *record, int64_t id)
{
    struct json_line line = {0};
    bool first = true;

    str_add(out, "[");
    for (size_t i = 0; i < record->n_decisions; i++) {
        if (record->decisions[i].experiment != id)
            continue;
        str_add(out, first ? "" : ",");
        json_line_begin(&line);
        verdicts_line(&line, record, &record->decisions[i]);
        json_line_end(out, &line);
        first = false;
    }
    str_add(out, "]");
    json_line_clear(&line);
}

/* Takes the value. */
static void add_json(struct json_line *line, const char *name, json_t *value)
{
    json_write(json_line_add(line, name), value);
    json_decref(value);
}

static int show_json(const struct view *view, int64_t id, struct err *err)
{
    struct json_line line = {0};
    json_t *runs = json_array();

    view_line_experiment(&line, view, id);
    refusals_add_experiment(&line, &view->record, id);
    int rc = runs_as_json(runs, view, id, err);
    add_json(&line, "runs", runs);
    add_json(&line, "pairs", pairs_as_json(view, id));
    decisions_as_json(json_line_add(&line, "decisions"), &view->record, id);
    json_write_string(json_line_add(&line, "config_sha256"), view->record.experiments[id - 1].sha);
    if (rc == 0)
        rc = view_print_line(&line, err);
    json_line_clear(&line);
    return rc;
}

/* --- as text -------------------------------------------------------------------------------- */

static void add_fact(struct table *table, const char *what, char *text)
{
    table_row(table, NULL);
    table_cell(table, what);
    table_take(table, text);
}

static char *copy_or_dash(const char *text)
{
    return mem_strdup(text != NULL ? text : "-");
}

static char *time_or_dash(int64_t when)
{
    char text[CLOCK_TEXT];

    if (when > 0)
        clock_text(text, (time_t)when);
    return mem_strdup(when > 0 ? text : "-");
}

static char *origin_text(const struct experiment *e)
{
    if (e->purpose == PURPOSE_PLACEBO)
        return mem_printf("placebo: the config of experiment %" PRId32 " under other seeds",
                          e->against);
    return e->against > 0
               ? mem_printf("%s, from experiment %" PRId32, purpose_names[e->purpose], e->against)
               : mem_strdup(purpose_names[e->purpose]);
}

/* A keep of the search head is not yet believed; a test may have verified it later. */
static char *decision_text(const struct record *record, const struct decision *d)
{
    bool verified = d != NULL && record->experiments[d->experiment - 1].verified;
    bool head = d != NULL && d->kind == DECISION_HEAD && d->against > 0 && !verified;

    if (d == NULL)
        return mem_strdup(". pending");
    return mem_printf("%c %s%s (decision %" PRId32 ")", outcome_mark(d->verdict),
                      outcome_name(d->verdict),
                      verified                             ? ", verified"
                      : head && d->verdict == OUTCOME_KEEP ? ", by the search head"
                                                           : "",
                      d->number);
}

static char *effect_text(const struct decision *d)
{
    struct str text = {0};

    if (d == NULL || d->against == 0)
        return mem_strdup("-");
    say_measured(&text, d->mean, d->low, d->high);
    str_addf(&text, " against experiment %" PRId32 ", %d %s%s", d->against, d->n,
             d->test > 0 ? "pair" : "run", d->n == 1 ? "" : "s");
    return str_take(&text);
}

static char *bounds_text(const struct decision *d)
{
    struct str text = {0};

    if (d == NULL || !isfinite(d->z))
        return mem_strdup("-");
    str_add(&text, "z ");
    say_rough(&text, d->z);
    if (d->test == 0) {
        str_add(&text, ", standard error ");
        say_rough(&text, d->sd);
        str_add(&text, "; an estimate, no test");
        return str_take(&text);
    }
    str_add(&text, ", SD of one difference ");
    say_rough(&text, d->sd);
    str_add(&text, " (");
    say_rough(&text, d->df);
    str_add(&text, " degrees of freedom), alpha ");
    say_rough(&text, d->alpha);
    return str_take(&text);
}

static void write_facts(struct str *out, const struct view *view, int64_t id)
{
    const struct experiment *e = &view->record.experiments[id - 1];
    const struct decision *d = record_decision(&view->record, id);
    struct table table;

    table_init(&table, NULL, "ll");
    add_fact(&table, "experiment", mem_printf("%" PRId64 " of %s", id, view->record.study.name));
    add_fact(&table, "purpose", origin_text(e));
    add_fact(&table, "change", facts_change(&view->facts, id));
    add_fact(&table, "decision", decision_text(&view->record, d));
    add_fact(&table, "reason", copy_or_dash(d != NULL ? d->reason : NULL));
    add_fact(&table, "effect", effect_text(d));
    add_fact(&table, "test", bounds_text(d));
    add_fact(&table, "commit", copy_or_dash(record_commit(&view->record, id)));
    add_fact(&table, "config sha256", mem_strdup(e->sha));
    if (view->record.source[0] != '\0')
        add_fact(&table, "source", mem_strdup(record_source(&view->record, id)));
    char *message = answers_message(&view->record, id);
    if (message != NULL)
        add_fact(&table, "message", text_shorten(message, MESSAGE_WIDTH));
    free(message);
    add_fact(&table, "proposed", time_or_dash(e->created));
    add_fact(&table, "remark", copy_or_dash(e->remark));
    char *command = mem_printf("nightshift reproduce %s %" PRId64, view->place.run_dir, id);
    add_fact(&table, "run again", command);
    table_write(out, &table, false);
    table_clear(&table);
}

/* What it went through: its own decision, tests, confirmations. */
static void write_decisions(struct str *out, const struct record *record, int64_t id)
{
    struct table table;

    verdicts_init(&table, false);
    for (size_t i = 0; i < record->n_decisions; i++)
        if (record->decisions[i].experiment == id)
            verdicts_add(&table, record, &record->decisions[i], false);
    if (table.n_rows > 1) {
        str_add(out, "\ndecisions\n");
        table_write(out, &table, view_has_colour());
    }
    table_clear(&table);
}

static void write_config(struct str *out, const struct view *view, int64_t id)
{
    str_add(out, "\nconfig\n");
    view_add_config(out, &view->record.study.space, view->record.experiments[id - 1].config);
}

static char *seconds_text(double seconds)
{
    char text[CLOCK_TEXT];

    duration_text(text, seconds);
    return mem_strdup(text);
}

static void add_run(struct table *table, const struct run *run)
{
    enum run_class class = run->class;
    bool failed = class != CLASS_OK && class != CLASS_NONE && class != CLASS_STOPPED &&
                  class != CLASS_INTERRUPTED;

    table_row(table, failed ? outcome_paint(OUTCOME_FAILED) : NULL);
    table_take(table, mem_printf("%" PRIu32, run->seed));
    table_cell(table, variant_names[run->variant]);
    table_number(table, run->attempt);
    table_cell(table, class == CLASS_NONE ? "under way" : class_names[class]);
    table_take(table, say_text(say_value, class == CLASS_OK ? run->value : (double)NAN));
    table_take(table, seconds_text(run->wall_s));
    table_take(table, seconds_text(run->cpu_s));
    table_take(table, say_text(say_rough, run->peak_mib));
    table_cell(table, run->detail != NULL ? run->detail : "");
}

static void write_runs(struct str *out, const struct view *view, int64_t id)
{
    static const char *const heads[] = {"seed", "variant", "attempt",  "class", "value",
                                        "wall", "cpu",     "peak MiB", ""};
    struct table table;

    str_add(out, "\nruns\n");
    table_init(&table, heads, "rlrlrrrrl");
    for (size_t i = 0; i < view->record.n_runs; i++)
        if (view->record.runs[i].experiment == id)
            add_run(&table, &view->record.runs[i]);
    table_write(out, &table, view_has_colour());
    table_clear(&table);
}

static void add_pair(struct table *table, const struct view *view, const struct pair *pair)
{
    const struct facts *facts = &view->facts;
    const struct run *candidate = record_candidate(&view->record, pair);
    bool ok = candidate != NULL && candidate->class == CLASS_OK;

    table_row(table, NULL);
    table_number(table, pair->test);
    table_take(table, mem_printf("%" PRIu32, pair->seed));
    table_number(table, pair->against);
    table_take(table, say_text(say_value, facts_value(facts, pair->against, pair->seed)));
    table_take(table, say_text(say_value, ok ? candidate->value : (double)NAN));
    table_take(table, say_text(say_effect, facts_difference(facts, pair)));
}

static void write_pairs(struct str *out, const struct view *view, int64_t id)
{
    static const char *const heads[] = {"test",      "seed", "against",
                                        "incumbent", "this", "difference"};
    const struct facts *facts = &view->facts;
    struct table table;

    table_init(&table, heads, "rrrrrr");
    for (size_t i = facts->pair_first[id - 1]; i < facts->pair_first[id]; i++) {
        const struct pair *pair = &view->record.pairs[facts->pair_at[i]];
        if (pair->against > 0)
            add_pair(&table, view, pair);
    }
    if (table.n_rows > 0) {
        str_add(out, "\npairs (a positive difference is better)\n");
        table_write(out, &table, false);
    }
    table_clear(&table);
}

static int show_text(const struct view *view, int64_t id, struct err *err)
{
    struct str text = {0};

    write_facts(&text, view, id);
    write_decisions(&text, &view->record, id);
    write_config(&text, view, id);
    write_runs(&text, view, id);
    write_pairs(&text, view, id);
    str_add(&text, "\nfiles of the runs: ");
    str_add_printable(&text, view->place.run_dir, strlen(view->place.run_dir), 4096);
    str_addf(&text, "/runs/%" PRId64 "/\n", id);
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    struct operands operands;
    struct view view;
    int64_t id;

    if (view_operands(&operands, &command_show, arguments, 1, 1, err) != 0 ||
        view_open_parts(&view, operands.study, option_value(&command_show, arguments, "dir"),
                        STORE_RUNS, err) != 0)
        return -1;
    int rc = view_read_id(&id, &view, operands.words[0], err);
    if (rc == 0 && (rc = view_load_config(&view, id, err)) == 0)
        rc = view_load_commits(&view, id, err);
    if (rc == 0)
        rc = option_value(&command_show, arguments, "json") != NULL ? show_json(&view, id, err)
                                                                    : show_text(&view, id, err);
    view_close(&view);
    return rc;
}

static const struct option_row options[] = {
    {"json", 0, NULL,
     "one JSON object: the keys of `log --json`, decisions, runs with metrics, pairs"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    PAGER_OPTION,
    {NULL, 0, NULL, NULL},
};

const struct command command_show = {
    .name = "show",
    .operands = "[STUDY] ID",
    .summary = "all about one experiment",
    .help =
        "Its decision, the tests and confirmations that it went through, config, runs, pairs with\n"
        "their differences, commit, remark, and the command that runs it again.  A run's variant\n"
        "is own, repeat or neighbour (of the noise audit), or salted (a placebo's test).\n"
        "\n"
        "  nightshift show 17\n",
    .options = options,
    .run = run,
};
