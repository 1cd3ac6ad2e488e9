/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Registry, FINDINGS.md and EXPERIMENTS.md over several studies.  The golden documents are of three
 * nights that the referee drives (claims_night.h); REGOLD=1 writes them anew, to be read before
 * they are committed.
 */
#include "claims_night.h"

#include "findings.h"
#include "scratch.h"

static const char first_claims[] = "hypotheses:\n"
                                   "  - {id: A, claim: val_loss(x=1) < val_loss(x=2)}\n"
                                   "  - {id: B, claim: val_loss(x=1) > val_loss(x=2)}\n"
                                   "  - {id: C, claim: 'val_loss(n=1) < val_loss(n=2)', given: {x: "
                                   "3}}\n"
                                   "  - {id: D, claim: val_loss(x=9.5) < val_loss()}\n";
static const char again_claims[] = "hypotheses:\n"
                                   "  - {id: Z, claim: val_loss(x=2) > val_loss(x=1)}\n"
                                   "  - {id: Y, claim: val_loss(x=1) < val_loss(x=2) by at least "
                                   "2}\n";

/* Two studies, one of which tests claims of the other again. */
struct nights {
    struct claims_night first, again;
};

static void open_one(struct claims_night *night, const char *name, int seed, const char *more)
{
    char *text = night_text(name, seed, more);

    night_open(night, text);
    free(text);
}

static void nights_open(struct nights *nights)
{
    open_one(&nights->first, "first", 1, first_claims);
    open_one(&nights->again, "again", 2, again_claims);
    night_drive(&nights->first);
    night_drive(&nights->again);
}

static void nights_close(struct nights *nights)
{
    night_close(&nights->first);
    night_close(&nights->again);
}

static const struct registry_claim *claim_of(const struct registry *registry, const char *id)
{
    for (size_t i = 0; i < registry->n_claims; i++)
        for (size_t k = 0; k < registry->claims[i].n; k++)
            if (strcmp(registry->tests[registry->claims[i].first + k].hypothesis->id, id) == 0)
                return &registry->claims[i];
    fail_msg("no claim %s", id);
    return NULL;
}

/* --- the registry ----------------------------------------------------------------------------- */

static void a_claim_of_two_studies_is_one_that_was_retested(void **state)
{
    struct registry registry = {0};
    struct nights nights;

    (void)state;
    nights_open(&nights);
    registry_add(&registry, &nights.first.record);
    registry_add(&registry, &nights.again.record);
    registry_settle(&registry);
    assert_int_equal(registry.n_claims, 5);
    const struct registry_claim *a = claim_of(&registry, "A");
    assert_ptr_equal(a, claim_of(&registry, "Z")); /* worded the other way round */
    assert_int_equal(a->n, 2);
    assert_string_equal(registry_status(a), "retested");
    assert_int_equal(a->stands, CLAIM_VERIFIED);
    char *moves = registry_moves(&registry, a);
    assert_string_equal(moves, "verified -> verified");
    free(moves);
    char *ids = registry_ids(&registry, a), *studies = registry_studies(&registry, a);
    assert_true(strcmp(ids, "A, Z") == 0 || strcmp(ids, "Z, A") == 0);
    assert_true(strcmp(studies, "first, again") == 0 || strcmp(studies, "again, first") == 0);
    assert_int_equal(ids[0] == 'A', studies[0] == 'f');
    free(ids);
    free(studies);
    assert_string_equal(registry_status(claim_of(&registry, "B")), "disproved");
    assert_string_equal(registry_status(claim_of(&registry, "Y")), "disproved");
    assert_string_equal(registry_status(claim_of(&registry, "C")), "inconclusive");
    registry_clear(&registry);
    nights_close(&nights);
}

static void the_same_seeds_again_are_no_evidence_of_their_own(void **state)
{
    struct registry registry = {0};
    struct claims_night one, other;

    (void)state;
    open_one(&one, "first", 1, first_claims);
    open_one(&other, "copy", 1, first_claims);
    night_drive(&one);
    night_drive(&other);
    registry_add(&registry, &one.record);
    registry_add(&registry, &other.record);
    registry_settle(&registry);
    const struct registry_claim *a = claim_of(&registry, "A");
    assert_int_equal(a->n, 2);
    assert_int_equal(a->verdicts, 1);
    assert_string_equal(registry_status(a), "verified");
    char *ids = registry_ids(&registry, a);
    assert_string_equal(ids, "A");
    free(ids);
    registry_clear(&registry);
    night_close(&one);
    night_close(&other);
}

static void what_is_not_tested_yet_is_open(void **state)
{
    struct registry registry = {0};
    struct claims_night night;

    (void)state;
    open_one(&night, "first", 1, first_claims);
    registry_add(&registry, &night.record);
    registry_settle(&registry);
    assert_int_equal(registry.n_claims, 4);
    assert_string_equal(registry_status(&registry.claims[0]), "open");
    int64_t sides[2];
    registry_sides(sides, &registry.tests[0]);
    assert_int_equal(sides[0], 0);
    registry_clear(&registry);
    night_close(&night);
}

/* A night goes on, and the registry made anew says so. */
static void the_registry_follows_the_records(void **state)
{
    struct claims_night night;
    size_t told = 0;

    (void)state;
    open_one(&night, "first", 1, first_claims);
    night_add_baseline(&night.record);
    while (night_step(&night)) {
        struct registry registry = {0};
        size_t now = 0;
        registry_add(&registry, &night.record);
        registry_settle(&registry);
        for (size_t i = 0; i < registry.n_claims; i++)
            now += registry.claims[i].stands != CLAIM_OPEN;
        assert_int_equal(now, record_hypotheses_decided(&night.record));
        assert_true(now >= told);
        told = now;
        registry_clear(&registry);
    }
    assert_int_equal(told, 4);
    night_close(&night);
}

/* --- the documents ---------------------------------------------------------------------------- */

static const char environment[] = "{\"cpu\": \"Abacus | 1\", \"cores\": 2}";

static void add_in_order(struct found_studies *found, const struct nights *nights, bool turned)
{
    const struct record *records[] = {&nights->first.record, &nights->again.record};

    *found = (struct found_studies){0};
    findings_add(found, records[turned], environment);
    findings_add(found, records[!turned], environment);
    findings_settle(found);
}

static void assert_golden(const char *name, const struct str *text)
{
    char *path = mem_printf("tests/golden/findings/%s", name), *golden = NULL;
    struct err err = {0, ""};
    size_t len;

    if (getenv("REGOLD") != NULL)
        assert_int_equal(file_write(path, text->at, text->len, &err), 0);
    if (file_read(&golden, &len, path, 1 << 20, &err) != 0)
        fail_msg("%s", err.text);
    assert_string_equal(text->at, golden);
    free(golden);
    free(path);
}

static void both_documents_are_as_they_were(void **state)
{
    struct str findings = {0}, experiments = {0};
    struct found_studies found;
    struct nights nights;

    (void)state;
    nights_open(&nights);
    add_in_order(&found, &nights, false);
    findings_compose(&findings, &found);
    experiments_compose(&experiments, &found);
    assert_golden("FINDINGS.md", &findings);
    assert_golden("EXPERIMENTS.md", &experiments);
    str_clear(&findings);
    str_clear(&experiments);
    findings_clear(&found);
    nights_close(&nights);
}

static void the_same_records_in_another_order_give_the_same_bytes(void **state)
{
    struct str text[2][2] = {{{0}}};
    struct nights nights;

    (void)state;
    nights_open(&nights);
    for (int turned = 0; turned < 2; turned++) {
        struct found_studies found;
        add_in_order(&found, &nights, turned == 1);
        findings_compose(&text[turned][0], &found);
        experiments_compose(&text[turned][1], &found);
        findings_clear(&found);
    }
    for (int i = 0; i < 2; i++) {
        assert_string_equal(text[0][i].at, text[1][i].at);
        str_clear(&text[0][i]);
        str_clear(&text[1][i]);
    }
    nights_close(&nights);
}

static void no_sentence_tells_of_an_effect_that_may_be_none(void **state)
{
    struct found_studies found;
    struct nights nights;
    struct str text = {0};

    (void)state;
    nights_open(&nights);
    add_in_order(&found, &nights, false);
    findings_compose(&text, &found);
    const char *doubt = strstr(text.at, "## What could not be told");
    const char *end = strstr(text.at, "## What searches verified");
    assert_true(doubt != NULL && end > doubt);
    char *part = mem_strndup(doubt, (size_t)(end - doubt));
    assert_null(strstr(part, "better by"));
    assert_null(strstr(part, "worse by"));
    assert_non_null(strstr(part, "no proof that they are equal"));
    free(part);
    str_clear(&text);
    findings_clear(&found);
    nights_close(&nights);
}

/* What FINDINGS.md says of a search that has kept experiment 2, and whose confirmation, if any, has
 * this lower end. */
static void check_search(double confirmed_low, const char *wanted)
{
    char why[] = "on purpose";
    struct claims_night night;
    struct found_studies found = {0};
    struct str text = {0};
    struct decision d = {.experiment = 2, .against = 1, .kind = DECISION_VERIFY, .verified = true};

    open_one(&night, "first", 1, first_claims);
    night_drive(&night);
    d.verdict = OUTCOME_KEEP;
    d.number = (int64_t)night.record.n_decisions + 1;
    d.reason = d.body = why;
    d.test = 1, d.alpha = 0.025, d.n = 3;
    d.mean = 0.5, d.low = 0.25, d.high = 0.75;
    record_add_decision(&night.record, &d);
    if (!isnan(confirmed_low)) {
        d.kind = DECISION_CONFIRM;
        d.number++, d.n = 8, d.verified = false;
        d.mean = 0.25, d.low = confirmed_low, d.high = 0.5;
        record_add_decision(&night.record, &d);
    }
    findings_add(&found, &night.record, NULL);
    findings_settle(&found);
    findings_compose(&text, &found);
    assert_non_null(strstr(text.at, wanted));
    str_clear(&text);
    findings_clear(&found);
    night_close(&night);
}

static void a_search_is_told_of_by_its_confirmation(void **state)
{
    (void)state;
    check_search(NAN,
                 "better by 0.5, 95 % interval [+0.25, +0.75] than the baseline, experiment 1, "
                 "decision ");
    check_search(0.125, "better by 0.25, 95 % interval [+0.125, +0.5] than the baseline, "
                        "experiment 1, confirmed on 8 fresh seeds, decision ");
    check_search(-0.125, "experiment 2 was verified, decision ");
}

static void studies_of_one_name_are_told_apart_by_their_seed(void **state)
{
    struct found_studies found = {0};
    struct claims_night one, other;

    (void)state;
    open_one(&one, "first", 1, first_claims);
    open_one(&other, "first", 2, first_claims);
    findings_add(&found, &other.record, NULL);
    findings_add(&found, &one.record, NULL);
    findings_settle(&found);
    assert_string_equal(found.studies[0].label, "first (seed 1)");
    assert_string_equal(findings_label(&found, &other.record), "first (seed 2)");
    char *question = findings_question(&one.record.study);
    assert_string_equal(question, "Does a smaller x give a lower loss?");
    free(question);
    findings_clear(&found);
    night_close(&one);
    night_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_of_two_studies_is_one_that_was_retested),
        cmocka_unit_test(the_same_seeds_again_are_no_evidence_of_their_own),
        cmocka_unit_test(what_is_not_tested_yet_is_open),
        cmocka_unit_test(the_registry_follows_the_records),
        cmocka_unit_test(both_documents_are_as_they_were),
        cmocka_unit_test(the_same_records_in_another_order_give_the_same_bytes),
        cmocka_unit_test(no_sentence_tells_of_an_effect_that_may_be_none),
        cmocka_unit_test(a_search_is_told_of_by_its_confirmation),
        cmocka_unit_test(studies_of_one_name_are_told_apart_by_their_seed),
    };

    return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
