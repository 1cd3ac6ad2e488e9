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

#include "fdr.h"
#include "rng.h"

/* Benjamini & Hochberg 1995, section 3.2: 15 hypotheses on a treatment of heart attacks. */
static const double HEART[15] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};

static void the_papers_example_selects_four(void **state)
{
    bool selected[15];

    (void)state;
    assert_int_equal(fdr_select(selected, HEART, 15, 0.05), 4);
    for (int i = 0; i < 15; i++)
        assert_int_equal(selected[i], i < 4);
}

/* At 0.1 the ninth is below 9/15 * 0.1 = 0.06, and carries with it those above their own line. */
static void a_later_p_value_carries_the_earlier_ones_with_it(void **state)
{
    static const double p[] = {0.06, 0.05, 0.055, 0.9};
    bool selected[15];

    (void)state;
    assert_int_equal(fdr_select(selected, HEART, 15, 0.1), 9);
    assert_int_equal(fdr_select(selected, p, 4, 0.1), 3); /* 0.06 <= 3/4 * 0.1; 0.05 > 1/4 * 0.1 */
    assert_true(selected[0] && selected[1] && selected[2] && !selected[3]);
}

static void what_was_not_tested_is_not_selected_and_does_not_count(void **state)
{
    static const double p[] = {NAN, 0.04, NAN, 0.09, NAN};
    static const double none[] = {NAN, NAN};
    bool selected[5];

    (void)state;
    assert_int_equal(fdr_select(selected, p, 5, 0.1), 2); /* of two, not of five */
    assert_true(!selected[0] && selected[1] && !selected[2] && selected[3] && !selected[4]);
    assert_int_equal(fdr_select(selected, none, 2, 1), 0);
    assert_true(!selected[0] && !selected[1]);
    assert_int_equal(fdr_select(selected, NULL, 0, 0.1), 0);
}

static void equal_p_values_share_their_fate(void **state)
{
    static const double p[] = {0.05, 0.05, 0.05, 0.2};
    bool selected[4];

    (void)state;
    assert_int_equal(fdr_select(selected, p, 4, 0.1), 3);
    assert_int_equal(fdr_select(selected, p, 4, 0.06), 0);
}

/* With 15 of 20 null the expected share is exactly 0.75 q; 40,000 lists: SE 0.0007. */
static void the_false_share_of_a_list_is_q_times_the_share_of_nulls(void **state)
{
    double sum = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, "lists", 0);
    for (int list = 0; list < 40000; list++) {
        double p[20];
        bool selected[20];
        size_t n, wrong = 0;
        for (int i = 0; i < 20; i++)
            p[i] = rng_uniform(&rng) * (i < 15 ? 1 : 0.01);
        n = fdr_select(selected, p, 20, 0.1);
        for (int i = 0; i < 15; i++)
            wrong += selected[i];
        sum += n ? (double)wrong / (double)n / 40000 : 0;
    }
    assert_close(sum, 0.075, 0, 0.003);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_papers_example_selects_four),
        cmocka_unit_test(a_later_p_value_carries_the_earlier_ones_with_it),
        cmocka_unit_test(what_was_not_tested_is_not_selected_and_does_not_count),
        cmocka_unit_test(equal_p_values_share_their_fate),
        cmocka_unit_test(the_false_share_of_a_list_is_q_times_the_share_of_nulls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
