/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was verified: the line of keeps that tests have earned, and what their tests measured. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "change.h"
#include "found.h"
#include "markdown.h"
#include "mem.h"
#include "say.h"
#include "section.h"

/* --- values of the pairs of a decision ------------------------------------------------------ */

struct sides { /* means over the pairs whose runs both ended well */
    double before, after;
    size_t n;
};

static void add_pair(struct sides *sides, const struct record *record, const struct pair *pair)
{
    const struct run *before = record_run(record, pair->against, pair->seed);
    const struct run *after = record_candidate(record, pair);

    if (!isfinite(record_loss(record, before)) || !isfinite(record_loss(record, after)))
        return;
    sides->before += before->value;
    sides->after += after->value;
    sides->n++;
}

bool found_is_of_test(const struct pair *pair, const struct decision *d)
{
    return pair->test == d->test && d->test > 0 && pair->experiment == d->experiment;
}

static struct sides find_sides(const struct facts *facts, const struct decision *d)
{
    size_t e = (size_t)d->experiment;
    struct sides sides = {0};

    for (size_t i = facts->pair_first[e - 1]; i < facts->pair_first[e]; i++) {
        const struct pair *pair = &facts->record->pairs[facts->pair_at[i]];
        if (found_is_of_test(pair, d))
            add_pair(&sides, facts->record, pair);
    }
    sides.before /= (double)sides.n;
    sides.after /= (double)sides.n;
    return sides;
}

bool found_headline(struct str *out, const struct facts *facts, const struct decision *test)
{
    struct sides sides = find_sides(facts, test);
    struct effect effect = claim_effect(test);
    struct str claim = {0};

    if (!claim_write(&claim, &effect))
        return false;
    str_add(out, "**");
    markdown_text(out, facts->record->study.metric);
    if (sides.n > 0) {
        str_add(out, " ");
        say_value(out, sides.before);
        str_add(out, " → ");
        say_value(out, sides.after);
    }
    str_addf(out, ": %s**", str_text(&claim));
    str_clear(&claim);
    return true;
}

/* --- the line of verified keeps ------------------------------------------------------------- */

static bool is_step(const struct decision *d)
{
    return d->kind == DECISION_VERIFY && d->verified;
}

/* What each verified keep measured; the caller frees. */
size_t found_steps(struct effect **out, const struct record *record)
{
    struct effect *steps = NULL;
    size_t n = 0;

    for (size_t i = 0; i < record->n_decisions; i++) {
        if (!is_step(&record->decisions[i]))
            continue;
        steps = mem_room(steps, n, sizeof *steps);
        steps[n++] = claim_effect(&record->decisions[i]);
    }
    *out = steps;
    return n;
}

static void write_step(struct str *out, const struct record *record, const struct decision *d)
{
    const char *commit = record_commit(record, d->experiment);

    str_addf(out, "| %" PRId32 " | %" PRId32 " ", d->experiment, d->against);
    markdown_take(out, change_describe(record, d->against, d->experiment));
    claim_cells(out, d);
    str_addf(out, "| %.7s ", commit != NULL ? commit : "-");
    markdown_end(out);
}

void found_write_steps(struct str *out, const struct record *record)
{
    const char *const heads[] = {"experiment", "against",     "change",
                                 "effect",     "measured by", "commit"};

    str_add(out,
            "The verified keeps, each tested against the one before it on seeds of its own; above "
            "zero is better. These numbers decided, so they flatter, and their sum does too.\n\n");
    markdown_head(out, heads, "rrlrll");
    for (size_t i = 0; i < record->n_decisions; i++)
        if (is_step(&record->decisions[i]))
            write_step(out, record, &record->decisions[i]);
    str_add(out, "\n");
}

/* --- without a confirmation ----------------------------------------------------------------- */

const struct decision *found_last_step(const struct record *record)
{
    for (size_t i = record->n_decisions; i > 0; i--)
        if (is_step(&record->decisions[i - 1]))
            return &record->decisions[i - 1];
    return NULL;
}

void found_write_unconfirmed(struct str *out, const struct facts *facts)
{
    const struct decision *d = found_last_step(facts->record);

    if (d == NULL)
        return;
    if (found_headline(out, facts, d)) {
        str_addf(out, ", on %d pair%s: experiment %" PRId32 " against ", d->n, d->n == 1 ? "" : "s",
                 d->experiment);
        if (d->against == facts_baseline(facts))
            str_add(out, "the baseline");
        else
            str_addf(out, "experiment %" PRId32 ", the last of the steps below", d->against);
        str_add(out, ", verified.\n\n");
    } else {
        str_addf(out,
                 "**Experiment %" PRId32 " was kept, but its interval is unknown or holds zero**, "
                 "so no difference can be claimed.\n\n",
                 d->experiment);
    }
    str_add(out,
            "It is not confirmed: this is the interval of the very test that decided, and what "
            "was chosen for being good looks better than it is. `nightshift confirm` runs "
            "both on fresh seeds.\n\n");
}
