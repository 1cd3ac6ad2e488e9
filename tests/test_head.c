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

#include "head.h"
#include "rng.h"

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x * M_SQRT1_2);
}

/* --- the posterior ------------------------------------------------------------------------------
 */

/* Prior N(0, 1), effect 1 with variance 1: half way, N(0.5, 0.5); Phi(0.70711) = 0.760250. */
static void the_posterior_weighs_by_precision(void **state)
{
    const struct head_prior prior = {0, 1, 5}, doubtful = {-1, 0.5, 5};
    double mean, variance;

    (void)state;
    assert_close(head_probability(&prior, 1, 1, &mean, &variance), 0.760250, 0, 5e-7);
    assert_close(mean, 0.5, 0, 1e-15);
    assert_close(variance, 0.5, 0, 1e-15);
    /* Precision 2 + 4; mean (-2 + 4 * 0.5) / 6 = 0. */
    assert_close(head_probability(&doubtful, 0.5, 0.25, &mean, &variance), 0.5, 0, 1e-12);
    assert_close(mean, 0, 0, 1e-15);
    assert_close(variance, 1.0 / 6, 0, 1e-15);
    assert_close(head_probability(&prior, 1, 1, NULL, NULL), 0.760250, 0, 5e-7);
}

static void certainty_and_ignorance_are_the_limits(void **state)
{
    const struct head_prior prior = {0.3, 1, 5}, flat = {0, INFINITY, 0};
    double mean, variance;

    (void)state;
    assert_close(head_probability(&prior, 0.1, 0, &mean, &variance), 1, 0, 0);
    assert_close(mean, 0.1, 0, 1e-16);
    assert_close(variance, 0, 0, 0);
    assert_close(head_probability(&prior, 0, 0, NULL, NULL), 0, 0, 0);
    assert_close(head_probability(&prior, -0.1, 0, NULL, NULL), 0, 0, 0);
    assert_close(head_probability(&prior, 9, INFINITY, &mean, &variance), normal_cdf(0.3), 0,
                 1e-12);
    assert_close(mean, 0.3, 0, 0);
    assert_close(variance, 1, 0, 0);
    assert_close(head_probability(&flat, 2, 4, &mean, &variance), normal_cdf(1), 0, 1e-12);
    assert_close(mean, 2, 0, 0);
    assert_close(variance, 4, 0, 0);
    assert_true(isnan(head_probability(&prior, NAN, 1, NULL, NULL)));
    assert_true(isnan(head_probability(&prior, 1, NAN, NULL, NULL)));
}

/* Of what is given the probability p, the share p is really better: 200,000 candidates, tenths. */
static void a_probability_is_how_often_it_comes_true(void **state)
{
    const struct head_prior prior = {-0.4, 0.25, 14};
    double said[10] = {0}, better[10] = {0}, n[10] = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, "calibrated", 0);
    for (int i = 0; i < 200000; i++) {
        double delta = prior.mean + sqrt(prior.variance) * rng_normal(&rng);
        double p = head_probability(&prior, delta + 0.6 * rng_normal(&rng), 0.36, NULL, NULL);
        int bin = (int)fmin(10 * p, 9);
        said[bin] += p;
        better[bin] += delta > 0;
        n[bin]++;
    }
    for (int bin = 0; bin < 10; bin++)
        assert_close(better[bin] / n[bin], said[bin] / n[bin], 0, 4 * 0.5 / sqrt(n[bin]));
}

/* --- the prior ----------------------------------------------------------------------------------
 */

/* What the header says of the first pair: at 0.36 sigma_d it moves, at -0.36 it drops. */
static void the_first_guess_moves_and_drops_where_the_header_says(void **state)
{
    static const double noise_d2 = 0.04;
    struct head_prior prior;

    (void)state;
    head_prior_init(&prior, noise_d2);
    assert_int_equal(head_judge(head_probability(&prior, 0.37 * 0.2, noise_d2, NULL, NULL), 1),
                     HEAD_MOVE);
    assert_int_equal(head_judge(head_probability(&prior, 0.35 * 0.2, noise_d2, NULL, NULL), 1),
                     HEAD_MORE);
    assert_int_equal(head_judge(head_probability(&prior, -0.35 * 0.2, noise_d2, NULL, NULL), 1),
                     HEAD_MORE);
    assert_int_equal(head_judge(head_probability(&prior, -0.37 * 0.2, noise_d2, NULL, NULL), 1),
                     HEAD_DROP);
}

static void without_noise_to_go_by_the_prior_is_flat(void **state)
{
    static const double unknown[] = {NAN, 0, -1, INFINITY};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct head_prior prior;
        head_prior_init(&prior, unknown[i]);
        assert_true(isinf(prior.variance) && prior.weight <= 0);
        head_prior_learn(&prior, 2, 1); /* the first look is all there is: 4 / 0.920537 - 1 */
        assert_close(prior.mean, 2, 0, 1e-15);
        assert_close(prior.variance, 4 / 0.920537 - 1, 0, 1e-12);
    }
}

static void one_effect_moves_the_moments_by_its_weight(void **state)
{
    struct head_prior prior;
    double weight = HEAD_DECAY * HEAD_START + 1;

    (void)state;
    head_prior_init(&prior, 1);
    head_prior_learn(&prior, 0.5, 1);
    assert_close(prior.weight, weight, 1e-15, 0);
    assert_close(prior.mean, 0.5 / weight, 1e-15, 0);
    assert_close(prior.variance, 1 + (0.25 / 0.920537 - 1 - 1) / weight, 1e-12, 0);
}

/* Expected SD of the effect sqrt(1 + 1), so that it counts as 2 * 1.41421. */
static void a_candidate_that_blew_up_counts_as_two_standard_deviations(void **state)
{
    struct head_prior blown, edge;

    (void)state;
    head_prior_init(&blown, 1);
    head_prior_init(&edge, 1);
    head_prior_learn(&blown, -1e6, 1);
    head_prior_learn(&edge, -2 * sqrt(2), 1);
    assert_close(blown.mean, edge.mean, 1e-12, 0);
    assert_close(blown.variance, edge.variance, 1e-12, 0);
}

static void what_is_no_number_teaches_nothing(void **state)
{
    static const double bad[][2] = {{NAN, 1}, {INFINITY, 1}, {1, NAN}, {1, -1}, {1, INFINITY}};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct head_prior prior = {0.2, 0.5, 3};
        head_prior_learn(&prior, bad[i][0], bad[i][1]);
        assert_close(prior.mean, 0.2, 0, 0);
        assert_close(prior.variance, 0.5, 0, 0);
        assert_close(prior.weight, 3, 0, 0);
    }
}

static void where_nothing_differs_the_variance_falls_to_its_floor_and_no_further(void **state)
{
    struct head_prior prior;

    (void)state;
    head_prior_init(&prior, 1);
    for (int i = 0; i < 500; i++)
        head_prior_learn(&prior, 0, 1);
    assert_close(prior.variance, HEAD_FLOOR, 1e-12, 0);
    assert_close(prior.weight, 1 / (1 - HEAD_DECAY), 1e-12, 0);
    for (int i = 0; i < 500; i++)
        head_prior_learn(&prior, i % 2 ? 3 : -3, 1); /* and it rises again */
    assert_true(prior.variance > 4);
}

/*
 * Proposals with effects N(-0.5, 1), seen with variance 0.5.  Averaged over 20,000 proposals, of
 * which about 1,400 are independent states: the SE of the mean is 0.01.  The variance comes out
 * low, since deviations are taken from a mean that has just been fitted to 14 of them and are
 * clipped by a scale that is itself uncertain.
 */
static void the_prior_finds_what_proposals_are_worth(void **state)
{
    struct head_prior prior;
    double mean = 0, variance = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 2, "proposals", 0);
    head_prior_init(&prior, 1);
    for (int i = 0; i < 20000; i++) {
        double delta = -0.5 + rng_normal(&rng);
        head_prior_learn(&prior, delta + sqrt(0.5) * rng_normal(&rng), 0.5);
        mean += prior.mean / 20000;
        variance += prior.variance / 20000;
    }
    print_message("mean %.3f (-0.5), variance %.3f (1)\n", mean, variance);
    assert_close(mean, -0.5, 0, 0.04);
    assert_close(variance, 1, 0, 0.2);
}

/* --- the verdict --------------------------------------------------------------------------------
 */

static void the_head_moves_drops_or_asks_for_at_most_three_seeds(void **state)
{
    static const struct {
        double probability;
        int n;
        enum head_verdict verdict;
    } cases[] = {{0.6, 1, HEAD_MOVE},  {0.59, 1, HEAD_MORE}, {0.59, 2, HEAD_MORE},
                 {0.59, 3, HEAD_DROP}, {0.6, 3, HEAD_MOVE},  {0.41, 1, HEAD_MORE},
                 {0.4, 1, HEAD_DROP},  {0, 1, HEAD_DROP},    {NAN, 1, HEAD_MORE},
                 {NAN, 3, HEAD_DROP}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(head_judge(cases[i].probability, cases[i].n), cases[i].verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_posterior_weighs_by_precision),
        cmocka_unit_test(certainty_and_ignorance_are_the_limits),
        cmocka_unit_test(a_probability_is_how_often_it_comes_true),
        cmocka_unit_test(the_first_guess_moves_and_drops_where_the_header_says),
        cmocka_unit_test(without_noise_to_go_by_the_prior_is_flat),
        cmocka_unit_test(one_effect_moves_the_moments_by_its_weight),
        cmocka_unit_test(a_candidate_that_blew_up_counts_as_two_standard_deviations),
        cmocka_unit_test(what_is_no_number_teaches_nothing),
        cmocka_unit_test(where_nothing_differs_the_variance_falls_to_its_floor_and_no_further),
        cmocka_unit_test(the_prior_finds_what_proposals_are_worth),
        cmocka_unit_test(the_head_moves_drops_or_asks_for_at_most_three_seeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
