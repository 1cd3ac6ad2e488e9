/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was found: the best verified config against the baseline, and nothing that was not measured.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "facts.h"
#include "markdown.h"
#include "mem.h"
#include "say.h"
#include "section.h"

#define USUAL_POWER 0.8

static void write_mean(struct str *out, const struct facts *facts, int64_t experiment)
{
    struct summary s = record_summary(facts->record, experiment);

    markdown_text(out, facts->record->study.metric);
    str_add(out, " ");
    say_mean(out, &s);
    str_addf(out, " (%zu seed%s)", s.n, s.n == 1 ? "" : "s");
}

static char *value_text(const struct value *value)
{
    struct str text = {0};

    value_print(&text, value);
    return str_take(&text);
}

/* One row for each parameter in which the best config differs from the baseline. */
static void write_changes(struct str *out, const struct record *record, int64_t best)
{
    static const char *const heads[] = {"parameter", "baseline", "best"};
    const struct space *space = &record->study.space;
    const struct value *from = record->experiments[0].config;
    const struct value *to = record->experiments[best - 1].config;

    markdown_head(out, heads, "lrr");
    for (size_t i = 0; i < space->n; i++) {
        if (value_same(&from[i], &to[i]))
            continue;
        markdown_cell(out, space->params[i].name);
        markdown_take(out, value_text(&from[i]));
        markdown_take(out, value_text(&to[i]));
        markdown_end(out);
    }
    str_add(out, "\n");
}

static void write_step(struct str *out, const struct facts *facts, const struct decision *d)
{
    const char *commit = record_commit(facts->record, d->experiment);
    struct str interval = {0};

    say_interval(&interval, d->low, d->high);
    str_addf(out, "| %" PRId64 " | %" PRId64 " ", d->experiment, d->against);
    markdown_take(out, facts_change(facts, d->experiment));
    markdown_take(out, say_text(say_effect, d->mean));
    markdown_take(out, str_take(&interval));
    str_addf(out, "| %d | %.7s ", d->n, commit != NULL ? commit : "-");
    markdown_end(out);
}

static size_t write_line_of_keeps(struct str *out, const struct facts *facts)
{
    static const char *const heads[] = {"experiment", "against", "change", "effect",
                                        "interval",   "pairs",   "commit"};
    const struct record *record = facts->record;
    size_t unclaimed = 0;

    str_add(out,
            "Each step of the line was tested on its own, paired by seed; an effect above zero "
            "is better.\n\n");
    markdown_head(out, heads, "rrlrrrl");
    for (size_t i = 0; i < record->n_decisions; i++) {
        const struct decision *d = &record->decisions[i];
        if (d->verdict != OUTCOME_KEEP || !d->verified || d->against == 0)
            continue;
        unclaimed += !decision_is_claim(d);
        write_step(out, facts, d);
    }
    str_add(out, "\n");
    return unclaimed;
}

static void write_difference(struct str *out, const struct comparison *c)
{
    str_add(out, c->low > 0 ? "better by " : "no difference can be claimed: ");
    say_effect(out, c->mean);
    str_add(out, ", interval ");
    say_interval(out, c->low, c->high);
}

/* The steps may not be added up, but the two ends may be compared: on the seeds that both ran, or
 * else by their means. */
static void write_total_unpaired(struct str *out, const struct facts *facts, int64_t best)
{
    int64_t baseline = facts_baseline(facts);
    struct summary base = record_summary(facts->record, baseline);
    struct summary s = record_summary(facts->record, best);
    struct comparison c;

    facts_compare_means(&c, facts, baseline, best);
    str_add(out, "Against the baseline as a whole: ");
    if (isfinite(c.low)) {
        write_difference(out, &c);
        str_addf(out, " (%zu and %zu seeds, not paired, Welch's t). ", s.n, base.n);
    } else {
        str_add(out, "not known, for want of seeds. ");
    }
    str_add(out,
            "The two were never run on the same seeds: each step was tested against the "
            "incumbent of its time on seeds of its own, so the steps' effects may not be added "
            "up. To measure it, run both configs on the same fresh seeds (the config files lie "
            "beside their runs) and compare seed by seed.\n\n");
}

static void write_total(struct str *out, const struct facts *facts, int64_t best)
{
    int64_t baseline = facts_baseline(facts);
    const struct decision *own = facts_decision_between(facts, best, baseline);
    struct comparison c;

    facts_compare(&c, facts, baseline, best);
    if (own != NULL)
        c = (struct comparison){(size_t)own->n, own->mean, own->sd, own->low, own->high};
    if (own == NULL && !isfinite(c.low)) {
        write_total_unpaired(out, facts, best);
        return;
    }
    str_add(out, "Against the baseline: ");
    write_difference(out, &c);
    str_addf(out, ", %zu %s%s.\n\n", c.n, own != NULL ? "pair" : "common seed",
             c.n == 1 ? "" : "s");
}

static void write_what_an_interval_means(struct str *out, const struct study *study)
{
    double alpha = study->rule.alpha;
    char level[NUMBER_TEXT], text[NUMBER_TEXT];

    str_addf(out,
             "What the interval means: level %s %% (1 - 2 alpha, alpha = %s), from the test's own "
             "stage-wise order where a test decided. It is made from the very pairs that decided, "
             "so for keeps it is "
             "optimistic: among many candidates, those that were kept are also those that were "
             "lucky. Expect the true effect nearer to zero.\n",
             number_short(level, 100 * (1 - 2 * alpha), 3), number_text(text, alpha));
}

static void write_best(struct str *out, const struct facts *facts, int64_t best)
{
    const struct record *record = facts->record;

    str_addf(out, "**Experiment %" PRId64 " is the best verified config**: ", best);
    write_mean(out, facts, best);
    str_add(out, "; the baseline: ");
    write_mean(out, facts, facts_baseline(facts));
    str_add(out, ". The two means are over different seeds; what was compared stands below.\n\n");
    write_changes(out, record, best);
    if (write_line_of_keeps(out, facts) > 0)
        str_add(out,
                "A step whose interval is unknown or holds zero is no claim: see its reason in "
                "the history.\n\n");
    write_total(out, facts, best);
    write_what_an_interval_means(out, &record->study);
}

static size_t count_tested(const struct record *record)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_decisions; i++)
        n += record->decisions[i].against > 0 && record->decisions[i].verdict != OUTCOME_FAILED;
    return n;
}

static void write_smallest(struct str *out, const struct facts *facts)
{
    const struct study *study = &facts->record->study;
    size_t df;
    double sd = facts_pair_sd(facts, &df);
    double least = facts_smallest_gain(study, sd, USUAL_POWER);

    if (!isfinite(least)) {
        str_add(out,
                "How small an effect this study could have seen is not known: no candidate ran "
                "on two pairs.\n");
        return;
    }
    str_add(out, "A gain of ");
    say_rough(out, least);
    str_addf(out, " would have been kept with probability %g (SD of one paired difference ",
             USUAL_POWER);
    say_rough(out, sd);
    str_addf(out, ", %zu degrees of freedom); smaller ones may well have been missed.\n", df);
}

static void write_nothing(struct str *out, const struct facts *facts)
{
    size_t tested = count_tested(facts->record);
    int64_t baseline = facts_baseline(facts);

    if (facts_outcome(facts, baseline) != OUTCOME_KEEP) {
        bool failed = facts_outcome(facts, baseline) == OUTCOME_FAILED;
        str_addf(out,
                 "Nothing: the baseline (experiment %" PRId64 ") %s, so there is nothing to "
                 "compare with.\n",
                 baseline, failed ? "has failed" : "has not ended yet");
        return;
    }
    str_add(out, "The baseline: ");
    write_mean(out, facts, baseline);
    str_add(out, ".\n\n");
    if (tested == 0) {
        str_add(out, "No candidate has been compared with it yet.\n");
        return;
    }
    str_addf(out,
             "**Nothing was better**, as far as this study could see: %zu candidate%s compared "
             "with the incumbent, none kept.\n\n",
             tested, tested == 1 ? " was" : "s were");
    write_smallest(out, facts);
}

static int write(struct str *out, const struct record *record, struct store *store, struct err *err)
{
    struct facts facts;

    (void)store;
    (void)err;
    facts_init(&facts, record);
    int64_t best = facts_verified(&facts);
    if (best > 0)
        write_best(out, &facts, best);
    else
        write_nothing(out, &facts);
    facts_clear(&facts);
    return 0;
}

const struct section section_found = {
    .name = "found",
    .title = "What was found?",
    .empty = "Nothing has run yet.",
    .write = write,
};
