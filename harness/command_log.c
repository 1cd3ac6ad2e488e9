/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "mem.h"
#include "pager.h"
#include "refusals.h"
#include "say.h"
#include "table.h"
#include "verdicts.h"
#include "view_line.h"

extern const struct command command_log;

enum { REASON_WIDTH = 100, WIDE = 120, FEW = 500 /* configs that are read one by one */ };

/* The mean, with its standard error where there is room. */
static char *mean_text(const struct view *view, int64_t id, bool wide, size_t *n)
{
    struct summary summary = record_summary(&view->record, id);
    struct str text = {0};

    if (wide)
        say_mean(&text, &summary);
    else
        say_value(&text, summary.mean);
    *n = summary.n;
    return str_take(&text);
}

static char *change_text(const struct view *view, int64_t id)
{
    if (view->record.experiments[id - 1].purpose == PURPOSE_PLACEBO)
        return mem_strdup("placebo");
    return facts_change(&view->facts, id);
}

static char *decision_text(const struct view *view, int64_t id)
{
    enum outcome outcome = facts_outcome(&view->facts, id);
    bool verified = view->record.experiments[id - 1].verified;

    return mem_printf("%c %s", outcome_mark(outcome),
                      verified ? "verified" : outcome_name(outcome));
}

static void add_experiment(struct table *table, const struct view *view, int64_t id, bool wide,
                           bool remarks)
{
    const char *remark = view->record.experiments[id - 1].remark;
    const struct decision *d = record_decision(&view->record, id);
    const char *commit = record_commit(&view->record, id);
    size_t n;
    char *mean = mean_text(view, id, wide, &n);

    table_row(table, outcome_paint(facts_outcome(&view->facts, id)));
    table_number(table, id);
    table_take(table, decision_text(view, id));
    table_take(table, mean);
    table_number(table, (long long)n);
    table_take(table, verdicts_effect(d));
    table_take(table, change_text(view, id));
    if (wide) {
        table_cell(table, d != NULL && d->reason != NULL ? d->reason : "-");
        table_take(table, mem_printf("%.7s", commit != NULL ? commit : "-"));
    }
    if (remarks)
        table_take(table, text_shorten(remark != NULL ? remark : "", REASON_WIDTH));
}

static int print_table(const struct table *table, struct err *err)
{
    struct str text = {0};

    table_write(&text, table, view_has_colour());
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

static int print_refusals(const struct record *record, int64_t first, struct err *err)
{
    struct str text = {0};

    refusals_write_log(&text, record, first);
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

static bool has_remarks(const struct record *record, int64_t first)
{
    for (size_t i = (size_t)first - 1; i < record->n_experiments; i++)
        if (record->experiments[i].remark != NULL)
            return true;
    return false;
}

/* Which columns there are depends on the room; that of remarks is there only where somebody made
 * one. */
static const struct {
    bool wide, remarks;
    const char *heads[10], *align, *yields;
} layouts[] = {
    {false, false, {"id", "decision", "mean", "n", "effect", "change"}, "rlrrll", "    21"},
    {false,
     true,
     {"id", "decision", "mean", "n", "effect", "change", "remark"},
     "rlrrlll",
     "    321"},
    {true,
     false,
     {"id", "decision", "mean", "n", "effect", "change", "reason", "commit"},
     "rlrrllll",
     "    321 "},
    {true,
     true,
     {"id", "decision", "mean", "n", "effect", "change", "reason", "commit", "remark"},
     "rlrrlllll",
     "    432 1"},
};

static int log_table(const struct view *view, int64_t first, struct err *err)
{
    size_t width = view_columns(), i = 0;
    bool remarks = has_remarks(&view->record, first), wide = width >= WIDE;
    struct table table;

    while (layouts[i].wide != wide || layouts[i].remarks != remarks)
        i++;
    table_init(&table, layouts[i].heads, layouts[i].align);
    for (int64_t id = first; id <= (int64_t)view->record.n_experiments; id++)
        add_experiment(&table, view, id, wide, remarks);
    table_fit(&table, width, layouts[i].yields);
    int rc = print_table(&table, err);
    table_clear(&table);
    if (rc == 0 && view->record.study.strategy->outside)
        rc = print_refusals(&view->record, first, err);
    return rc;
}

static int log_json(const struct view *view, int64_t first, struct err *err)
{
    struct json_line line = {0};
    int rc = 0;

    for (int64_t id = first; rc == 0 && id <= (int64_t)view->record.n_experiments; id++) {
        json_line_begin(&line);
        view_line_experiment(&line, view, id);
        refusals_add_experiment(&line, &view->record, id);
        rc = view_print_line(&line, err);
    }
    json_line_clear(&line);
    return rc;
}

static int decisions_json(const struct view *view, size_t first, struct err *err)
{
    struct json_line line = {0};
    int rc = 0;

    for (size_t i = first; rc == 0 && i < view->record.n_decisions; i++) {
        json_line_begin(&line);
        verdicts_line(&line, &view->record, &view->record.decisions[i]);
        rc = view_print_line(&line, err);
    }
    json_line_clear(&line);
    return rc;
}

static int decisions_table(const struct view *view, size_t first, struct err *err)
{
    size_t width = view_columns();
    bool wide = width >= WIDE;
    struct table table;

    verdicts_init(&table, wide);
    for (size_t i = first; i < view->record.n_decisions; i++)
        verdicts_add(&table, &view->record, &view->record.decisions[i], wide);
    verdicts_fit(&table, width, wide);
    int rc = print_table(&table, err);
    table_clear(&table);
    return rc;
}

/* What is asked for. */
struct wanted {
    bool json, decisions;
    unsigned long long last; /* so many rows at most */
};

static int read_wanted(struct wanted *out, const struct arguments *arguments, struct err *err)
{
    const char *last = option_value(&command_log, arguments, "last");

    *out = (struct wanted){.json = option_value(&command_log, arguments, "json") != NULL,
                           .decisions = option_value(&command_log, arguments, "decisions") != NULL,
                           .last = INT64_MAX};
    if (last != NULL && !integer_read(&out->last, last, INT64_MAX))
        return err_usage(err, "log: -n '%s' is not a whole number", last);
    return 0;
}

/* Parts of the record that are shown, but for the configs of a few. */
static unsigned parts_of(const struct wanted *wanted)
{
    bool configs = !wanted->decisions && wanted->last > FEW;
    bool commits = wanted->json || view_columns() >= WIDE;

    return (configs ? STORE_CONFIGS : 0u) | (wanted->decisions ? STORE_DETAILS : STORE_VALUES) |
           (commits ? STORE_COMMITS : 0u);
}

static int load_few(struct view *view, int64_t first, struct err *err)
{
    int rc = 0;

    for (int64_t id = first; rc == 0 && id <= (int64_t)view->record.n_experiments; id++)
        rc = view_load_config(view, id, err);
    return rc;
}

static int print(struct view *view, const struct wanted *wanted, struct err *err)
{
    size_t total = wanted->decisions ? view->record.n_decisions : view->record.n_experiments;
    size_t skip = wanted->last < total ? total - (size_t)wanted->last : 0;
    int64_t first = (int64_t)skip + 1;

    if (wanted->decisions)
        return wanted->json ? decisions_json(view, skip, err) : decisions_table(view, skip, err);
    if (wanted->last <= FEW && load_few(view, first, err) != 0)
        return -1;
    return wanted->json ? log_json(view, first, err) : log_table(view, first, err);
}

static int run(const struct arguments *arguments, struct err *err)
{
    struct operands operands;
    struct wanted wanted;
    struct view view;

    if (view_operands(&operands, &command_log, arguments, 0, 0, err) != 0 ||
        read_wanted(&wanted, arguments, err) != 0 ||
        view_open_parts(&view, operands.study, option_value(&command_log, arguments, "dir"),
                        parts_of(&wanted), err) != 0)
        return -1;
    int rc = print(&view, &wanted, err);
    view_close(&view);
    return rc;
}

static const struct option_row options[] = {
    {"json", 0, NULL, "one JSON object an experiment, one a line"},
    {"decisions", 0, NULL, "every decision, oldest first, instead of every experiment"},
    {"last", 'n', "N", "only the last N"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    PAGER_OPTION,
    {NULL, 0, NULL, NULL},
};

const struct command command_log = {
    .name = "log",
    .operands = "[STUDY]",
    .summary = "what was tried, and what became of it",
    .help =
        "One line an experiment: its decision (+ keep: the search goes on from it, + verified: a\n"
        "test kept it, - revert, x failed, . pending), the mean over its n good seeds, the effect\n"
        "against the head or incumbent of that time with its interval (positive is better), what\n"
        "it changed.  From 120 columns on with standard errors, why it was decided, and its "
        "commit;\n"
        "COLUMNS=200 makes a pipe as wide.\n"
        "\n"
        "Below the table: what an outside program (search.strategy exec) proposed in vain, and "
        "why.\n"
        "\n"
        "--decisions: every decision, oldest first, so every test too.  kind is head (of the\n"
        "search), verify (a test of the head), placebo or confirm; level is the test's alpha, and\n"
        "a decision without one was no test; best is the verified incumbent after it.\n"
        "\n"
        "  nightshift log -n 20\n"
        "  nightshift log --decisions --json | jq 'select(.kind == \"verify\") | {alpha, "
        "verdict}'\n"
        "  nightshift log --json | jq 'select(.decision == \"keep\") | {id, effect}'\n",
    .options = options,
    .run = run,
};
