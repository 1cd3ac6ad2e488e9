/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every experiment in order, keeps marked. */
#include <inttypes.h>
#include <math.h>

#include "chart.h"
#include "facts.h"
#include "markdown.h"
#include "mem.h"
#include "say.h"
#include "section.h"

static char *decision_text(const struct facts *facts, int64_t experiment)
{
    static const char *const marks[] = {".", "+", "-", "x"};
    enum outcome outcome = facts_outcome(facts, experiment);

    return mem_printf("%s %s", marks[outcome], outcome_name(outcome));
}

static char *effect_text(const struct decision *decision)
{
    struct str text = {0};

    if (decision != NULL)
        say_measured(&text, decision->mean, decision->low, decision->high);
    else
        str_add(&text, "-");
    return str_take(&text);
}

static char *mean_text(const struct summary *summary)
{
    struct str text = {0};

    say_mean(&text, summary);
    return str_take(&text);
}

static void write_row(struct str *out, const struct facts *facts, const struct experiment *e)
{
    const struct decision *decision = record_decision(facts->record, e->id);
    struct summary summary = record_summary(facts->record, e->id);

    str_addf(out, "| %" PRId64 " ", e->id);
    markdown_take(out, decision_text(facts, e->id));
    markdown_take(out, mean_text(&summary));
    str_addf(out, "| %zu ", summary.n);
    markdown_take(out, effect_text(decision));
    markdown_take(out, e->against > 0 ? mem_printf("%" PRId64, e->against) : mem_strdup("-"));
    markdown_take(out, facts_change(facts, e->id));
    markdown_cell(out, decision != NULL && decision->reason != NULL ? decision->reason : "-");
    markdown_cell(out, e->remark != NULL ? e->remark : "");
    markdown_end(out);
}

static int write(struct str *out, const struct record *record, struct store *store, struct err *err)
{
    static const char *const heads[] = {"id",   "decision", "mean",   "seeds", "effect",
                                        "from", "change",   "reason", "remark"};
    struct facts facts;

    (void)store;
    (void)err;
    facts_init(&facts, record);
    chart_history(out, &facts);
    str_add(out,
            "The mean is over the seeds that ended well. The effect is paired with the incumbent "
            "that the test ran against, positive is better; what stands in brackets is its "
            "interval.\n\n");
    markdown_head(out, heads, "rlrrrrlll");
    for (size_t i = 0; i < record->n_experiments; i++)
        write_row(out, &facts, &record->experiments[i]);
    facts_clear(&facts);
    return 0;
}

const struct section section_history = {
    .name = "history",
    .title = "What was tried?",
    .empty = "No experiment yet.",
    .write = write,
};
