/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "noise.h"
#include "rng.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void assert_near(double got, double want, double tolerance, const char *what)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %.9g is not within %g of %.9g", what, got, tolerance, want);
}

static void assert_unknown(struct noise noise)
{
    assert_true(isnan(noise.s2));
    assert_true(noise.df <= 0);
}

/* --- the sample ---------------------------------------------------------------------------------
 */

static void the_sample_variance_is_the_textbook_one(void **state)
{
    static const double diff[] = {2, 4, 4, 4, 5, 5, 7, 9};
    struct noise noise = noise_sample(diff, COUNT(diff));

    (void)state;
    assert_near(noise.s2, 32.0 / 7, 1e-12, "variance");
    assert_near(noise.df, 7, 0, "df");
}

static void one_difference_tells_no_variance(void **state)
{
    static const double diff[] = {0.3};

    (void)state;
    assert_unknown(noise_sample(diff, 0));
    assert_unknown(noise_sample(diff, 1));
}

static void differences_that_rounding_alone_tells_apart_have_no_variance(void **state)
{
    const double rounded[] = {3.53 - 3.52, 3.54 - 3.53, 7.01 - 7.00};
    const double distinct[] = {0.01, 0.01 + 1e-9};

    (void)state;
    assert_true(rounded[0] < rounded[1] || rounded[0] > rounded[1]);
    assert_near(noise_sample(rounded, 3).s2, 0, 0, "variance");
    assert_near(noise_sample(rounded, 3).df, 2, 0, "df");
    assert_true(noise_sample(distinct, 2).s2 > 0);
}

/* --- the prior ----------------------------------------------------------------------------------
 */

static double chi2(struct rng *rng, int df)
{
    double sum = 0;

    for (int i = 0; i < df; i++) {
        double x = rng_normal(rng);
        sum += x * x;
    }
    return sum;
}

enum { CANDIDATES = 20000 };
static double variances[CANDIDATES], degrees[CANDIDATES];

/* Candidates whose variances are s0^2 nu0 / chi^2_nu0, each seen through 1 to 5 degrees. */
static void simulate(int nu0, double s0_squared)
{
    struct rng rng;

    rng_init(&rng, 3, "variances", (uint64_t)nu0);
    for (int i = 0; i < CANDIDATES; i++) {
        double variance = nu0 ? s0_squared * nu0 / chi2(&rng, nu0) : s0_squared;
        int df = 1 + i % 5;
        degrees[i] = df;
        variances[i] = variance * chi2(&rng, df) / df;
    }
}

static void learning_recovers_the_prior_that_made_the_variances(void **state)
{
    static const int true_df[] = {3, 6, 12};

    (void)state;
    for (size_t i = 0; i < COUNT(true_df); i++) {
        struct noise prior;
        simulate(true_df[i], 0.04);
        noise_learn(&prior, variances, degrees, CANDIDATES);
        /* The moment estimator's relative SE, measured, is 3 % for 3 and 9 % for 12 degrees. */
        assert_near(prior.df / true_df[i], 1, 0.3, "df over its true value");
        assert_near(prior.s2, 0.04, 0.004, "prior variance");
    }
}

static void equal_noise_gives_a_prior_worth_dozens_of_degrees(void **state)
{
    struct noise prior;

    (void)state;
    simulate(0, 9.0);
    noise_learn(&prior, variances, degrees, CANDIDATES);
    /* log s2 has variance 1.7 here, known to 0.03 by 20,000: an excess of 2 SE is 2/0.06 = 33. */
    assert_true(prior.df > 33);
    assert_near(prior.s2, 9.0, 0.4, "prior variance"); /* 4 SE of a log: 0.037 */
}

static void unequal_noise_lowers_what_the_prior_is_worth(void **state)
{
    static const double alike[] = {1.0, 1.1, 0.9, 1.05, 0.95}, apart[] = {1, 100, 0.01, 30, 0.03};
    static const double df[] = {5, 5, 5, 5, 5};
    struct noise a, b;

    (void)state;
    noise_learn(&a, alike, df, 5);
    noise_learn(&b, apart, df, 5);
    assert_near(a.df, 25, 0, "df of alike variances: all that is behind them");
    assert_near(a.s2, 1.0, 1e-12, "pooled variance");
    assert_true(b.df > 0 && b.df < 2);
}

/* With two degrees log s2 is known in closed form: its bias is psi(1) - log(1) = -Euler's constant,
 * its chance variance trigamma(1) = pi^2/6.  Chosen so that the excess is trigamma(2) = pi^2/6 - 1,
 * the prior has 4 degrees and its bias is psi(2) - log(2). */
static void three_variances_give_the_closed_form_moments(void **state)
{
    const double euler = 0.57721566490153286, trigamma1 = 1.6449340668482264;
    double step = sqrt(2 * trigamma1 - 1);
    const double s2[] = {exp(-step), 1, exp(step)}, df[] = {2, 2, 2};
    struct noise prior;

    (void)state;
    noise_learn(&prior, s2, df, 3);
    assert_near(prior.df, 4, 1e-8, "df");
    assert_near(log(prior.s2), euler + (1 - euler - log(2.0)), 1e-8, "log of the prior variance");
}

static void fewer_than_three_variances_are_nothing_known(void **state)
{
    static const double s2[] = {1, 2, 0, NAN, -1, INFINITY, 3}, df[] = {2, 2, 2, 2, 2, 2, 0};
    struct noise prior;

    (void)state;
    noise_learn(&prior, NULL, NULL, 0);
    assert_unknown(prior);
    noise_learn(&prior, s2, df, COUNT(s2)); /* only the first two are usable */
    assert_unknown(prior);
}

static void useless_variances_change_nothing(void **state)
{
    static const double s2[] = {1, 0, 2, NAN, 9, INFINITY}, df[] = {2, 3, 2, 2, 1, 1};
    static const double clean[] = {1, 2, 9}, clean_df[] = {2, 2, 1};
    struct noise a, b;

    (void)state;
    noise_learn(&a, s2, df, COUNT(s2));
    noise_learn(&b, clean, clean_df, 3);
    assert_near(a.s2, b.s2, 0, "prior variance");
    assert_near(a.df, b.df, 0, "df");
    assert_true(a.df > 0 && a.df <= 5);
}

/* --- the prior of a study that began with an audit -----------------------------------------------
 */

static void the_audit_alone_is_a_prior_of_its_own_degrees(void **state)
{
    const struct noise audit = {0.04, 5};
    struct noise prior;

    (void)state;
    noise_prior(&prior, &audit, NULL, NULL, 0);
    assert_near(prior.s2, 0.04, 1e-16, "prior variance");
    assert_near(prior.df, 5, 0, "df");
}

static void the_audit_is_pooled_with_the_first_pairs(void **state)
{
    static const double s2[] = {0.1, NAN}, df[] = {2, 0};
    const struct noise audit = {0.03, 5};
    struct noise prior;

    (void)state;
    noise_prior(&prior, &audit, s2, df, 2); /* one pair alone has no variance, and is left out */
    assert_near(prior.s2, (5 * 0.03 + 2 * 0.1) / 7, 1e-16, "prior variance");
    assert_near(prior.df, 7, 0, "df");
}

static void from_three_variances_on_the_audit_is_one_of_them(void **state)
{
    static const double s2[] = {0.1, 2.5, 0.02}, df[] = {2, 3, 1};
    static const double all[] = {0.03, 0.1, 2.5, 0.02}, all_df[] = {5, 2, 3, 1};
    const struct noise audit = {0.03, 5};

    (void)state;
    for (size_t n = 2; n <= 3; n++) {
        struct noise prior, learnt;
        noise_prior(&prior, &audit, s2, df, n);
        noise_learn(&learnt, all, all_df, n + 1);
        assert_near(prior.s2, learnt.s2, 0, "prior variance");
        assert_near(prior.df, learnt.df, 0, "df");
        assert_true(prior.df > 0 && prior.df < 11); /* they differ too much to be pooled */
    }
}

static void without_an_audit_the_prior_is_learnt_from_the_pairs(void **state)
{
    static const double s2[] = {1, 2, 9}, df[] = {2, 2, 1};
    const struct noise absent[] = {{NAN, 0}, {0, 5}, {INFINITY, 5}};

    (void)state;
    for (size_t i = 0; i < COUNT(absent); i++) {
        struct noise prior, learnt;
        noise_prior(&prior, &absent[i], s2, df, 2);
        assert_unknown(prior);
        noise_prior(&prior, &absent[i], s2, df, 3);
        noise_learn(&learnt, s2, df, 3);
        assert_near(prior.s2, learnt.s2, 0, "prior variance");
        assert_near(prior.df, learnt.df, 0, "df");
    }
}

static void a_prior_is_never_worth_more_than_what_stands_behind_it(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 4, "worth", 0);
    for (int i = 0; i < 2000; i++) {
        struct noise audit = {chi2(&rng, 5) / 5, 5}, prior;
        double s2[6], df[6], behind = 5;
        size_t n = rng_below(&rng, 7);
        for (size_t k = 0; k < n; k++) {
            df[k] = 1 + (double)rng_below(&rng, 7);
            s2[k] = chi2(&rng, (int)df[k]) / df[k];
            behind += df[k];
        }
        noise_prior(&prior, &audit, s2, df, n);
        assert_true(prior.s2 > 0 && prior.df > 0 && prior.df <= behind);
    }
}

/* --- moderation ---------------------------------------------------------------------------------
 */

static void moderation_weighs_by_degrees_of_freedom(void **state)
{
    const struct noise prior = {4.0, 6.0}, nothing = {NAN, 0};
    struct noise both = noise_moderate(&prior, 1.0, 2.0);

    (void)state;
    assert_near(both.s2, 26.0 / 8, 1e-12, "moderated variance");
    assert_near(both.df, 8, 0, "moderated df");
    assert_near(noise_moderate(&prior, NAN, 0).s2, 4, 0, "the prior alone");
    assert_near(noise_moderate(&prior, NAN, 0).df, 6, 0, "the prior's df alone");
    assert_near(noise_moderate(&nothing, 1, 2).s2, 1, 0, "the sample alone");
    assert_near(noise_moderate(&nothing, 1, 2).df, 2, 0, "the sample's df alone");
    assert_unknown(noise_moderate(&nothing, NAN, 0));
}

/* --- t to z -------------------------------------------------------------------------------------
 */

static void z_has_the_tail_of_t(void **state)
{
    /* Quantiles of Student's t at 0.975 and 0.995 from any table; at 1 df, t = 1 has tail 1/4. */
    static const struct {
        double t, df, z;
    } cases[] = {{1, 1, 0.6744897502},           {12.70620474, 1, 1.959963985},
                 {2.570581836, 5, 1.959963985},  {4.032142984, 5, 2.575829304},
                 {2.042272456, 30, 1.959963985}, {3, 1e9, 3}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_near(noise_z(cases[i].t, cases[i].df), cases[i].z, 1e-7, "z");
        assert_near(noise_z(-cases[i].t, cases[i].df), -cases[i].z, 1e-7, "-z");
    }
    assert_near(noise_z(0, 4), 0, 1e-12, "z of 0");
}

static void z_rises_with_t_and_is_finite_however_far(void **state)
{
    static const double df[] = {1, 2.5, 20, 1000};

    (void)state;
    for (size_t i = 0; i < COUNT(df); i++) {
        double before = 0;
        for (double t = 0.01; t < 1e18; t *= 1.5) {
            double z = noise_z(t, df[i]);
            assert_true(isfinite(z) && z >= before && z <= 37);
            before = z;
        }
        assert_true(isfinite(noise_z(INFINITY, df[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_variance_is_the_textbook_one),
        cmocka_unit_test(one_difference_tells_no_variance),
        cmocka_unit_test(differences_that_rounding_alone_tells_apart_have_no_variance),
        cmocka_unit_test(learning_recovers_the_prior_that_made_the_variances),
        cmocka_unit_test(equal_noise_gives_a_prior_worth_dozens_of_degrees),
        cmocka_unit_test(unequal_noise_lowers_what_the_prior_is_worth),
        cmocka_unit_test(three_variances_give_the_closed_form_moments),
        cmocka_unit_test(fewer_than_three_variances_are_nothing_known),
        cmocka_unit_test(useless_variances_change_nothing),
        cmocka_unit_test(the_audit_alone_is_a_prior_of_its_own_degrees),
        cmocka_unit_test(the_audit_is_pooled_with_the_first_pairs),
        cmocka_unit_test(from_three_variances_on_the_audit_is_one_of_them),
        cmocka_unit_test(without_an_audit_the_prior_is_learnt_from_the_pairs),
        cmocka_unit_test(a_prior_is_never_worth_more_than_what_stands_behind_it),
        cmocka_unit_test(moderation_weighs_by_degrees_of_freedom),
        cmocka_unit_test(z_has_the_tail_of_t),
        cmocka_unit_test(z_rises_with_t_and_is_finite_however_far),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
