/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "clock.h"
#include "file.h"
#include "json.h"
#include "mem.h"
#include "registry.h"
#include "trial.h"

/* --- one test --------------------------------------------------------------------------------- */

/* What a claim says, in one spelling; the id and the words are no part of it. */
static void identify(char out[SHA256_TEXT], const struct record *record, const struct hypothesis *h)
{
    const struct study *study = &record->study;
    struct str text = {0};
    char by[NUMBER_TEXT];

    json_write_string(&text, study->metric);
    str_addf(&text, " %s by %s ", study->maximize ? "maximize" : "minimize",
             number_text(by, h->by));
    for (size_t i = 0; i < study->n_command; i++)
        json_write_string(&text, study->command[i]);
    trial_write_json(&text, &study->space, h->better);
    trial_write_json(&text, &study->space, h->worse);
    sha256_bytes(out, text.at, text.len);
    str_clear(&text);
}

void registry_sides(int64_t sides[2], const struct registry_test *t)
{
    sides[0] = record_hypothesis_side(t->record, t->hypothesis->better);
    sides[1] = record_hypothesis_side(t->record, t->hypothesis->worse);
}

/* The pairs of a test, at most max. */
static size_t pairs_of(const struct registry_test *t, const struct pair **pairs, size_t max)
{
    if (t->decision == NULL)
        return 0;
    size_t n = record_pairs(t->record, t->decision->experiment, t->decision->test, pairs, max);
    return n < max ? n : max;
}

static int64_t end_of(const struct registry_test *t)
{
    const struct pair *pairs[BOUNDARY_MAX];
    size_t n = pairs_of(t, pairs, BOUNDARY_MAX);
    int64_t last = 0;

    for (size_t i = 0; i < n; i++) {
        const struct run *runs[] = {record_run(t->record, pairs[i]->experiment, pairs[i]->seed),
                                    record_run(t->record, pairs[i]->against, pairs[i]->seed)};
        for (size_t k = 0; k < 2; k++)
            if (runs[k] != NULL && runs[k]->ended > last)
                last = runs[k]->ended;
    }
    return last;
}

char *registry_date(const struct registry_test *t)
{
    char text[CLOCK_TEXT];

    if (t->ended == 0)
        return mem_strdup("-");
    clock_text(text, (time_t)t->ended);
    return mem_strndup(text, strcspn(text, "T"));
}

void registry_add(struct registry *registry, const struct record *record)
{
    for (size_t i = 0; i < record->study.n_hypotheses; i++) {
        const struct hypothesis *h = &record->study.hypotheses[i];
        const struct decision *d = record_hypothesis(record, i);
        struct registry_test test = {.record = record,
                                     .study = record->study.name,
                                     .index = i,
                                     .hypothesis = h,
                                     .decision = d,
                                     .verdict = hypothesis_verdict(h, d)};
        identify(test.identity, record, h);
        test.ended = end_of(&test);
        registry->tests = mem_room(registry->tests, registry->n, sizeof test);
        registry->tests[registry->n++] = test;
    }
}

/* --- many ------------------------------------------------------------------------------------- */

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* The same study and file give the same order, whatever is beside them. */
static int by_place(const struct registry_test *a, const struct registry_test *b)
{
    int order = strcmp(a->study, b->study);

    if (order == 0)
        order = compare((int64_t)a->record->study.seed, (int64_t)b->record->study.seed);
    if (order == 0)
        order = strcmp(a->record->spec, b->record->spec);
    return order != 0 ? order : compare((int64_t)a->index, (int64_t)b->index);
}

static int by_time(const void *a, const void *b)
{
    const struct registry_test *x = a, *y = b;
    bool open_x = x->decision == NULL, open_y = y->decision == NULL;

    if (open_x != open_y)
        return open_x - open_y;
    int order = compare(x->ended, y->ended);
    return order != 0 ? order : by_place(x, y);
}

static int by_identity(const void *a, const void *b)
{
    const struct registry_test *x = a, *y = b;
    int order = strcmp(x->identity, y->identity);

    return order != 0 ? order : by_time(a, b);
}

/* Two tests on one seed are one: seeds of different studies' tests differ, those of the same do
 * not. */
static bool same_seeds(const struct registry_test *a, const struct registry_test *b)
{
    const struct pair *x[1], *y[1];

    return pairs_of(a, x, 1) > 0 && pairs_of(b, y, 1) > 0 && x[0]->seed == y[0]->seed;
}

static enum claim_verdict agreed(enum claim_verdict stands, enum claim_verdict next)
{
    bool told = stands == CLAIM_VERIFIED || stands == CLAIM_DISPROVED;

    if (next == CLAIM_OPEN || stands == next)
        return stands;
    if (next == CLAIM_INCONCLUSIVE)
        return told ? stands : next;
    return told ? CLAIM_INCONCLUSIVE : next;
}

/* Verified here and disproved there: neither stands, whatever comes after. */
static bool contradicts(const struct registry *registry, const struct registry_claim *claim)
{
    bool verified = false, disproved = false;

    for (size_t i = claim->first; i < claim->first + claim->n; i++) {
        verified |= registry->tests[i].verdict == CLAIM_VERIFIED;
        disproved |= registry->tests[i].verdict == CLAIM_DISPROVED;
    }
    return verified && disproved;
}

static void settle_claim(struct registry *registry, struct registry_claim *claim)
{
    claim->stands = CLAIM_OPEN;
    for (size_t i = claim->first; i < claim->first + claim->n; i++) {
        struct registry_test *t = &registry->tests[i];
        for (size_t k = claim->first; k < i; k++)
            t->repeats |= same_seeds(t, &registry->tests[k]);
        claim->verdicts += t->decision != NULL && !t->repeats;
        claim->stands = agreed(claim->stands, t->verdict);
    }
    if (contradicts(registry, claim))
        claim->stands = CLAIM_INCONCLUSIVE;
}

/* The first place in which a claim stands decides where it is listed. */
static const struct registry_test *first_place(const struct registry *registry,
                                               const struct registry_claim *claim)
{
    const struct registry_test *first = &registry->tests[claim->first];

    for (size_t i = claim->first + 1; i < claim->first + claim->n; i++)
        if (by_place(&registry->tests[i], first) < 0)
            first = &registry->tests[i];
    return first;
}

static void sort_claims(struct registry *registry)
{
    for (size_t i = 1; i < registry->n_claims; i++) {
        struct registry_claim claim = registry->claims[i];
        size_t at = i;
        for (; at > 0 && by_place(first_place(registry, &claim),
                                  first_place(registry, &registry->claims[at - 1])) < 0;
             at--)
            registry->claims[at] = registry->claims[at - 1];
        registry->claims[at] = claim;
    }
}

void registry_settle(struct registry *registry)
{
    if (registry->n > 0)
        qsort(registry->tests, registry->n, sizeof *registry->tests, by_identity);
    for (size_t i = 0; i < registry->n;) {
        struct registry_claim claim = {.first = i};
        while (i < registry->n &&
               strcmp(registry->tests[i].identity, registry->tests[claim.first].identity) == 0)
            i++;
        claim.n = i - claim.first;
        settle_claim(registry, &claim);
        registry->claims = mem_room(registry->claims, registry->n_claims, sizeof claim);
        registry->claims[registry->n_claims++] = claim;
    }
    sort_claims(registry);
}

void registry_clear(struct registry *registry)
{
    free(registry->tests);
    free(registry->claims);
    *registry = (struct registry){0};
}

/* --- what is said of a claim ------------------------------------------------------------------ */

const char *registry_status(const struct registry_claim *claim)
{
    return claim->verdicts > 1 ? "retested" : claim_verdict_names[claim->stands];
}

char *registry_moves(const struct registry *registry, const struct registry_claim *claim)
{
    struct str text = {0};

    for (size_t i = claim->first; i < claim->first + claim->n; i++)
        if (!registry->tests[i].repeats)
            str_addf(&text, "%s%s", text.len > 0 ? " -> " : "",
                     claim_verdict_names[registry->tests[i].verdict]);
    return str_take(&text);
}

const struct registry_test *registry_told_by(const struct registry *registry,
                                             const struct registry_claim *claim)
{
    const struct registry_test *told = &registry->tests[claim->first];

    for (size_t i = claim->first; i < claim->first + claim->n; i++) {
        const struct registry_test *t = &registry->tests[i];
        bool conclusive = t->verdict == CLAIM_VERIFIED || t->verdict == CLAIM_DISPROVED;
        bool had = told->verdict == CLAIM_VERIFIED || told->verdict == CLAIM_DISPROVED;
        if (t->decision != NULL && !t->repeats && (conclusive || !had))
            told = t;
    }
    return told;
}

/* --- names ------------------------------------------------------------------------------------ */

static const char *id_of(const struct registry_test *t)
{
    return t->hypothesis->id;
}

static const char *study_of(const struct registry_test *t)
{
    return t->study;
}

/* Has a test before this one the same name?  The one that the claim is told by comes first. */
static bool is_named(const struct registry *registry, const struct registry_claim *claim,
                     const struct registry_test *test,
                     const char *(*name)(const struct registry_test *))
{
    const struct registry_test *told = registry_told_by(registry, claim);

    if (strcmp(name(told), name(test)) == 0)
        return true;
    for (const struct registry_test *t = &registry->tests[claim->first]; t < test; t++)
        if (strcmp(name(t), name(test)) == 0)
            return true;
    return false;
}

static char *names_of(const struct registry *registry, const struct registry_claim *claim,
                      const char *(*name)(const struct registry_test *))
{
    struct str text = {0};

    str_add(&text, name(registry_told_by(registry, claim)));
    for (size_t i = claim->first; i < claim->first + claim->n; i++)
        if (!is_named(registry, claim, &registry->tests[i], name))
            str_addf(&text, ", %s", name(&registry->tests[i]));
    return str_take(&text);
}

char *registry_ids(const struct registry *registry, const struct registry_claim *claim)
{
    return names_of(registry, claim, id_of);
}

char *registry_studies(const struct registry *registry, const struct registry_claim *claim)
{
    return names_of(registry, claim, study_of);
}
