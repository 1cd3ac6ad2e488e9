/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"

#include "lond.h"
#include "rng.h"

/* zeta(1.6) = 2.28576566568 (Abramowitz & Stegun's series, by any computer algebra). */
static void the_first_levels_are_those_of_the_formula(void **state)
{
    (void)state;
    assert_close(lond_level(0.05, 1, 0), 0.05 / 2.28576566568, 1e-11, 0);
    assert_close(lond_level(0.05, 2, 0), 0.05 / 2.28576566568 / 3.0314331330, 1e-10, 0);
    assert_close(lond_level(0.05, 2, 1), 2 * lond_level(0.05, 2, 0), 1e-15, 0);
    assert_close(lond_level(0.1, 10, 4), 0.1 / 2.28576566568 / 39.810717055 * 5, 1e-10, 0);
}

/* What a million terms leave out is below 1e6^-0.6 / 0.6 / 2.29 = 1.9e-4 of the whole. */
static void without_a_keep_the_levels_add_up_to_the_rate(void **state)
{
    double sum = 0;

    (void)state;
    for (int64_t i = 1; i <= 1000000; i++)
        sum += lond_level(0.05, i, 0);
    assert_true(sum < 0.05);
    assert_close(sum, 0.05, 2e-4, 0);
}

static void no_number_of_keeps_lifts_a_level_above_the_first(void **state)
{
    (void)state;
    for (int64_t test = 1; test < 2000; test++) {
        assert_true(lond_level(0.2, test, test - 1) <= lond_level(0.2, 1, 0));
        assert_close(lond_level(0.2, test, INT64_MAX), lond_level(0.2, test, test - 1), 0, 0);
        assert_close(lond_level(0.2, test, -3), lond_level(0.2, test, 0), 0, 0);
    }
}

static void what_is_no_test_has_no_level(void **state)
{
    (void)state;
    assert_true(isnan(lond_level(0.05, 0, 0)));
    assert_true(isnan(lond_level(-0.1, 1, 0)));
    assert_true(isnan(lond_level(1.1, 1, 0)));
    assert_true(isnan(lond_level(NAN, 1, 0)));
}

/* The share of false keeps of one night of 50 tests; `real` of them have p-values that are
 * uniform below 1e-3, the others' are uniform. */
static double false_share(double real, struct rng *rng)
{
    int64_t keeps = 0, wrong = 0;

    for (int64_t test = 1; test <= 50; test++) {
        bool better = rng_uniform(rng) < real;
        double p = rng_uniform(rng) * (better ? 1e-3 : 1.0);
        if (p <= lond_level(0.05, test, keeps)) {
            keeps++;
            wrong += !better;
        }
    }
    return keeps ? (double)wrong / (double)keeps : 0;
}

/* 40,000 nights: a share of 0.05 has a standard error of at most 0.0011. */
static void in_expectation_one_keep_in_twenty_is_luck_whatever_the_space_holds(void **state)
{
    static const double real[] = {0, 0.02, 0.2, 0.8};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        double sum = 0;
        struct rng rng;
        rng_init(&rng, 1, "nights", i);
        for (int night = 0; night < 40000; night++)
            sum += false_share(real[i], &rng) / 40000;
        print_message("real %.2f: false share %.4f\n", real[i], sum);
        assert_true(sum <= 0.05 + 0.0022);
        if (i == 0) /* 50 tests spend 0.92 of it */
            assert_true(sum > 0.04);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_levels_are_those_of_the_formula),
        cmocka_unit_test(without_a_keep_the_levels_add_up_to_the_rate),
        cmocka_unit_test(no_number_of_keeps_lifts_a_level_above_the_first),
        cmocka_unit_test(what_is_no_test_has_no_level),
        cmocka_unit_test(in_expectation_one_keep_in_twenty_is_luck_whatever_the_space_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
