/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "markdown.h"
#include "mem.h"
#include "registry_text.h"
#include "say.h"

void registry_write_claim(struct str *out, const struct hypothesis *h)
{
    markdown_text(out, h->claim);
    if (h->given[0] == '\0')
        return;
    str_add(out, ", given ");
    markdown_text(out, h->given);
}

static char *status_text(const struct registry *registry, const struct registry_claim *claim)
{
    char *moves = registry_moves(registry, claim);
    char *text = claim->verdicts > 1 ? mem_printf("%s: %s; %s", registry_status(claim), moves,
                                                  claim_verdict_names[claim->stands])
                                     : mem_strdup(registry_status(claim));

    free(moves);
    return text;
}

static char *sides_text(const struct registry_test *t)
{
    int64_t sides[2];
    struct str text = {0};

    registry_sides(sides, t);
    say_id(&text, sides[0]);
    str_add(&text, " against ");
    say_id(&text, sides[1]);
    return str_take(&text);
}

static void write_row(struct str *out, const struct registry *registry,
                      const struct registry_claim *claim, bool studies)
{
    const struct registry_test *t = registry_told_by(registry, claim);
    struct effect effect = claim_effect(t->decision);
    struct str what = {0};

    markdown_take(out, registry_ids(registry, claim));
    if (studies)
        markdown_take(out, registry_studies(registry, claim));
    str_add(&what, t->hypothesis->claim);
    if (t->hypothesis->given[0] != '\0')
        str_addf(&what, ", given %s", t->hypothesis->given);
    markdown_take(out, str_take(&what));
    markdown_take(out, status_text(registry, claim));
    claim_cell(out, &effect);
    markdown_take(out, mem_printf("%d", t->decision != NULL ? t->decision->n : 0));
    markdown_take(out, sides_text(t));
    markdown_take(out, registry_date(t));
    markdown_end(out);
}

void registry_write_table(struct str *out, const struct registry *registry, bool studies)
{
    static const char *const many[] = {"id",     "study", "claim",       "status",
                                       "effect", "seeds", "experiments", "date"};
    static const char *const one[] = {"id",    "claim",       "status", "effect",
                                      "seeds", "experiments", "date"};

    markdown_head(out, studies ? many : one, studies ? "llllrrll" : "lllrrll");
    for (size_t i = 0; i < registry->n_claims; i++)
        write_row(out, registry, &registry->claims[i], studies);
}

void registry_write_outcome(struct str *out, const struct record *record)
{
    size_t claims = record->study.n_hypotheses, n[CLAIM_INCONCLUSIVE + 1] = {0};

    for (size_t i = 0; i < claims; i++)
        n[hypothesis_verdict(&record->study.hypotheses[i], record_hypothesis(record, i))]++;
    str_addf(out, "**Of %zu claim%s %zu %s verified**, %zu disproved, %zu inconclusive", claims,
             claims == 1 ? "" : "s", n[CLAIM_VERIFIED], n[CLAIM_VERIFIED] == 1 ? "is" : "are",
             n[CLAIM_DISPROVED], n[CLAIM_INCONCLUSIVE]);
    if (n[CLAIM_OPEN] > 0)
        str_addf(out, ", %zu not tested yet", n[CLAIM_OPEN]);
    str_add(out, record->study.strategy == &strategy_none ? "; nothing was searched." : ".");
}

/* --- one test --------------------------------------------------------------------------------- */

static void write_told(struct str *out, const struct registry_test *t)
{
    const struct decision *d = t->decision;
    struct effect effect = claim_effect(d);
    struct str measured = {0};
    char by[NUMBER_TEXT];

    str_addf(out, "%s: experiment %" PRId32 " against experiment %" PRId32 ", %d seeds",
             t->verdict == CLAIM_VERIFIED ? "Verified" : "Disproved", d->experiment, d->against,
             d->n);
    if (claim_write(&measured, &effect))
        str_addf(out, ": %s", str_text(&measured));
    if (t->verdict == CLAIM_DISPROVED && t->hypothesis->by > 0)
        str_addf(out, "; that is less than %s", number_text(by, t->hypothesis->by));
    str_add(out, ".");
    str_clear(&measured);
}

void registry_write_verdict(struct str *out, const struct registry_test *t)
{
    if (t->decision == NULL) {
        str_add(out, "Open: it has not been tested yet.");
    } else if (t->verdict != CLAIM_INCONCLUSIVE) {
        write_told(out, t);
    } else if (t->decision->verdict == OUTCOME_FAILED) {
        str_add(out, "Inconclusive: a side failed. ");
        markdown_text(out, t->decision->reason);
        str_add(out, ".");
    } else {
        str_addf(out,
                 "Inconclusive: %d seeds do not tell experiment %" PRId32
                 " from experiment %" PRId32 ". That is no proof that they are equal.",
                 t->decision->n, t->decision->experiment, t->decision->against);
    }
}

/* The better side's, the other's, and how much better. */
static void write_pair(struct str *out, const struct registry_test *t, const struct pair *pair)
{
    const struct run *better = record_run(t->record, pair->experiment, pair->seed);
    const struct run *worse = record_run(t->record, pair->against, pair->seed);

    str_addf(out, "| %" PRIu32 " ", pair->seed);
    markdown_take(out, say_text(say_value, better != NULL ? better->value : (double)NAN));
    markdown_take(out, say_text(say_value, worse != NULL ? worse->value : (double)NAN));
    markdown_take(
        out, say_text(say_effect, record_loss(t->record, worse) - record_loss(t->record, better)));
    markdown_end(out);
}

void registry_write_pairs(struct str *out, const struct registry_test *t)
{
    const struct pair *pairs[BOUNDARY_MAX];
    const struct decision *d = t->decision;

    if (d == NULL)
        return;
    size_t n = record_pairs(t->record, d->experiment, d->test, pairs, BOUNDARY_MAX);
    char *better = mem_printf("experiment %" PRId32, d->experiment);
    char *worse = mem_printf("experiment %" PRId32, d->against);
    const char *const heads[] = {"seed", better, worse, "better by"};
    markdown_head(out, heads, "rrrr");
    for (size_t i = 0; i < n && i < BOUNDARY_MAX; i++)
        write_pair(out, t, pairs[i]);
    free(better);
    free(worse);
}
