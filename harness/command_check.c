/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "confine.h"
#include "cost.h"
#include "early_text.h"
#include "executor.h"
#include "filesystem.h"
#include "json.h"
#include "mem.h"
#include "place.h"
#include "placeholder.h"
#include "proposer.h"
#include "sandbox.h"
#include "site_session.h"
#include "source.h"
#include "study.h"
#include "table.h"
#include "view.h"

static const struct option_row options[] = {
    {"json", 0, NULL, "one JSON object: the study as it was understood"},
    {NULL, 0, NULL, NULL},
};

extern const struct command command_check;

/* All that is known about the study before a run. */
struct checked {
    struct place place;
    struct study study;
    char *program;   /* the trainer that would be started */
    char *proposer;  /* the program that would be asked for proposals; NULL: none */
    char source[41]; /* commit that the trainer would be built from; "": it is not */
    json_t *notes;   /* texts: allowed, but perhaps not what was meant */
};

static void checked_clear(struct checked *c)
{
    json_decref(c->notes);
    free(c->program);
    free(c->proposer);
    study_clear(&c->study);
    place_clear(&c->place);
}

/* --- what a run would need -------------------------------------------------------------------- */

static size_t count_searched(const struct space *space)
{
    size_t n = 0;

    for (size_t i = 0; i < space->n; i++)
        n += param_is_searched(&space->params[i]);
    return n;
}

static int check_files(const struct checked *c, struct err *err)
{
    for (size_t i = 0; i < c->study.n_files; i++) {
        char *path = path_join(c->place.study_dir, c->study.files[i]);
        bool there = file_exists(path);
        if (!there)
            err_usage(err, "%s: input '%s' does not exist (looked for '%s')", c->place.study_path,
                      c->study.files[i], path);
        free(path);
        if (!there)
            return -1;
    }
    return 0;
}

/* What a study with patches needs: the program that judges, and the source in git. */
static int check_source(struct checked *c, struct err *err)
{
    const struct study *study = &c->study;
    struct ledger *source = NULL;
    char *evaluator = NULL;
    int rc = 0;

    if (study->n_evaluate > 0)
        rc = executor_find_named(&evaluator, "evaluation", study->evaluate[0], c->place.study_dir,
                                 err);
    if (rc == 0 && study->source.binary != NULL)
        rc = source_open(&source, &study->source, c->place.study_dir, err);
    if (rc == 0 && source != NULL)
        rc = source_resolve(source, c->source, &study->source, err);
    ledger_close(source);
    free(evaluator);
    return rc != 0 ? err_wrap(err, "%s", c->place.study_path) : 0;
}

static bool command_mentions(const struct study *study, enum placeholder kind, const char *name)
{
    size_t len;

    for (size_t i = 0; i < study->n_command; i++) {
        const char *p = study->command[i];
        for (; (p = placeholder_find(&len, p)) != NULL; p += len)
            if (placeholder_kind(p + 1, len - 2) == kind &&
                (name == NULL || (strlen(name) == len - 2 && memcmp(p + 1, name, len - 2) == 0)))
                return true;
    }
    return false;
}

static void add_note(struct checked *c, char *text)
{
    json_array_append_new(c->notes, json_string(text));
    free(text);
}

static void note_unseen_parameters(struct checked *c)
{
    const struct study *study = &c->study;

    if (command_mentions(study, PLACEHOLDER_CONFIG, NULL) ||
        command_mentions(study, PLACEHOLDER_ARGS, NULL))
        return;
    for (size_t i = 0; i < study->space.n; i++) {
        const char *name = study->space.params[i].name;
        if (!command_mentions(study, PLACEHOLDER_PARAMETER, name))
            add_note(c, mem_printf("parameter '%s' is not in the command: without {%s}, {args} or "
                                   "{config} the trainer must read config.json in its folder",
                                   name, name));
    }
}

/* "python3 train.py": the script must lie beside the study, since runs have folders of their own.
 */
static void note_missing_script(struct checked *c)
{
    const char *word = c->study.n_command > 1 ? c->study.command[1] : "";
    size_t len;

    if (*word == '-' || strpbrk(word, "./") == NULL || placeholder_find(&len, word) != NULL)
        return;
    char *path = path_join(c->place.study_dir, word);
    if (!file_exists(path))
        add_note(c, mem_printf("'%s' does not exist beside the study file", word));
    free(path);
}

static void note_policy(struct checked *c)
{
    const struct policy *policy = &c->study.policy;
    struct err err = {0};
    char *program = NULL;

    if (policy->n_notify > 0 &&
        executor_find_program(&program, policy->notify[0], c->place.study_dir, &err) != 0)
        add_note(c, mem_printf("nobody would be told: '%s' of `notify` is no program here",
                               policy->notify[0]));
    free(program);
    if (sandbox_check(&c->study, &err) != 0)
        add_note(c, mem_strdup(err.text));
}

/* What the queue of the study lacks here, and what keeps it from being used. */
static void note_executor(struct checked *c)
{
    const struct executor *executor;
    struct err err = {0};

    if (site_choose(&executor, &c->study, NULL, &err) != 0)
        add_note(c, mem_printf("its runs could not be queued from here: %s", err.text));
    if (filesystem_refuse(c->place.run_dir, &err) != 0)
        add_note(c, mem_strdup(err.text));
    if (site_jobs(&c->study) > 1 && c->study.executor.concurrency > 4 * c->study.lookahead)
        add_note(c, mem_printf("no more than a few runs of each of %d experiments (lookahead) are "
                               "wanted at a time: concurrency %d is never reached",
                               c->study.lookahead, c->study.executor.concurrency));
}

static void find_notes(struct checked *c)
{
    const struct study *study = &c->study;

    note_missing_script(c);
    note_unseen_parameters(c);
    if (!command_mentions(study, PLACEHOLDER_SEED, NULL))
        add_note(c, mem_strdup("the command has no {seed}: runs of one config differ only by what "
                               "the trainer draws itself"));
    note_policy(c);
    note_executor(c);
    if (isinf(study->timeout_s))
        add_note(c, mem_strdup("trainer.timeout is not given: a run that hangs is never ended"));
    if (study->strategy->outside && !confine_possible())
        add_note(c,
                 mem_strdup("this kernel has no Landlock: what the program, and a trainer that it "
                            "patched, write is noticed, not prevented"));
    if (count_searched(&study->space) == 0 && study->source.binary == NULL)
        add_note(c, mem_strdup("no parameter is searched: the baseline is all there is to run"));
    if (study->run_cap == 0 && isnan(study->hours) && study->until == NULL &&
        strcmp(study->strategy->name, "grid") != 0 && study->strategy != &strategy_none)
        add_note(c, mem_strdup("no run_cap, hours or until: a study ends when you stop it"));
}

static int check_study(struct checked *c, const char *word, struct err *err)
{
    *c = (struct checked){.notes = json_array()};
    if (place_find(&c->place, word, NULL, err) != 0)
        return -1;
    if (c->place.study_path == NULL)
        return err_usage(err, "check: the study file of '%s' is not where it was", c->place.name);
    if (study_read(&c->study, c->place.study_path, err) != 0)
        return -1;
    if (executor_find_program(&c->program, c->study.command[0], c->place.study_dir, err) != 0)
        return err_wrap(err, "%s", c->place.study_path);
    if (proposer_find_program(&c->proposer, &c->study, c->place.study_dir, err) != 0)
        return err_wrap(err, "%s", c->place.study_path);
    if (check_files(c, err) != 0 || check_source(c, err) != 0)
        return -1;
    find_notes(c);
    return 0;
}

/* --- as a table ------------------------------------------------------------------------------- */

static const char *distribution_word(const struct param *param)
{
    if (param->distribution != NULL)
        return param->distribution->name;
    return !param_is_searched(param) ? "constant" : param->ordinal ? "ordinal" : "categorical";
}

static char *values_text(const struct value *values, size_t n)
{
    struct str out = {NULL, 0};

    for (size_t i = 0; i < n; i++) {
        str_add(&out, i > 0 ? ", " : "");
        value_print(&out, &values[i]);
    }
    return str_take(&out);
}

static char *range_text(const struct param *param)
{
    char low[NUMBER_TEXT], high[NUMBER_TEXT], step[NUMBER_TEXT];

    if (!param_is_searched(param))
        return mem_strdup("");
    if (param->distribution == NULL)
        return values_text(param->values, param->n_values);
    number_text(low, param->min);
    number_text(high, param->max);
    if (param->distribution->takes_q)
        return mem_printf("%s to %s, step %s", low, high, number_text(step, param->q));
    return mem_printf("%s to %s", low, high);
}

static char *when_text(const struct space *space, const struct param *param)
{
    if (param->when < 0)
        return mem_strdup("");
    char *values = values_text(param->when_values, param->n_when);
    char *text = mem_printf("%s: %s", space->params[param->when].name, values);
    free(values);
    return text;
}

static void add_params(struct str *out, const struct space *space)
{
    static const char *const heads[] = {"PARAMETER", "DISTRIBUTION", "RANGE",
                                        "START",     "WHEN",         NULL};
    struct table table;

    table_init(&table, heads, "lllll");
    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        table_row(&table, NULL);
        table_cell(&table, param->name);
        table_cell(&table, distribution_word(param));
        table_take(&table, range_text(param));
        table_take(&table, values_text(&param->start, 1));
        table_take(&table, when_text(space, param));
    }
    table_write(out, &table, view_has_colour());
    table_clear(&table);
}

static void add_space(struct str *out, const struct space *space)
{
    char cells[NUMBER_TEXT];
    size_t n = count_searched(space);

    str_addf(out, "%zu parameter%s searched; ", n, n == 1 ? " is" : "s are");
    if (isinf(space_combinations(space)))
        str_add(out, "the space is continuous");
    else
        str_addf(out, "at most %s different configs",
                 number_short(cells, space_combinations(space), 9));
    str_addf(out, "; %zu constraint%s\n", space->n_constraints,
             space->n_constraints == 1 ? "" : "s");
}

static void add_plan(struct str *out, const struct study *study)
{
    char *strategy = strategy_describe(study->strategy, &study->space, (size_t)study->planned, 0);

    str_addf(out, "strategy %s\n", strategy);
    str_addf(out, "seed %llu; %d run%s at a time\n", (unsigned long long)study->seed, study->jobs,
             study->jobs == 1 ? "" : "s");
    if (study->n_enqueued > 0)
        str_addf(out, "%zu config%s of your own come%s first\n", study->n_enqueued,
                 study->n_enqueued == 1 ? "" : "s", study->n_enqueued == 1 ? "s" : "");
    free(strategy);
    cost_write(out, study, study->run_cap);
    if (study->early.kind == NULL)
        return;
    str_add(out, "candidates are ended early: ");
    early_write_rule(out, &study->early);
    str_add(out, "\n");
}

static int print_table(const struct checked *c, struct err *err)
{
    struct str out = {NULL, 0};
    const json_t *note;
    size_t i;

    str_addf(&out, "study %s is sound: %s %s\n", c->study.name,
             c->study.maximize ? "maximize" : "minimize", c->study.metric);
    str_addf(&out, "trainer %s\n", c->program);
    if (c->proposer != NULL)
        str_addf(&out, "asks %s for each proposal\n", c->proposer);
    if (c->source[0] != '\0')
        str_addf(&out, "built from %s\n", c->source);
    str_add(&out, "\n");
    add_params(&out, &c->study.space);
    str_add(&out, "\n");
    add_space(&out, &c->study.space);
    add_plan(&out, &c->study);
    json_array_foreach (c->notes, i, note)
        str_addf(&out, "note: %s\n", json_string_value(note));
    int rc = view_print(&out, err);
    str_clear(&out);
    return rc;
}

/* --- as JSON ---------------------------------------------------------------------------------- */

static json_t *cost_json(const struct study *study)
{
    struct cost c;

    cost_estimate(&c, study, study->run_cap);
    return json_pack("{s:I, s:[I, I], s:I, s:I, s:o, s:o}", "baseline", (json_int_t)c.baseline,
                     "proposal", (json_int_t)c.proposal_least, (json_int_t)c.proposal_most, "test",
                     (json_int_t)c.test, "end", (json_int_t)c.end, "least",
                     c.least > 0 ? json_integer(c.least) : json_null(), "most",
                     c.most > 0 ? json_integer(c.most) : json_null());
}

static int print_json(const struct checked *c, struct err *err)
{
    struct str spec = {NULL, 0};
    char sha[SHA256_TEXT];
    json_t *object = NULL, *parsed = NULL;

    study_write_spec(&spec, &c->study);
    sha256_bytes(sha, spec.at, spec.len);
    int rc = json_read(&parsed, spec.at, spec.len, "spec", err);
    if (rc == 0) {
        object =
            json_pack("{s:o, s:s, s:s, s:o, s:s, s:i, s:o, s:O}", "runs", cost_json(&c->study),
                      "path", c->place.study_path, "trainer", c->program, "spec", parsed, "sha256",
                      sha, "searched", (int)count_searched(&c->study.space), "cells",
                      json_number_or_null(space_combinations(&c->study.space)), "notes", c->notes);
        rc = view_print_json(object, err);
    }
    json_decref(object);
    str_clear(&spec);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    const char *word = arguments->n_words > 0 ? arguments->words[0] : NULL;
    struct checked checked;
    int status;

    if (arguments->n_words > 1)
        return err_usage(err, "check: one STUDY at a time ('%s' is too many)", arguments->words[1]);
    status = check_study(&checked, word, err);
    if (status == 0)
        status = option_value(&command_check, arguments, "json") != NULL
                     ? print_json(&checked, err)
                     : print_table(&checked, err);
    checked_clear(&checked);
    return status;
}

const struct command command_check = {
    .name = "check",
    .operands = "[STUDY]",
    .summary = "read a study file, say what it means, create nothing",
    .help = "Every mistake in the file is one line with its place (file:line:column) and exit\n"
            "status 2; a strategy that cannot search the space is one.  The trainer's program and\n"
            "the files under `files` must exist.  A note is no mistake: the study can run, but "
            "perhaps\n"
            "not as it was meant.\n"
            "\n"
            "  nightshift check kjv.yaml\n"
            "  nightshift check kjv.yaml --json | jq .notes\n",
    .options = options,
    .run = run,
};
