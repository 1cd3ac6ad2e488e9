/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every experiment in order with what became of it, and the tests that stand apart from them. */
#include <inttypes.h>
#include <math.h>

#include "chart.h"
#include "claim.h"
#include "facts.h"
#include "fate.h"
#include "markdown.h"
#include "mem.h"
#include "say.h"
#include "section.h"
#include "thin.h"

static char *mean_text(const struct summary *summary)
{
    struct str text = {0};

    say_mean(&text, summary);
    return str_take(&text);
}

static void write_id(struct str *out, int64_t id)
{
    struct str text = {0};

    say_id(&text, id);
    markdown_take(out, str_take(&text));
}

static void write_row(struct str *out, const struct facts *facts, const struct experiment *e)
{
    const struct decision *decision = record_decision(facts->record, e->id);
    struct summary summary = record_summary(facts->record, e->id);

    str_addf(out, "| %" PRId32 " ", e->id);
    markdown_take(out, fate_text(facts->record, e->id));
    markdown_take(out, mean_text(&summary));
    str_addf(out, "| %zu ", summary.n);
    claim_cells(out, decision);
    write_id(out, decision != NULL ? decision->against : 0);
    write_id(out, e->against);
    markdown_take(out, facts_change(facts, e->id));
    markdown_cell(out, decision != NULL && decision->reason != NULL ? decision->reason : "-");
    markdown_cell(out, e->remark != NULL ? e->remark : "");
    markdown_end(out);
}

static void write_left_out(struct str *out, const struct thin *thin)
{
    if (thin->n == thin->all)
        return;
    thin_write(out, thin);
    str_add(out, "All stand in data/history.csv; `nightshift log` lists them.\n\n");
}

static void write_experiments(struct str *out, const struct facts *facts)
{
    static const char *const heads[] = {"id",      "became", "mean",   "seeds",  "effect", "by",
                                        "against", "from",   "change", "reason", "remark"};
    struct thin thin;

    str_add(out,
            "The mean is over the seeds that ended well; positive effects are better. By a test: "
            "paired with the config that it ran against, the interval in brackets. By untested "
            "runs: an estimate, with its standard error where one is known.\n\n");
    thin_choose(&thin, facts->record, THIN_TABLE);
    write_left_out(out, &thin);
    markdown_head(out, heads, "rlrrrlrrlll");
    for (size_t i = 0; i < facts->record->n_experiments; i++)
        if (thin_shows(&thin, i))
            write_row(out, facts, &facts->record->experiments[i]);
    thin_clear(&thin);
}

/* --- tests that are no experiment's own decision -------------------------------------------- */

static bool stands_apart(const struct record *record, const struct decision *d)
{
    return record->experiments[d->experiment - 1].decision != d->number;
}

static const char *verdict_text(const struct decision *d)
{
    if (d->kind == DECISION_VERIFY && d->verdict == OUTCOME_KEEP)
        return "+ verified";
    if (d->kind == DECISION_PLACEBO && d->verdict == OUTCOME_KEEP)
        return "taken for better";
    if (d->kind == DECISION_CONFIRM && d->verdict == OUTCOME_KEEP)
        return "confirmed";
    return d->kind == DECISION_CONFIRM ? "not confirmed" : outcome_name(d->verdict);
}

static void write_test(struct str *out, const struct decision *d)
{
    str_addf(out, "| %" PRId32 " ", d->number);
    markdown_cell(out, decision_kind_names[d->kind]);
    write_id(out, d->experiment);
    write_id(out, d->against);
    markdown_cell(out, verdict_text(d));
    claim_cells(out, d);
    markdown_cell(out, d->reason != NULL ? d->reason : "-");
    markdown_end(out);
}

static void write_tests(struct str *out, const struct record *record)
{
    static const char *const heads[] = {"decision", "kind",   "experiment", "against",
                                        "verdict",  "effect", "by",         "reason"};
    size_t n = 0;

    for (size_t i = 0; i < record->n_decisions; i++)
        n += stands_apart(record, &record->decisions[i]);
    if (n == 0)
        return;
    str_add(out,
            "\n### Tests\n\nOn seeds that nothing else has used. A placebo's test runs a config "
            "against itself, under other seeds.\n\n");
    markdown_head(out, heads, "rlrrlrll");
    for (size_t i = 0; i < record->n_decisions; i++)
        if (stands_apart(record, &record->decisions[i]))
            write_test(out, &record->decisions[i]);
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    (void)store;
    (void)err;
    chart_history(out, facts);
    if (facts->record->study.procedure == PROCEDURE_GREEDY)
        str_add(out, "No keep of this study was ever tested.\n\n");
    write_experiments(out, facts);
    write_tests(out, facts->record);
    return 0;
}

const struct section section_history = {
    .name = "history",
    .title = "What was tried?",
    .empty = "No experiment yet.",
    .write = write,
};
