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

#include "proportion.h"

/* R's binom.test(); 682 of 925 is the example of its manual (Conover 1971, p. 97). */
static void the_intervals_are_those_of_the_textbook(void **state)
{
    static const struct {
        int64_t k, n;
        double low, high;
    } cases[] = {{1, 10, 0.002528579, 0.445016117},
                 {5, 10, 0.187086030, 0.812913970},
                 {682, 925, 0.7076683, 0.7654066}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        double low, high;
        proportion_interval(&low, &high, cases[i].k, cases[i].n, 0.95);
        assert_close(low, cases[i].low, 0, 6e-8);
        assert_close(high, cases[i].high, 0, 6e-8);
    }
}

/* (1-p)^n = a at the upper end of 0 of n. */
static void none_of_n_and_all_of_n_have_closed_forms(void **state)
{
    static const int64_t sizes[] = {1, 2, 10, 100, 100000};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        int64_t n = sizes[i];
        double low, high, open = -expm1(log(0.025) / (double)n);
        proportion_interval(&low, &high, 0, n, 0.95);
        assert_close(low, 0, 0, 0);
        assert_close(high, open, 1e-9, 0);
        proportion_interval(&low, &high, n, n, 0.95);
        assert_close(low, 1 - open, 1e-9, 0);
        assert_close(high, 1, 0, 0);
    }
}

static double binomial(int64_t k, int64_t n, double p)
{
    double choose = lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);

    return exp(choose + (double)k * log(p) + (double)(n - k) * log1p(-p));
}

/* Summed over all outcomes of 25 trials: exact, no simulation. */
static void the_true_rate_is_covered_as_often_as_promised(void **state)
{
    enum { N = 25 };
    double low[N + 1], high[N + 1];

    (void)state;
    for (int k = 0; k <= N; k++)
        proportion_interval(&low[k], &high[k], k, N, 0.9);
    for (double p = 0.005; p < 1; p += 0.005) {
        double covered = 0;
        for (int k = 0; k <= N; k++)
            if (low[k] <= p && p <= high[k])
                covered += binomial(k, N, p);
        assert_true(covered >= 0.9 - 1e-9);
    }
}

static void every_count_has_an_interval_around_it(void **state)
{
    static const int64_t sizes[] = {1, 7, 60, 5000, 100000};

    (void)state;
    for (size_t i = 0; i < 5; i++)
        for (int step = 0; step <= 10; step++) {
            int64_t n = sizes[i], k = n * step / 10;
            double low, high, rate = (double)k / (double)n;
            proportion_interval(&low, &high, k, n, 0.99);
            assert_true(low >= 0 && low <= rate && rate <= high && high <= 1 && low < high);
        }
}

static void nothing_seen_is_nothing_known_and_nonsense_is_nan(void **state)
{
    double low, high;

    (void)state;
    proportion_interval(&low, &high, 0, 0, 0.95);
    assert_close(low, 0, 0, 0);
    assert_close(high, 1, 0, 0);
    proportion_interval(&low, &high, 3, 2, 0.95);
    assert_true(isnan(low) && isnan(high));
    proportion_interval(&low, &high, 3, PROPORTION_MAX + 1, 0.95);
    assert_true(isnan(low) && isnan(high));
    proportion_interval(&low, &high, -1, 2, 0.95);
    assert_true(isnan(low) && isnan(high));
    proportion_interval(&low, &high, 1, 2, 1);
    assert_true(isnan(low) && isnan(high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_intervals_are_those_of_the_textbook),
        cmocka_unit_test(none_of_n_and_all_of_n_have_closed_forms),
        cmocka_unit_test(the_true_rate_is_covered_as_often_as_promised),
        cmocka_unit_test(every_count_has_an_interval_around_it),
        cmocka_unit_test(nothing_seen_is_nothing_known_and_nonsense_is_nan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
