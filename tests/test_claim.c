/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The test of a claim in two directions, on differences whose truth is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "claim_test.h"
#include "lond.h"
#include "rng.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void init(struct claim_test *test, double alpha, int seeds)
{
    struct err err = {0};

    if (claim_test_init(test, alpha, seeds, &err) != 0)
        fail_msg("%s", err.text);
}

/* Pair by pair until it is decided, on normal differences with mean `effect` and SD 1. */
static void tell(struct claim_found *out, const struct claim_test *test, double by, double effect,
                 struct rng *rng)
{
    double diff[BOUNDARY_MAX];

    for (size_t n = 1;; n++) {
        diff[n - 1] = effect + rng_normal(rng);
        if (n < CLAIM_FIRST_LOOK)
            continue;
        claim_test_look(out, test, by, diff, n);
        if (out->verdict != CLAIM_OPEN)
            return;
        assert_in_range(n, 1, BOUNDARY_MAX - 1);
    }
}

struct rates {
    double verified, disproved, inconclusive, pairs, covered;
};

static struct rates rates_of(const struct claim_test *test, double by, double effect, int tests,
                             uint64_t seed)
{
    struct rates sum = {0};
    struct rng rng;

    rng_init(&rng, seed, "claims", 0);
    for (int i = 0; i < tests; i++) {
        struct claim_found found;
        tell(&found, test, by, effect, &rng);
        sum.verified += found.verdict == CLAIM_VERIFIED;
        sum.disproved += found.verdict == CLAIM_DISPROVED;
        sum.inconclusive += found.verdict == CLAIM_INCONCLUSIVE;
        sum.pairs += found.n;
        sum.covered += found.low <= effect && effect <= found.high;
    }
    return (struct rates){sum.verified / tests, sum.disproved / tests, sum.inconclusive / tests,
                          sum.pairs / tests, sum.covered / tests};
}

/* --- one claim ------------------------------------------------------------------------------- */

/* Twice the standard error of a rate of 0.05 after so many tests. */
static double slack(int tests)
{
    return 2 * sqrt(0.05 * 0.95 / tests);
}

static void without_a_difference_there_is_a_verdict_no_more_often_than_the_level(void **state)
{
    static const struct {
        double alpha, by;
        int seeds;
    } cases[] = {{0.05, 0, 8}, {0.05, 0.7, 8}, {0.05, 0, 4}, {0.021875, 0, 8}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct claim_test test;
        enum { TESTS = 400 };
        init(&test, cases[i].alpha, cases[i].seeds);
        struct rates r = rates_of(&test, cases[i].by, cases[i].by, TESTS, 11 + i);
        if (r.verified + r.disproved > cases[i].alpha + slack(TESTS))
            fail_msg("alpha %g by %g seeds %d: %.4f", cases[i].alpha, cases[i].by, cases[i].seeds,
                     r.verified + r.disproved);
        assert_true(r.covered >= 1 - cases[i].alpha - slack(TESTS));
    }
}

/* At 8 seeds and the level 0.05; measured over 1000 tests: 0.56, 0.99, 1. */
static void a_difference_is_verified_and_its_opposite_disproved(void **state)
{
    static const struct {
        double effect, power;
    } cases[] = {{1, 0.50}, {2, 0.96}, {4, 0.99}};
    struct claim_test test;

    (void)state;
    init(&test, 0.05, 8);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rates up = rates_of(&test, 0, cases[i].effect, 150, 21 + i);
        struct rates down = rates_of(&test, 0, -cases[i].effect, 150, 31 + i);
        assert_true(up.verified >= cases[i].power && up.disproved <= 0.01);
        assert_true(down.disproved >= cases[i].power && down.verified <= 0.01);
        assert_true(up.covered >= 0.93 && down.covered >= 0.93);
    }
}

static void a_claim_of_at_least_so_much_is_disproved_where_the_difference_is_less(void **state)
{
    struct claim_test test;

    (void)state;
    init(&test, 0.05, 8);
    struct rates less = rates_of(&test, 4, 1, 150, 41), more = rates_of(&test, 1, 4, 150, 42);
    assert_true(less.disproved >= 0.98 && less.verified < 0.01);
    assert_true(more.verified >= 0.98 && more.disproved < 0.01);
}

static void large_differences_need_few_pairs_and_none_needs_all(void **state)
{
    struct claim_test test;

    (void)state;
    init(&test, 0.05, 8);
    assert_true(rates_of(&test, 0, 10, 100, 51).pairs <= 3.5);
    assert_true(rates_of(&test, 0, 0, 100, 52).pairs >= 7.5);
}

static void a_verdict_and_its_interval_never_contradict_each_other(void **state)
{
    struct claim_test test;
    struct rng rng;

    (void)state;
    init(&test, 0.05, 6);
    rng_init(&rng, 61, "claims", 0);
    for (int i = 0; i < 400; i++) {
        double by = 0.5 * (i % 3), effect = (i % 9) - 4;
        struct claim_found f;
        tell(&f, &test, by, effect, &rng);
        assert_true(f.low <= f.mean && f.mean <= f.high);
        if (f.verdict == CLAIM_VERIFIED)
            assert_true(f.low >= by);
        else if (f.verdict == CLAIM_DISPROVED)
            assert_true(f.high < by);
        else
            assert_true(f.low <= by && by <= f.high && f.n == 6);
    }
}

/* --- differences without noise --------------------------------------------------------------- */

static void claims_of_a_trainer_that_ignores_seeds_are_told_by_certainty(void **state)
{
    static const double same[8] = {0}, better[8] = {2, 2, 2, 2, 2, 2, 2, 2};
    struct claim_test test;
    struct claim_found f;

    (void)state;
    init(&test, 0.05, 8);
    claim_test_look(&f, &test, 0, better, 2);
    assert_int_equal(f.verdict, CLAIM_OPEN);
    claim_test_look(&f, &test, 0, better, 8);
    assert_int_equal(f.verdict, CLAIM_VERIFIED);
    claim_test_look(&f, &test, 3, better, 8);
    assert_int_equal(f.verdict, CLAIM_DISPROVED);
    claim_test_look(&f, &test, 0, same, 8);
    assert_int_equal(f.verdict, CLAIM_INCONCLUSIVE);
    assert_non_null(strstr(f.reason, "no effect at all"));
    claim_test_look(&f, &test, 0, same, 3);
    assert_int_equal(f.verdict, CLAIM_OPEN);
}

static void a_rule_that_cannot_be_is_refused(void **state)
{
    struct claim_test test;
    struct err err = {0};

    (void)state;
    assert_int_equal(claim_test_init(&test, 0.05, 1, &err), -1);
    assert_int_equal(claim_test_init(&test, 0.05, BOUNDARY_MAX + 1, &err), -1);
    assert_int_equal(claim_test_init(&test, 0.9, 8, &err), -1);
}

/* --- nights of many claims ------------------------------------------------------------------- */

enum { CLAIMS = 4 };

/* Levels by LOND, each computed once: [index][discoveries]. */
struct levels {
    struct claim_test test[CLAIMS][CLAIMS];
};

static struct levels *levels_new(double fdr)
{
    struct levels *levels = test_malloc(sizeof *levels);

    for (int i = 0; i < CLAIMS; i++)
        for (int d = 0; d <= i; d++)
            init(&levels->test[i][d], lond_level(fdr, i + 1, d), 8);
    return levels;
}

struct night {
    int told, wrong; /* verdicts, and those that are not true */
};

/* A claim whose difference is 0 has no true verdict. */
static struct night night_of(const struct levels *levels, const double *effect, struct rng *rng)
{
    struct night night = {0};

    for (int i = 0; i < CLAIMS; i++) {
        struct claim_found f;
        tell(&f, &levels->test[i][night.told], 0, effect[i], rng);
        bool verified = f.verdict == CLAIM_VERIFIED, told = f.verdict != CLAIM_INCONCLUSIVE;
        night.wrong += told && !(verified ? effect[i] > 0 : effect[i] < 0);
        night.told += told;
    }
    return night;
}

static void a_night_of_claims_without_a_difference_ends_without_a_verdict(void **state)
{
    static const double effect[CLAIMS] = {0, 0, 0, 0};
    enum { NIGHTS = 200 };
    struct levels *levels = levels_new(0.05);
    struct rng rng;
    int nights = 0;

    (void)state;
    rng_init(&rng, 71, "claims", 0);
    for (int i = 0; i < NIGHTS; i++)
        nights += night_of(levels, effect, &rng).told > 0;
    if (nights > NIGHTS * (0.05 + slack(NIGHTS)))
        fail_msg("%d of %d nights told something of nothing", nights, NIGHTS);
    test_free(levels);
}

static void of_all_that_is_told_few_is_wrong(void **state)
{
    static const double effect[CLAIMS] = {0, 3, 0, -3};
    enum { NIGHTS = 150 };
    struct levels *levels = levels_new(0.05);
    struct rng rng;
    double share = 0;
    int told = 0;

    (void)state;
    rng_init(&rng, 72, "claims", 0);
    for (int i = 0; i < NIGHTS; i++) {
        struct night night = night_of(levels, effect, &rng);
        share += night.told > 0 ? (double)night.wrong / night.told : 0;
        told += night.told - night.wrong;
    }
    assert_true(share / NIGHTS <= 0.05);
    assert_true(told >= 2 * NIGHTS * 0.9); /* and what is true is told */
    test_free(levels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_difference_there_is_a_verdict_no_more_often_than_the_level),
        cmocka_unit_test(a_difference_is_verified_and_its_opposite_disproved),
        cmocka_unit_test(a_claim_of_at_least_so_much_is_disproved_where_the_difference_is_less),
        cmocka_unit_test(large_differences_need_few_pairs_and_none_needs_all),
        cmocka_unit_test(a_verdict_and_its_interval_never_contradict_each_other),
        cmocka_unit_test(claims_of_a_trainer_that_ignores_seeds_are_told_by_certainty),
        cmocka_unit_test(a_rule_that_cannot_be_is_refused),
        cmocka_unit_test(a_night_of_claims_without_a_difference_ends_without_a_verdict),
        cmocka_unit_test(of_all_that_is_told_few_is_wrong),
    };

    return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
