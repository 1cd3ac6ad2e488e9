/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "claimed.h"
#include "command.h"
#include "json.h"
#include "mem.h"
#include "recommend.h"
#include "record_past.h"
#include "referee.h"
#include "say.h"
#include "table.h"
#include "view_line.h"

extern const struct command command_best;

/* The config that is meant; before the baseline is recorded, what it will be. */
struct choice {
    int64_t id;
    bool verified;
    double estimate;      /* the model's, of its loss; NAN: the model was not asked */
    struct value *config; /* [space->n], owned */
};

/* What a model of all losses takes for best, 0 where it knows none; *loss: what it expects of it.
 */
static int64_t choose_by_model(double *loss, const struct record *record)
{
    struct past_memory memory = {0};
    struct recommendation best = {0, NAN};
    struct history history;
    int64_t id = 0;

    record_past(&history, &memory, record, (int64_t)record->n_decisions, record_head(record));
    if (recommend(&best, &record->study.space, &history))
        id = memory.ids[best.at];
    *loss = best.loss;
    past_memory_clear(&memory);
    return id;
}

static int choose(struct choice *out, struct view *view, bool head, bool model, struct err *err)
{
    const struct record *record = &view->record;
    size_t n = record->study.space.n;
    int64_t verified = facts_verified(&view->facts);
    int64_t id = head ? record_head(record) : verified;
    double estimate = NAN;

    if (model)
        id = choose_by_model(&estimate, record);
    *out = (struct choice){id > 0 ? id : facts_baseline(&view->facts), id > 0 && id == verified,
                           estimate, NULL};
    out->config = mem_new(n, sizeof *out->config);
    if (record->n_experiments == 0)
        space_start(out->config, &record->study.space);
    else if (view_load_config(view, out->id, err) != 0 ||
             view_load_commits(view, out->id, err) != 0)
        return -1;
    for (size_t i = 0; i < n && record->n_experiments > 0; i++)
        out->config[i] = record->experiments[out->id - 1].config[i];
    return 0;
}

/* Losses to be minimized are what models know; a metric to be maximized is their negative. */
static double as_metric(const struct record *record, double loss)
{
    return record->study.maximize ? -loss : loss;
}

/* As `log --json` shows it, and the mean over its seeds. */
static int print_json(const struct view *view, const struct choice *choice, struct err *err)
{
    struct summary summary = {0, NAN, NAN};
    struct json_line line = {0};

    if (view->record.n_experiments > 0) {
        view_line_experiment(&line, view, choice->id);
        summary = record_summary(&view->record, choice->id);
    } else {
        json_write_integer(json_line_add(&line, "id"), choice->id);
        view_write_config(json_line_add(&line, "params"), &view->facts, choice->config);
    }
    view_write_text(json_line_add(&line, "metric"), view->record.study.metric);
    json_write_number(json_line_add(&line, "value"), summary.mean);
    json_write_number(json_line_add(&line, "se"), summary_se(&summary));
    json_write_bool(json_line_add(&line, "verified"), choice->verified);
    if (isfinite(choice->estimate))
        json_write_number(json_line_add(&line, "model_estimate"),
                          as_metric(&view->record, choice->estimate));
    int rc = view_print_line(&line, err);
    json_line_clear(&line);
    return rc;
}

static void write_title(struct str *out, const struct view *view, const struct choice *choice)
{
    struct summary summary = {0, NAN, NAN};

    if (view->record.n_experiments > 0)
        summary = record_summary(&view->record, choice->id);
    str_addf(out, "experiment %" PRId64 "%s, %s: %s ", choice->id,
             choice->id == 1 ? " (the baseline)" : "",
             choice->verified ? "verified" : "not verified", view->record.study.metric);
    if (summary.n == 0) {
        bool failed = view->record.n_experiments > 0 &&
                      facts_outcome(&view->facts, choice->id) == OUTCOME_FAILED;
        str_add(out, failed ? "none, it failed\n" : "none yet\n");
        return;
    }
    say_mean(out, &summary);
    str_addf(out, " (%zu seed%s)\n", summary.n, summary.n == 1 ? "" : "s");
}

/* By what it is believed: the test that kept it, and what a confirmation has left of that. */
static void write_tests(struct str *out, const struct record *record, int64_t id)
{
    const struct decision *test = claimed_test(record, id);
    const struct decision *confirmation = claimed_confirmation(record, id);

    if (test != NULL) {
        str_addf(out, "at its test against experiment %" PRId32 ": ", test->against);
        say_measured(out, test->mean, test->low, test->high);
        str_addf(out, ", %d pair%s, alpha ", test->n, test->n == 1 ? "" : "s");
        say_rough(out, test->alpha);
        str_add(out, "\n");
    }
    if (confirmation != NULL) {
        str_add(out, "confirmed against the baseline: ");
        say_measured(out, confirmation->mean, confirmation->low, confirmation->high);
        str_addf(out, ", %d pairs on fresh seeds\n", confirmation->n);
    }
}

/* The head is a guess, and said to be one. */
static void write_estimate(struct str *out, const struct record *record, int64_t id)
{
    struct referee referee;
    struct err ignored;
    double sigma_d, gain = NAN;

    if (id != record_head(record) || id == record_incumbent(record))
        return;
    referee_init(&referee);
    if (referee_follow(&referee, record, &ignored) == 0)
        gain = referee_head_gain(&sigma_d, &referee, record);
    referee_clear(&referee);
    if (!isfinite(gain))
        return;
    str_addf(out, "estimated gain over experiment %" PRId64 ": ", record_incumbent(record));
    say_effect(out, gain);
    str_add(out, " (a guess of the search, no test)\n");
}

static void write_model(struct str *out, const struct record *record, const struct choice *choice)
{
    if (!isfinite(choice->estimate))
        return;
    str_add(out, "the model's estimate from all runs: ");
    say_value(out, as_metric(record, choice->estimate));
    str_add(out, " (a guess, no test)\n");
}

static int print_text(const struct view *view, const struct choice *choice, struct err *err)
{
    struct str text = {0};

    write_title(&text, view, choice);
    if (view->record.n_experiments > 0) {
        write_tests(&text, &view->record, choice->id);
        write_estimate(&text, &view->record, choice->id);
        write_model(&text, &view->record, choice);
    }
    view_add_config(&text, &view->record.study.space, choice->config);
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    struct operands operands;
    struct view view;
    struct choice choice;

    bool head = option_value(&command_best, arguments, "head") != NULL;
    bool model = option_value(&command_best, arguments, "model") != NULL;
    if (head && model)
        return err_usage(err, "best: --head or --model, not both");
    if (view_operands(&operands, &command_best, arguments, 0, 0, err) != 0 ||
        view_open_parts(&view, operands.study, option_value(&command_best, arguments, "dir"),
                        STORE_RUNS | (model ? STORE_CONFIGS : 0u), err) != 0)
        return -1;
    int rc = choose(&choice, &view, head, model, err);
    if (rc == 0)
        rc = option_value(&command_best, arguments, "json") != NULL
                 ? print_json(&view, &choice, err)
                 : print_text(&view, &choice, err);
    free(choice.config);
    view_close(&view);
    return rc;
}

static const struct option_row options[] = {
    {"head", 0, NULL, "the search head: what proposals start from, verified or not"},
    {"model", 0, NULL, "what a model of all losses takes for best, verified or not"},
    {"json", 0, NULL, "one JSON object"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {NULL, 0, NULL, NULL},
};

const struct command command_best = {
    .name = "best",
    .operands = "[STUDY]",
    .summary = "the best config that one may trust",
    .help =
        "The verified incumbent, with the test that kept it; before there is one, the baseline,\n"
        "said to be not verified.  --head: what proposals start from; a guess, until a test\n"
        "has verified it.  --model: the one of the least expected loss (mean + SD) by a Gaussian\n"
        "process of all runs; where nothing tests, under `greedy` or in a short night, it is a\n"
        "better guess than the lowest loss that was seen.\n"
        "\n"
        "  nightshift best\n"
        "  nightshift best --json | jq .params > config.json\n",
    .options = options,
    .run = run,
};
