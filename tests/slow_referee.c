/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the referee promises, over thousands of simulated nights (a few minutes).  The figures of
 * docs/simulation.md are those of `make simulate`; here are the tolerances.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "simulated_night.h"

static const double FDR = 0.05;

static struct night_plan plan_of(const char *landscape, enum procedure_kind procedure, int64_t runs)
{
    return (struct night_plan){.landscape = landscape_find(landscape),
                               .procedure = procedure,
                               .sigma_d = 0.3,
                               .seed = 1,
                               .runs = runs,
                               .jobs = 1,
                               .study = ""};
}

static void nights(struct tally out[MEASURES], const struct night_plan *plan, size_t n)
{
    struct err err = {0};

    if (simulate_nights(out, plan, n, &err) != 0)
        fail_msg("%s", err.text);
}

static void assert_near(const struct tally *tally, double want, double tolerance, const char *what)
{
    printf("# %s: %.3f, standard error %.3f; wanted %g +- %g\n", what, tally_mean(tally),
           tally_se(tally), want, tolerance);
    if (!(fabs(tally_mean(tally) - want) <= tolerance))
        fail_msg("%s: %.4f is not within %g of %g", what, tally_mean(tally), tolerance, want);
}

static void assert_at_most(const struct tally *tally, double most, const char *what)
{
    printf("# %s: %.4f, standard error %.4f; at most %g\n", what, tally_mean(tally),
           tally_se(tally), most);
    if (!(tally_mean(tally) <= most))
        fail_msg("%s: %.4f is above %g", what, tally_mean(tally), most);
}

/* --- the landscape is that of the design ------------------------------------------------------ */

/* Published: greedy 0.39 at 300 runs, 0.56 too much, 3.9 harmful keeps, 0.64 at 100 runs; every
 * move tested 0.49.  One landscape was fitted to all five, so they are met roughly only. */
static void the_quadratic_treats_greedy_and_paired_as_the_published_one_does(void **state)
{
    struct night_plan plan = plan_of("quadratic", PROCEDURE_GREEDY, 300);
    struct tally out[MEASURES];

    (void)state;
    nights(out, &plan, 400);
    assert_near(&out[MEASURE_EXCESS], 0.39, 0.05, "greedy, 300 runs: excess");
    assert_near(&out[MEASURE_BIAS], 0.56, 0.04, "greedy, 300 runs: claimed too much");
    assert_near(&out[MEASURE_HARMFUL], 3.9, 0.3, "greedy, 300 runs: harmful keeps");
    plan.runs = 100;
    nights(out, &plan, 400);
    assert_near(&out[MEASURE_EXCESS], 0.64, 0.12, "greedy, 100 runs: excess");
    plan = plan_of("quadratic", PROCEDURE_PAIRED, 300);
    nights(out, &plan, 400);
    assert_near(&out[MEASURE_EXCESS], 0.49, 0.05, "paired, 300 runs: excess");
}

/* --- how good, how harmful, how truthful ------------------------------------------------------ */

static void nights_of_300_runs_reach_their_figures(void **state)
{
    struct night_plan plan = plan_of("quadratic", PROCEDURE_TWO_LEVEL, 300);
    struct tally out[MEASURES];

    (void)state;
    nights(out, &plan, 600);
    assert_at_most(&out[MEASURE_RUNS], 300, "two_level: runs");
    assert_at_most(&out[MEASURE_EXCESS], 0.42, "two_level, 300 runs: excess");
    assert_at_most(&out[MEASURE_HARMFUL], 0.02, "two_level, 300 runs: harmful keeps");
    assert_near(&out[MEASURE_BIAS], 0, 0.05 * plan.sigma_d, "two_level, 300 runs: bias");
}

/* Asked: 0.95, and what greedy reaches (0.64) of a strategy that pools all runs. */
static void nights_of_100_runs_reach_their_figures_where_the_strategy_pools_all_runs(void **state)
{
    struct night_plan plan = plan_of("quadratic", PROCEDURE_TWO_LEVEL, 100);
    struct tally out[MEASURES];

    (void)state;
    plan.strategy = "gp";
    nights(out, &plan, 400);
    assert_at_most(&out[MEASURE_RUNS], 100, "two_level: runs");
    assert_at_most(&out[MEASURE_EXCESS], 0.64, "two_level, 100 runs, gp: excess");
    assert_at_most(&out[MEASURE_HARMFUL], 0.02, "two_level, 100 runs, gp: harmful keeps");
    assert_near(&out[MEASURE_BIAS], 0, 0.05 * plan.sigma_d, "two_level, 100 runs, gp: bias");
}

/* --- luck ------------------------------------------------------------------------------------- */

static double allowed(double rate, size_t n)
{
    return rate + 2 * sqrt(rate * (1 - rate) / (double)n);
}

struct setting {
    double rho;
    const char *study;
};
static const struct setting settings[] = {
    {0, ""},
    {0.6, ""},
    {0, "audit: off\n"},
    {0.6, "audit: off\n"},
    {0.6, "lookahead: 1\n"},
    {0.6, "lookahead: 4\n"},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static const char *label(char text[128], const struct night_plan *plan, const char *what)
{
    snprintf(text, 128, "%s, rho %g, %.*s: %s", plan->landscape->name, plan->rho,
             (int)strcspn(plan->study, "\n"), plan->study[0] != '\0' ? plan->study : "usual", what);
    return text;
}

static void in_every_setting(struct night_plan plan, size_t n,
                             void (*check)(const struct tally *, const struct night_plan *, size_t))
{
    struct tally out[MEASURES];

    for (size_t i = 0; i < SETTINGS; i++) {
        plan.rho = settings[i].rho;
        plan.study = settings[i].study;
        nights(out, &plan, n);
        check(out, &plan, n);
    }
}

static void check_any(const struct tally *out, const struct night_plan *plan, size_t n)
{
    char text[128];

    assert_at_most(&out[MEASURE_ANY], allowed(FDR, n), label(text, plan, "nights with a keep"));
    assert_true(tally_mean(&out[MEASURE_TESTS]) >= 1);
}

static void where_nothing_helps_few_nights_end_with_a_keep(void **state)
{
    (void)state;
    in_every_setting(plan_of("flat", PROCEDURE_TWO_LEVEL, 300), 1000, check_any);
    in_every_setting(plan_of("worse", PROCEDURE_TWO_LEVEL, 300), 300, check_any);
}

/* The share of a night's keeps that is false, 0 where there is none, averaged over nights. */
static void check_fdr(const struct tally *out, const struct night_plan *plan, size_t n)
{
    const struct tally *share = &out[MEASURE_FDP];
    char text[128];

    (void)n;
    assert_at_most(share, FDR + 2 * tally_se(share), label(text, plan, "false share of keeps"));
    assert_true(out[MEASURE_KEEPS].sum >= 100); /* enough that a share of them means something */
}

static void of_the_keeps_few_are_false_where_some_changes_help(void **state)
{
    (void)state;
    in_every_setting(plan_of("step", PROCEDURE_TWO_LEVEL, 300), 400, check_fdr);
    in_every_setting(plan_of("lottery", PROCEDURE_TWO_LEVEL, 300), 400, check_fdr);
}

/* --- placebos --------------------------------------------------------------------------------- */

/* Nights that end by their cap have time for a placebo's test, at the level of the next one. */
static void placebos_are_kept_no_more_often_than_their_level_says(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct night_plan plan = plan_of("flat", PROCEDURE_TWO_LEVEL, 0);
        struct tally out[MEASURES];
        plan.cap = 20;
        plan.rho = k ? 0.6 : 0;
        plan.study = "decision: {procedure: two_level, alpha: 0.05}\nplacebo: 4\n";
        nights(out, &plan, 1500);
        double trials = out[MEASURE_TRIALS].sum, levels = out[MEASURE_LEVELS].sum;
        double kept = out[MEASURE_LUCKY].sum;
        printf(
            "# rho %g: %.0f of %.0f placebos kept, their levels add up to %.1f; the head moved to "
            "%.0f of %.0f\n",
            plan.rho, kept, trials, levels, out[MEASURE_MOVES].sum, out[MEASURE_PLACEBOS].sum);
        assert_true(trials >= 1400);
        assert_true(kept <= levels + 2 * sqrt(levels));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_quadratic_treats_greedy_and_paired_as_the_published_one_does),
        cmocka_unit_test(nights_of_300_runs_reach_their_figures),
        cmocka_unit_test(nights_of_100_runs_reach_their_figures_where_the_strategy_pools_all_runs),
        cmocka_unit_test(where_nothing_helps_few_nights_end_with_a_keep),
        cmocka_unit_test(of_the_keeps_few_are_false_where_some_changes_help),
        cmocka_unit_test(placebos_are_kept_no_more_often_than_their_level_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
