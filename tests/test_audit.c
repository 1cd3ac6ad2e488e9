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

#include "audit.h"
#include "rng.h"

static struct judge judge_of(double alpha, int max_seeds, double min_gain)
{
    const struct judge_rule rule = {alpha, max_seeds, min_gain};
    struct judge judge;
    struct err err = {0};

    if (judge_init(&judge, &rule, &err) != 0)
        fail_msg("%s", err.text);
    return judge;
}

static struct audit measured(const double *baseline, const double *neighbour, size_t n,
                             double repeat, double min_gain)
{
    struct judge judge = judge_of(0.05, 6, min_gain);
    struct audit audit;

    audit_measure(&audit, baseline, neighbour, n, repeat, &judge);
    return audit;
}

/* --- numbers ------------------------------------------------------------------------------------
 */

/* Baseline 1 2 3 6 (mean 3, squares 14), neighbour 0 2 2 4 (mean 2, squares 8), products 10;
 * differences 1 0 1 2 (mean 1, squares 2). */
static void the_numbers_are_those_of_the_textbook(void **state)
{
    static const double baseline[] = {1, 2, 3, 6}, neighbour[] = {0, 2, 2, 4};
    struct audit a = measured(baseline, neighbour, 4, 1, 0.25);

    (void)state;
    assert_int_equal(a.n, 4);
    assert_close(a.sigma_seed, sqrt(22.0 / 6), 1e-14, 0);
    assert_close(a.rho, 10 / sqrt(14.0 * 8), 1e-14, 0);
    assert_close(a.sigma_d, sqrt(2.0 / 3), 1e-14, 0);
    assert_close(a.df, 3, 0, 0);
    assert_close(a.visible_effect, 0.25 + a.visible * a.sigma_d, 1e-14, 0);
    assert_close(audit_noise(&a).s2, 2.0 / 3, 1e-14, 0);
    assert_close(audit_noise(&a).df, 3, 0, 0);
    assert_true(isnan(a.paired_se) && isnan(a.rate_mean) && isnan(a.rate_sd));
}

static void the_visible_effect_is_kept_four_times_in_five(void **state)
{
    static const double baseline[] = {1, 2}, neighbour[] = {0, 2};
    struct judge judge = judge_of(0.05, 6, 0);
    struct audit a = measured(baseline, neighbour, 2, NAN, 0);
    double keep, pairs;

    (void)state;
    boundary_power(&keep, &pairs, &judge.boundary, a.visible);
    assert_close(keep, 0.8, 0, 1e-9);
    assert_close(a.visible, 1.3, 0, 0.05); /* about 1.3 sigma_d */
}

static void a_repeat_tells_whether_the_trainer_is_deterministic(void **state)
{
    static const double baseline[] = {3.25, 3.5}, failed[] = {NAN, 3.5};
    struct audit same = measured(baseline, baseline, 2, 3.25, 0);
    struct audit other = measured(baseline, baseline, 2, nextafter(3.25, 4), 0);
    struct audit never = measured(baseline, baseline, 2, NAN, 0);
    struct audit lost = measured(failed, baseline, 2, 3.25, 0);

    (void)state;
    assert_true(same.repeated && same.deterministic);
    assert_close(same.repeat_gap, 0, 0, 0);
    assert_true(other.repeated && !other.deterministic);
    assert_true(other.repeat_gap > 0);
    assert_true(!never.repeated && !never.deterministic && isnan(never.repeat_gap));
    assert_true(!lost.repeated && !lost.deterministic && isnan(lost.repeat_gap));
}

static void a_failed_run_takes_its_pair_out_but_not_the_other_run(void **state)
{
    static const double baseline[] = {1, NAN, 3, 5}, neighbour[] = {2, 7, INFINITY, 4};
    struct audit a = measured(baseline, neighbour, 4, 1, 0);

    (void)state;
    assert_int_equal(a.n, 2);
    assert_close(a.sigma_d, sqrt(2), 1e-14, 0); /* of -1 and 1 */
    /* 1 3 5: squares 8, 2 degrees; 2 7 4: squares 38/3, 2 degrees. */
    assert_close(a.sigma_seed, sqrt((8 + 38.0 / 3) / 4), 1e-14, 0);
}

static void what_cannot_be_known_is_nan(void **state)
{
    static const double one[] = {3}, flat[] = {2, 2, 2}, rising[] = {1, 2, 3}, next[] = {2, 3, 4};
    struct audit none = measured(NULL, NULL, 0, NAN, 0), single = measured(one, one, 1, 3, 0);
    struct audit still = measured(flat, rising, 3, 2, 0), locked = measured(rising, next, 3, 1, 0);

    (void)state;
    assert_int_equal(none.n, 0);
    assert_true(isnan(none.sigma_seed) && isnan(none.rho) && isnan(none.sigma_d));
    assert_true(isnan(none.visible_effect) && none.df <= 0 && audit_noise(&none).df <= 0);
    assert_true(isnan(single.sigma_seed) && isnan(single.sigma_d) && single.n == 1);
    assert_true(isnan(still.rho)); /* no correlation with what does not vary */
    assert_close(locked.sigma_d, 0, 0, 0);
    assert_close(locked.rho, 1, 1e-14, 0);
    assert_true(isnan(audit_noise(&locked).s2) && audit_noise(&locked).df <= 0);
}

/* 4,000 audits of six pairs, rho 0.7, SD 2: sigma_d^2 = 2 (1 - rho) 4 = 2.4. */
static void audits_are_right_on_average(void **state)
{
    double seed2 = 0, d2 = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, "audits", 0);
    for (int i = 0; i < 4000; i++) {
        double a[6], b[6];
        struct audit audit;
        struct judge judge = {.boundary = {.looks = 1, .alpha = 0.05, .keep = {1.6}}};
        for (int k = 0; k < 6; k++) {
            double u = sqrt(0.7) * rng_normal(&rng);
            a[k] = 5 + 2 * (u + sqrt(0.3) * rng_normal(&rng));
            b[k] = 4 + 2 * (u + sqrt(0.3) * rng_normal(&rng));
        }
        audit_measure(&audit, a, b, 6, NAN, &judge);
        seed2 += audit.sigma_seed * audit.sigma_seed / 4000;
        d2 += audit.sigma_d * audit.sigma_d / 4000;
    }
    /* Four relative SE: 4 sqrt(2/5) / sqrt(4000) = 0.04. */
    assert_close(seed2, 4, 0.04, 0);
    assert_close(d2, 2.4, 0.04, 0);
}

static void rates_and_paired_errors_are_pooled(void **state)
{
    static const double rates[] = {90, NAN, 110, 0, 100, -5}, errors[] = {0.3, NAN, 0.4};
    static const double none[] = {NAN};
    struct audit a = measured(NULL, NULL, 0, NAN, 0);

    (void)state;
    audit_add_rates(&a, rates, 6);
    audit_add_paired_se(&a, errors, 3);
    assert_int_equal(a.rates, 3);
    assert_close(a.rate_mean, 100, 1e-14, 0);
    assert_close(a.rate_sd, 10, 1e-14, 0);
    assert_close(a.paired_se, sqrt((0.09 + 0.16) / 2), 1e-14, 0);
    audit_add_rates(&a, rates, 1);
    audit_add_paired_se(&a, none, 1);
    assert_true(isnan(a.rate_sd) && isnan(a.paired_se));
    assert_close(a.rate_mean, 90, 0, 0);
}

/* Differences 1 2 3 4: SD sqrt(5/3), by 2. */
static void the_paired_error_is_that_of_the_mean_difference(void **state)
{
    static const float a[] = {2, 4, 6, 8}, b[] = {1, 2, 3, 4}, bad[] = {1, 2, (float)NAN, 4};

    (void)state;
    assert_close(audit_paired_se(a, b, 4), sqrt(5.0 / 3) / 2, 1e-14, 0);
    assert_close(audit_paired_se(a, a, 4), 0, 0, 0);
    assert_true(isnan(audit_paired_se(a, bad, 4)));
    assert_true(isnan(audit_paired_se(a, b, 1)));
    assert_true(isnan(audit_paired_se(NULL, NULL, 0)));
}

/* --- advice -------------------------------------------------------------------------------------
 */

/* A sound audit: sigma_d 0.01 on five degrees, visible at 1.3. */
static struct audit sound(void)
{
    return (struct audit){.n = 6,
                          .repeated = true,
                          .deterministic = true,
                          .repeat_gap = 0,
                          .sigma_seed = 0.012,
                          .rho = 0.65,
                          .sigma_d = 0.01,
                          .df = 5,
                          .visible = 1.3,
                          .visible_effect = 0.013,
                          .paired_se = 0.002,
                          .rate_mean = 50000,
                          .rate_sd = 500,
                          .rates = 13};
}

static void assert_advice(const struct audit *audit, double min_gain, const char *want)
{
    struct judge judge = judge_of(0.05, 6, min_gain);
    struct str got = {0};

    audit_recommend(&got, audit, &judge);
    assert_string_equal(str_text(&got), want);
    str_clear(&got);
}

#define VISIBLE                                                                                    \
    "A gain of 0.013 or more is kept in at least four of five cases (min_gain plus 1.3 sigma_d; "  \
    "sigma_d is 0.01 from 6 pairs).\n"

static void a_sound_audit_only_says_what_can_be_seen(void **state)
{
    struct audit a = sound();

    (void)state;
    assert_advice(&a, 0, VISIBLE);
}

static void a_validation_set_that_is_too_small_is_said_with_what_would_do(void **state)
{
    struct audit a = sound();

    (void)state;
    a.paired_se = 0.004; /* (0.004 / 0.0025)^2 = 2.56 */
    assert_advice(&a, 0,
                  VISIBLE "Take 2.6 times as many validation tokens: the validation set's paired "
                          "error 0.004 is above a quarter of sigma_d 0.01, so what wins on it may "
                          "not win elsewhere.\n");
}

static void a_trainer_that_is_not_deterministic_is_said_loudly(void **state)
{
    struct audit a = sound();

    (void)state;
    a.deterministic = false;
    a.repeat_gap = 0.0007;
    assert_advice(&a, 0,
                  VISIBLE "The trainer is not deterministic: the same config and seed gave losses "
                          "0.0007 apart. No run can be repeated bit for bit; what pairing by seed "
                          "still takes off is in sigma_d.\n");
    a.repeated = false;
    assert_advice(&a, 0,
                  VISIBLE "The baseline was not repeated on one seed, so it is not known whether a "
                          "run can be repeated bit for bit.\n");
}

static void a_gain_that_matters_and_is_not_seen_asks_for_budget_or_seeds(void **state)
{
    struct audit a = sound();
    struct judge judge = judge_of(0.05, 6, 0.012), more = judge;
    char want[600];
    int seeds = 6;

    (void)state;
    a.visible_effect = 0.025;
    do
        more = judge_of(0.05, ++seeds, 0.012);
    while (boundary_visible(&more.boundary, 0.8) > 1.2);
    assert_true(seeds > 6 && seeds <= 10);
    snprintf(want, sizeof want,
             "A gain of 0.025 or more is kept in at least four of five cases (min_gain plus 1.3 "
             "sigma_d; sigma_d is 0.01 from 6 pairs).\n"
             "Take a longer budget or more seeds: a gain of twice min_gain 0.012 would be missed "
             "more often than one time in five, since it takes 0.025; sigma_d would have to be "
             "0.00923 instead of 0.01, or max_seeds %d instead of 6.\n",
             seeds);
    assert_advice(&a, 0.012, want);
}

static void a_gain_far_below_the_noise_is_not_helped_by_seeds(void **state)
{
    struct audit a = sound();

    (void)state;
    a.visible_effect = 0.014;
    assert_advice(&a, 0.001,
                  "A gain of 0.014 or more is kept in at least four of five cases (min_gain plus "
                  "1.3 sigma_d; sigma_d is 0.01 from 6 pairs).\n"
                  "Take a longer budget: a gain of twice min_gain 0.001 would be missed more often "
                  "than one time in five, since it takes 0.014; sigma_d would have to be 0.000769 "
                  "instead of 0.01.\n");
}

static void seeds_that_configs_do_not_share_and_unsteady_speed_are_said(void **state)
{
    struct audit a = sound();

    (void)state;
    a.rho = 0.1;
    a.rate_sd = 6000;
    assert_advice(&a, 0,
                  VISIBLE "Configs share little of a seed's noise (rho 0.1 from 6 pairs), so "
                          "pairing gains little: see that a seed fixes initialisation and data "
                          "order.\n"
                          "Budget in tokens or steps, not in time: the speed of 13 runs of like "
                          "configs varied by 12 % (SD).\n");
}

static void an_audit_that_failed_says_so(void **state)
{
    struct audit a = measured(NULL, NULL, 0, NAN, 0), b = sound();

    (void)state;
    a.repeated = a.deterministic = true;
    assert_advice(&a, 0.1, "The noise is not known: 0 pairs ended well, and it takes two.\n");
    b.sigma_d = 0;
    b.paired_se = 0;
    assert_advice(&b, 0,
                  "Every one of 6 pairs differs by the same: the trainer ignores its seed, or "
                  "prints the loss with too few digits.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_numbers_are_those_of_the_textbook),
        cmocka_unit_test(the_visible_effect_is_kept_four_times_in_five),
        cmocka_unit_test(a_repeat_tells_whether_the_trainer_is_deterministic),
        cmocka_unit_test(a_failed_run_takes_its_pair_out_but_not_the_other_run),
        cmocka_unit_test(what_cannot_be_known_is_nan),
        cmocka_unit_test(audits_are_right_on_average),
        cmocka_unit_test(rates_and_paired_errors_are_pooled),
        cmocka_unit_test(the_paired_error_is_that_of_the_mean_difference),
        cmocka_unit_test(a_sound_audit_only_says_what_can_be_seen),
        cmocka_unit_test(a_validation_set_that_is_too_small_is_said_with_what_would_do),
        cmocka_unit_test(a_trainer_that_is_not_deterministic_is_said_loudly),
        cmocka_unit_test(a_gain_that_matters_and_is_not_seen_asks_for_budget_or_seeds),
        cmocka_unit_test(a_gain_far_below_the_noise_is_not_helped_by_seeds),
        cmocka_unit_test(seeds_that_configs_do_not_share_and_unsteady_speed_are_said),
        cmocka_unit_test(an_audit_that_failed_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
