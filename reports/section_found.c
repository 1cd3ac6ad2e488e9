/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was found: what was measured where nothing was chosen by it, and beside it what the tests
 * promised.  The number that counts comes from a confirmation; where there is none, from the test
 * that decided, and then it says so.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "fate.h"
#include "found.h"
#include "markdown.h"
#include "mem.h"
#include "noise_floor.h"
#include "registry_text.h"
#include "say.h"
#include "section.h"

static void write_mean(struct str *out, const struct facts *facts, int64_t experiment)
{
    struct summary s = record_summary(facts->record, experiment);

    markdown_text(out, facts->record->study.metric);
    str_add(out, " ");
    say_mean(out, &s);
    str_addf(out, " (%zu seed%s)", s.n, s.n == 1 ? "" : "s");
}

/* --- the config ----------------------------------------------------------------------------- */

static char *value_text(const struct value *value)
{
    struct str text = {0};

    value_print(&text, value);
    return str_take(&text);
}

/* One row for each parameter in which the config differs from the baseline. */
static void write_changes(struct str *out, const struct facts *facts, int64_t best)
{
    const char *const heads[] = {"parameter", "baseline", "found"};
    const struct record *record = facts->record;
    const struct space *space = &record->study.space;
    const struct value *from = record->experiments[facts_baseline(facts) - 1].config;
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

/* --- nothing -------------------------------------------------------------------------------- */

static void write_smallest(struct str *out, const struct noise_floor *floor)
{
    char level[NUMBER_TEXT];

    if (!isfinite(floor->visible)) {
        str_add(out, "How small a gain could have been seen is not known: nothing shows the noise "
                     "of a pair.\n");
        return;
    }
    str_add(out, "The smallest gain that could have been seen is ");
    say_rough(out, floor->visible);
    str_addf(
        out,
        ": a test at level %s keeps it with probability %g, where one paired difference has an "
        "SD of ",
        number_short(level, floor->judge.rule.alpha, 3), AUDIT_POWER);
    say_rough(out, noise_floor_sd(floor));
    str_add(out, ". Smaller ones may well have been missed.\n");
}

static void write_tests(struct str *out, const struct tally *tally)
{
    if (tally->tests == 0)
        str_add(out, "No test was made: nothing looked good enough for one. ");
    else
        str_addf(out, "%" PRId64 " test%s made, and kept nothing. ", tally->tests,
                 tally->tests == 1 ? " was" : "s were");
}

static void write_no_baseline(struct str *out, const struct facts *facts)
{
    int64_t baseline = facts_baseline(facts);
    bool failed = facts_outcome(facts, baseline) == OUTCOME_FAILED;

    str_addf(out,
             "Nothing: the baseline (experiment %" PRId64 ") %s, so there is nothing to compare "
             "with.\n",
             baseline, failed ? "has failed" : "has not ended yet");
}

/* confirmed: something was, though no test has verified it. */
static void write_nothing(struct str *out, const struct facts *facts, const struct tally *tally,
                          const struct noise_floor *floor, bool confirmed)
{
    if (tally->proposals == 0 && facts->record->study.n_hypotheses > 0)
        registry_write_outcome(out, facts->record);
    else if (tally->proposals == 0)
        str_add(out, "**Nothing yet**: no proposal has been decided.");
    else if (confirmed)
        str_addf(out, "**Nothing in %" PRId64 " proposal%s was verified by a test**.",
                 tally->proposals, tally->proposals == 1 ? "" : "s");
    else
        str_addf(out,
                 "**Nothing in %" PRId64 " proposal%s was better than the baseline**, as far as "
                 "this study could see.",
                 tally->proposals, tally->proposals == 1 ? "" : "s");
    str_add(out, "\n\nThe baseline: ");
    write_mean(out, facts, facts_baseline(facts));
    str_add(out, ".\n\n");
    if (tally->proposals > 0)
        write_tests(out, tally);
    write_smallest(out, floor);
}

/* How often the best of a growing row of equals is the newest one: 1/2 + 1/3 + … (Rényi 1962). */
static double records_by_luck(int64_t proposals)
{
    double sum = 0;

    for (int64_t k = 2; k <= proposals + 1; k++)
        sum += 1 / (double)k;
    return sum;
}

/* The forerunners' rule: whatever it kept, nobody has tested it. */
static void write_greedy(struct str *out, const struct facts *facts, const struct tally *tally,
                         const struct decision *confirmed)
{
    int64_t head = record_head(facts->record);

    str_addf(out,
             "**Nothing was verified, and nothing could be**: by the rule of this study (greedy) "
             "one run on one seed decides, and lower is better. Its %" PRId64
             " keep%s never tested. ",
             tally->fate[FATE_MOVED], tally->fate[FATE_MOVED] == 1 ? " was" : "s were");
    str_add(out, "Were all proposals the same as the baseline, about ");
    say_rough(out, records_by_luck(tally->proposals));
    str_addf(out, " of %" PRId64 " would have been kept by luck.\n\n", tally->proposals);
    if (head == facts_baseline(facts) || (confirmed != NULL && confirmed->experiment == head))
        return;
    str_addf(out,
             "The search ended at experiment %" PRId64
             "; whether it is better than the baseline is not known. `nightshift confirm %" PRId64
             "` runs both on fresh seeds. It differs in:\n\n",
             head, head);
    write_changes(out, facts, head);
}

/* --- all together --------------------------------------------------------------------------- */

static void warn_of_luck(struct str *out, const struct noise_floor *floor)
{
    const struct audit *audit = &floor->audit;

    if (!floor->audited || !audit->repeated || audit->deterministic)
        return;
    str_add(out, "**The trainer is not deterministic**: the same config and seed gave values ");
    say_rough(out, audit->repeat_gap);
    str_add(out, " apart. No run here can be repeated bit for bit.\n\n");
}

/* Over whatever seeds each has run on, those of decisions too: no comparison. */
static void write_means(struct str *out, const struct facts *facts, int64_t best)
{
    str_addf(out, "Over all of their seeds, which differ: experiment %" PRId64 ": ", best);
    write_mean(out, facts, best);
    str_add(out, "; the baseline: ");
    write_mean(out, facts, facts_baseline(facts));
    str_add(out, ".\n\n");
}

static int write_best(struct str *out, const struct facts *facts, const struct decision *confirmed,
                      size_t confirmations, struct store *store, struct err *err)
{
    int64_t best = facts_verified(facts), shown = confirmed != NULL ? confirmed->experiment : best;

    if (confirmed == NULL)
        found_write_unconfirmed(out, facts);
    else if (found_write_confirmation(out, facts, confirmed, confirmations, store, err) != 0)
        return -1;
    write_means(out, facts, shown);
    write_changes(out, facts, shown);
    if (best > 0)
        found_write_steps(out, facts->record);
    return 0;
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    const struct record *record = facts->record;
    struct noise_floor floor;
    struct tally tally;
    size_t confirmations;
    int64_t best = facts_verified(facts);
    const struct decision *confirmed = found_confirmation(record, best, &confirmations);

    if (noise_floor_measure(&floor, facts, err) != 0)
        return -1;
    tally_count(&tally, record);
    if (facts_outcome(facts, facts_baseline(facts)) != OUTCOME_KEEP) {
        write_no_baseline(out, facts);
        return 0;
    }
    warn_of_luck(out, &floor);
    if ((best > 0 || confirmed != NULL) &&
        write_best(out, facts, confirmed, confirmations, store, err) != 0)
        return -1;
    if (record->study.procedure == PROCEDURE_GREEDY)
        write_greedy(out, facts, &tally, confirmed);
    else if (best == 0)
        write_nothing(out, facts, &tally, &floor, confirmed != NULL);
    return 0;
}

const struct section section_found = {
    .name = "found",
    .title = "What was found?",
    .empty = "Nothing has run yet.",
    .write = write,
};
