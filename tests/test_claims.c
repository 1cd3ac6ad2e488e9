/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The referee and a study's hypotheses: what is run, what is decided, and in what order. */
#include "claims_night.h"

#include "lond.h"

static const char claims[] = "hypotheses:\n"
                             "  - {id: A, claim: val_loss(x=1) < val_loss(x=2)}\n"
                             "  - {id: B, claim: val_loss(x=1) > val_loss(x=2)}\n"
                             "  - {id: C, claim: 'val_loss(x=3, n=1) < val_loss(x=3, n=2)'}\n"
                             "  - {id: D, claim: val_loss(x=9.5) < val_loss()}\n"
                             "  - {id: E, claim: val_loss() < val_loss(x=9.5)}\n"
                             "  - {id: F, claim: val_loss(x=1) < val_loss() by at least 3}\n";

static void drive(struct claims_night *night, int seed)
{
    char *text = night_text("night", seed, claims);

    night_open(night, text);
    free(text);
    night_drive(night);
}

static enum claim_verdict verdict(const struct record *record, size_t index)
{
    return hypothesis_verdict(&record->study.hypotheses[index], record_hypothesis(record, index));
}

static void what_is_true_is_found_in_the_order_of_the_file(void **state)
{
    struct claims_night night;

    (void)state;
    drive(&night, 1);
    const struct record *r = &night.record;
    assert_int_equal(r->n_decisions, 7);
    assert_int_equal(verdict(r, 0), CLAIM_VERIFIED);
    assert_int_equal(verdict(r, 1), CLAIM_DISPROVED);
    assert_int_equal(verdict(r, 2), CLAIM_INCONCLUSIVE);
    assert_int_equal(verdict(r, 3), CLAIM_INCONCLUSIVE);
    assert_int_equal(verdict(r, 4), CLAIM_INCONCLUSIVE);
    assert_int_equal(verdict(r, 5), CLAIM_VERIFIED);
    assert_false(record_hypotheses_open(r));
    assert_int_equal(record_incumbent(r), 1);
    assert_int_equal(record_head(r), 1);
    assert_int_equal(record_proposals(r), 1);
    night_close(&night);
}

static void a_config_that_stands_in_several_claims_is_one_experiment(void **state)
{
    struct claims_night night;

    (void)state;
    drive(&night, 1);
    const struct record *r = &night.record;
    assert_int_equal(r->n_experiments, 6); /* x=1, x=2, two of x=3, x=9.5, and the baseline */
    assert_int_equal(record_hypothesis(r, 0)->experiment, record_hypothesis(r, 1)->against);
    assert_int_equal(record_hypothesis(r, 0)->against, record_hypothesis(r, 1)->experiment);
    assert_int_equal(record_hypothesis(r, 5)->against, 1);
    night_close(&night);
}

static void no_two_claims_share_a_seed_and_every_pair_has_both_runs(void **state)
{
    struct claims_night night;

    (void)state;
    drive(&night, 1);
    const struct record *r = &night.record;
    for (size_t i = 0; i < r->n_pairs; i++) {
        if (r->pairs[i].test == 0)
            continue;
        assert_non_null(record_run(r, r->pairs[i].experiment, r->pairs[i].seed));
        assert_non_null(record_run(r, r->pairs[i].against, r->pairs[i].seed));
        for (size_t k = 0; k < i; k++)
            assert_true(r->pairs[k].seed != r->pairs[i].seed);
    }
    night_close(&night);
}

static void levels_are_londs_over_the_claims(void **state)
{
    struct claims_night night;
    int discoveries = 0;

    (void)state;
    drive(&night, 1);
    for (size_t i = 0; i < 6; i++) {
        const struct decision *d = record_hypothesis(&night.record, i);
        assert_true(fabs(d->alpha - lond_level(0.05, (int64_t)i + 1, discoveries)) < 1e-12);
        enum claim_verdict v = verdict(&night.record, i);
        discoveries += v == CLAIM_VERIFIED || v == CLAIM_DISPROVED;
    }
    night_close(&night);
}

static void a_side_that_fails_leaves_it_inconclusive_after_one_look(void **state)
{
    struct claims_night night;

    (void)state;
    drive(&night, 1);
    for (size_t i = 3; i < 5; i++) {
        const struct decision *d = record_hypothesis(&night.record, i);
        assert_int_equal(d->verdict, OUTCOME_FAILED);
        assert_non_null(strstr(d->reason, "is inconclusive: experiment 6 failed on seed "));
        assert_int_equal(record_pairs(&night.record, d->experiment, d->test, NULL, 0),
                         CLAIM_FIRST_LOOK);
    }
    night_close(&night);
}

static void the_referee_decides_the_same_from_what_was_known_then(void **state)
{
    struct claims_night night;
    struct referee again;
    struct err err = {0, ""};

    (void)state;
    drive(&night, 3);
    referee_init(&again);
    for (size_t i = 0; i < night.record.n_decisions; i++) {
        struct record then = night.record;
        struct needs needs;
        then.n_decisions = i;
        assert_int_equal(referee_follow(&again, &then, &err), 0);
        assert_int_equal(referee_again(&needs, &again, &then, &night.record.decisions[i], &err), 0);
        assert_int_equal(needs.need, NEED_DECISION);
        assert_string_equal(needs.reason, night.record.decisions[i].reason);
    }
    referee_clear(&again);
    night_close(&night);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_true_is_found_in_the_order_of_the_file),
        cmocka_unit_test(a_config_that_stands_in_several_claims_is_one_experiment),
        cmocka_unit_test(no_two_claims_share_a_seed_and_every_pair_has_both_runs),
        cmocka_unit_test(levels_are_londs_over_the_claims),
        cmocka_unit_test(a_side_that_fails_leaves_it_inconclusive_after_one_look),
        cmocka_unit_test(the_referee_decides_the_same_from_what_was_known_then),
    };

    return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
