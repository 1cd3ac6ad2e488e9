/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_cdf.h>

#include "judge.h"
#include "lond.h"
#include "rng.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct noise NOTHING = {NAN, 0};

static struct judge judge_of(double alpha, int max_seeds, double min_gain)
{
    const struct judge_rule rule = {alpha, max_seeds, min_gain};
    struct judge judge;
    struct err err = {0};

    if (judge_init(&judge, &rule, &err) != 0)
        fail_msg("%s", err.text);
    return judge;
}

static struct judgement judged(const struct judge *judge, struct noise prior, const double *diff,
                               size_t n)
{
    struct judgement judgement;

    judge_pairs(&judgement, judge, &prior, diff, n);
    return judgement;
}

static void assert_near(double got, double want, double tolerance, const char *what)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %.6f is not within %g of %.6f", what, got, tolerance, want);
}

static void assert_between(double got, double low, double high, const char *what)
{
    if (!(got >= low && got <= high))
        fail_msg("%s: %.4f is outside %g to %g", what, got, low, high);
}

/* --- one judgement ------------------------------------------------------------------------------
 */

static void a_first_pair_is_judged_by_the_prior(void **state)
{
    struct judge judge = judge_of(0.05, 6, 0);
    const struct noise prior = {1, 1000};
    static const struct {
        double diff;
        enum verdict verdict;
    } cases[] = {{4, VERDICT_KEEP}, {1, VERDICT_MORE_SEEDS}, {-1, VERDICT_REVERT}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct judgement j = judged(&judge, prior, &cases[i].diff, 1);
        assert_int_equal(j.verdict, cases[i].verdict);
        assert_int_equal(j.n, 1);
        assert_near(j.mean, cases[i].diff, 0, "mean");
        assert_near(j.z, cases[i].diff, 0.02, "z"); /* of t with 1000 degrees */
        assert_near(j.sd, 1, 1e-12, "sd");
        assert_near(j.df, 1000, 0, "df");
        assert_near(j.keep_bound, judge.boundary.keep[0], 0, "keep bound");
        assert_near(j.revert_bound, judge.boundary.revert[0], 0, "revert bound");
    }
}

/* The t quantile at 0.96 (alpha is 0.8 * 0.05) with 5 degrees is 2.190958. */
static void after_one_pair_the_interval_is_the_t_interval(void **state)
{
    struct judge judge = judge_of(0.05, 6, 0);
    const struct noise prior = {0.25, 5};
    const double diff = 0.3;
    struct judgement j = judged(&judge, prior, &diff, 1);

    (void)state;
    assert_near(j.low, 0.3 - 0.5 * 2.190958, 1e-5, "low");
    assert_near(j.high, 0.3 + 0.5 * 2.190958, 1e-5, "high");
}

static void a_min_gain_is_taken_off_before_the_test_and_off_nothing_else(void **state)
{
    struct judge plain = judge_of(0.05, 6, 0), asks = judge_of(0.05, 6, 2.5);
    const struct noise prior = {1, 50};
    const double diff[] = {3.0, 4.5}, less[] = {0.5, 2.0};
    struct judgement j = judged(&asks, prior, diff, 2), k = judged(&plain, prior, less, 2);

    (void)state;
    assert_near(j.z, k.z, 1e-12, "z");
    assert_near(j.mean, k.mean + 2.5, 1e-12, "mean");
    assert_near(j.low, k.low + 2.5, 1e-6, "low");
    assert_near(j.high, k.high + 2.5, 1e-6, "high");
    assert_int_equal(judged(&plain, prior, diff, 2).verdict, VERDICT_KEEP);
    assert_int_equal(j.verdict, VERDICT_MORE_SEEDS);
}

static void the_unit_of_the_metric_does_not_matter(void **state)
{
    struct judge judge = judge_of(0.05, 6, 0);
    const double diff[] = {0.5, 1.4, 0.9}, tiny[] = {0.5e-9, 1.4e-9, 0.9e-9};
    struct judgement j = judged(&judge, (struct noise){0.4, 8}, diff, 3);
    struct judgement k = judged(&judge, (struct noise){0.4e-18, 8}, tiny, 3);

    (void)state;
    assert_near(k.z, j.z, 1e-9, "z");
    assert_near(k.low * 1e9, j.low, 1e-6, "low");
    assert_near(k.high * 1e9, j.high, 1e-6, "high");
    assert_int_equal(k.verdict, j.verdict);
}

static void the_last_look_always_decides(void **state)
{
    const struct noise prior = {1, 20};

    (void)state;
    for (int max_seeds = 1; max_seeds <= BOUNDARY_MAX; max_seeds++) {
        struct judge judge = judge_of(0.05, max_seeds, 0);
        double diff[BOUNDARY_MAX + 4];
        for (size_t i = 0; i < COUNT(diff); i++)
            diff[i] = i % 2 ? 1.0 : -0.2;
        for (int known = 0; known < 2; known++) {
            struct judgement j = judged(&judge, known ? prior : NOTHING, diff, (size_t)max_seeds);
            assert_true(j.verdict != VERDICT_MORE_SEEDS);
            /* Pairs that came too late are not looked at. */
            struct judgement k = judged(&judge, known ? prior : NOTHING, diff, COUNT(diff));
            assert_int_equal(k.verdict, j.verdict);
            assert_int_equal(k.n, j.n);
        }
    }
}

static void the_reason_is_a_sentence_with_its_numbers(void **state)
{
    struct judge judge = judge_of(0.05, 6, 0);
    const struct noise prior = {1, 1e6};
    const double good[] = {4}, fair[] = {1, 1.5}, bad[] = {-1};

    (void)state;
    assert_string_equal(judged(&judge, prior, good, 1).reason,
                        "z 4 after 1 pair reaches the keep bound 3.06");
    assert_string_equal(judged(&judge, prior, bad, 1).reason,
                        "z -1 after 1 pair is not above the revert bound 0.0355");
    assert_string_equal(judged(&judge, prior, fair, 2).reason,
                        "z 1.77 after 2 pairs lies between 0.326 and 2.68");
    assert_string_equal(verdict_name(VERDICT_KEEP), "keep");
    assert_string_equal(verdict_name(VERDICT_REVERT), "revert");
    assert_string_equal(verdict_name(VERDICT_MORE_SEEDS), "more seeds");
}

static void absurd_numbers_still_get_a_verdict(void **state)
{
    struct judge judge = judge_of(0.05, 6, 0);
    const double huge[] = {1e300, 1.1e300}, mixed[] = {1e-300, 1e200};

    (void)state;
    assert_int_equal(judged(&judge, (struct noise){1e-300, 5}, huge, 1).verdict, VERDICT_KEEP);
    assert_int_equal(judged(&judge, (struct noise){1e-12, 5}, huge, 1).verdict, VERDICT_KEEP);
    /* The variance overflows: certainly no reason to keep. */
    assert_int_equal(judged(&judge, (struct noise){1e-12, 1}, mixed, 2).verdict, VERDICT_REVERT);
    assert_int_equal(judged(&judge, NOTHING, huge, 2).verdict, VERDICT_REVERT);
    assert_true(isnan(judged(&judge, NOTHING, huge, 2).low));
}

/* --- where there is no variance -----------------------------------------------------------------
 */

static void a_no_op_is_reverted_and_called_one(void **state)
{
    struct judge judge = judge_of(0.05, 6, 0);
    const struct noise priors[] = {{1e-4, 10}, NOTHING};
    const double diff[] = {0, -0.0, 0};

    (void)state;
    for (size_t i = 0; i < COUNT(priors); i++)
        for (size_t n = 1; n <= COUNT(diff); n++) {
            struct judgement j = judged(&judge, priors[i], diff, n);
            assert_int_equal(j.verdict, VERDICT_REVERT);
            assert_string_equal(j.reason, "no effect at all: every pair differs by exactly 0");
            assert_true(j.low <= 0 && j.high >= 0);
        }
}

static void one_pair_decides_nothing_while_the_noise_is_unknown(void **state)
{
    struct judge judge = judge_of(0.2, 6, 0), single = judge_of(0.2, 1, 0);
    const double huge = 1e6;
    struct judgement j = judged(&judge, NOTHING, &huge, 1);

    (void)state;
    assert_int_equal(j.verdict, VERDICT_MORE_SEEDS);
    assert_true(isnan(j.z) && isnan(j.sd) && isnan(j.low) && isnan(j.high));
    assert_true(isnan(j.keep_bound) && isnan(j.revert_bound));
    assert_int_equal(judged(&single, NOTHING, &huge, 1).verdict, VERDICT_REVERT);
    assert_int_equal(judged(&judge, NOTHING, NULL, 0).verdict, VERDICT_MORE_SEEDS);
}

/* 4^-(n-1) / 2 <= 0.8 alpha: 2 pairs for 0.2, 3 for 0.05, 6 for 0.001. */
static void a_trainer_without_noise_is_kept_when_chance_is_ruled_out(void **state)
{
    static const struct {
        double alpha;
        size_t pairs;
    } cases[] = {{0.2, 2}, {0.05, 3}, {0.001, 6}};
    const double gain[] = {0.01, 0.01, 0.01, 0.01, 0.01, 0.01};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct judge judge = judge_of(cases[i].alpha, 8, 0);
        struct judgement j = judged(&judge, NOTHING, gain, cases[i].pairs);
        for (size_t n = 1; n < cases[i].pairs; n++)
            assert_int_equal(judged(&judge, NOTHING, gain, n).verdict, VERDICT_MORE_SEEDS);
        assert_int_equal(j.verdict, VERDICT_KEEP);
        assert_near(j.low, 0.01, 1e-12, "low");
        assert_near(j.high, 0.01, 1e-12, "high");
    }
}

static void a_trainer_without_noise_is_reverted_where_it_gains_nothing(void **state)
{
    struct judge judge = judge_of(0.05, 6, 0), asks = judge_of(0.05, 6, 0.02);
    struct judge brief = judge_of(0.05, 2, 0);
    const double loss[] = {-0.01, -0.01}, small[] = {0.01, 0.01};
    /* The same loss difference, but for the rounding of 3.53 - 3.52 and 7.01 - 7.00. */
    const double rounded[] = {3.53 - 3.52, 7.01 - 7.00};

    (void)state;
    assert_int_equal(judged(&judge, NOTHING, loss, 2).verdict, VERDICT_REVERT);
    assert_int_equal(judged(&asks, NOTHING, small, 2).verdict, VERDICT_REVERT);
    assert_int_equal(judged(&judge, NOTHING, rounded, 2).verdict, VERDICT_MORE_SEEDS);
    assert_int_equal(judged(&brief, NOTHING, small, 2).verdict, VERDICT_REVERT);
}

/* Losses rounded so coarsely that differences are often equal: the promise holds there too. */
static void coarse_rounding_does_not_buy_keeps(void **state)
{
    struct judge judge = judge_of(0.05, 6, 0);
    struct rng rng;
    int keeps = 0;

    (void)state;
    rng_init(&rng, 5, "rounding", 0);
    for (int i = 0; i < 5000; i++) {
        struct judgement j = {.verdict = VERDICT_MORE_SEEDS};
        double diff[6];
        for (size_t n = 1; n <= 6 && j.verdict == VERDICT_MORE_SEEDS; n++) {
            diff[n - 1] = rint(0.5 + 0.5 * rng_normal(&rng)) - rint(0.5 + 0.5 * rng_normal(&rng));
            j = judged(&judge, NOTHING, diff, n);
        }
        keeps += j.verdict == VERDICT_KEEP;
    }
    assert_between(keeps / 5000.0, 0, 0.05, "keeps of nothing");
}

/* --- many judgements ----------------------------------------------------------------------------
 */

enum shape { NORMAL, STUDENT5, UNEQUAL }; /* UNEQUAL: SD per candidate log-normal, spread 0.5 */
enum knowledge { PRIOR10, LEARNT, NEVER };

struct night {
    enum shape shape;
    enum knowledge knowledge;
    double effect; /* [SD of the candidate] */
    int decisions;
};

struct tally {
    double keeps, pairs, covered; /* shares and mean over the decisions */
};

static double chi2(struct rng *rng, int df)
{
    double sum = 0;

    for (int i = 0; i < df; i++) {
        double x = rng_normal(rng);
        sum += x * x;
    }
    return sum;
}

static double draw(enum shape shape, struct rng *rng)
{
    double x = rng_normal(rng);

    return shape == STUDENT5 ? x / sqrt(chi2(rng, 5) / 3.0) : x; /* both of SD 1 */
}

static bool consistent(const struct judgement *j)
{
    bool bounded = isnan(j->low) || (j->low <= j->mean && j->mean <= j->high);

    return bounded && (j->verdict != VERDICT_KEEP || j->low >= 0) &&
           (j->verdict != VERDICT_REVERT || isnan(j->low) || j->low <= 0);
}

/* One candidate from its first pair to its verdict; its differences stay in diff[]. */
static struct judgement decide(const struct judge *judge, struct noise prior,
                               const struct night *night, double *diff, double sd, struct rng *rng)
{
    struct judgement j = {.verdict = VERDICT_MORE_SEEDS};

    for (size_t n = 1; j.verdict == VERDICT_MORE_SEEDS; n++) {
        diff[n - 1] = sd * (night->effect + draw(night->shape, rng));
        j = judged(judge, prior, diff, n);
        assert_true(consistent(&j));
    }
    return j;
}

enum { CANDIDATES_OF_A_STUDY = 50 };

/* Studies that begin with nothing known and learn from the candidates that had their verdict. */
static struct tally simulate(const struct judge *judge, struct night night)
{
    double s2[CANDIDATES_OF_A_STUDY], df[CANDIDATES_OF_A_STUDY], diff[BOUNDARY_MAX];
    struct tally tally = {0};
    struct rng rng;
    size_t known = 0;

    rng_init(&rng, 7, "night", (uint64_t)night.shape);
    for (int i = 0; i < night.decisions; i++) {
        double sd = night.shape == UNEQUAL ? exp(0.5 * rng_normal(&rng)) : 1.0;
        struct noise prior = NOTHING;
        if (i % CANDIDATES_OF_A_STUDY == 0)
            known = 0;
        if (night.knowledge == LEARNT)
            noise_learn(&prior, s2, df, known);
        if (night.knowledge == PRIOR10)
            prior = (struct noise){chi2(&rng, 10) / 10, 10};
        struct judgement j = decide(judge, prior, &night, diff, sd, &rng);
        struct noise sample = noise_sample(diff, (size_t)j.n);
        s2[known] = sample.s2;
        df[known++] = sample.df;
        tally.keeps += (j.verdict == VERDICT_KEEP) / (double)night.decisions;
        tally.pairs += j.n / (double)night.decisions;
        tally.covered +=
            (j.low <= night.effect * sd && night.effect * sd <= j.high) / (double)night.decisions;
    }
    return tally;
}

/* 20,000 decisions at 0.05: the standard error of a share of 0.05 is 0.0015. */
static void at_most_one_candidate_in_twenty_is_kept_where_nothing_helps(void **state)
{
    static const struct {
        struct night night;
        double most;
        const char *what;
    } cases[] = {
        {{NORMAL, LEARNT, 0, 20000}, 0.055, "normal noise"},
        {{STUDENT5, LEARNT, 0, 20000}, 0.055, "t5 noise"},
        {{UNEQUAL, LEARNT, 0, 20000}, 0.070, "unequal noise"},
        {{NORMAL, NEVER, 0, 20000}, 0.055, "noise never known"},
    };
    struct judge judge = judge_of(0.05, 6, 0);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tally t = simulate(&judge, cases[i].night);
        print_message("%-18s keeps %.4f, pairs %.2f, covered %.3f\n", cases[i].what, t.keeps,
                      t.pairs, t.covered);
        assert_between(t.keeps, 0.02, cases[i].most, cases[i].what);
        assert_between(t.covered, 0.89, 1, cases[i].what); /* nominal 0.90 */
    }
}

/* --- the design, by many quick decisions --------------------------------------------------------
 * The judge's z reaches a bound where t reaches the bound's t, so that a walk needs no intervals;
 * the last test of this block holds the judge itself to the walks.
 */

struct design {
    int looks, prior_df;
    double keep[BOUNDARY_MAX], revert[BOUNDARY_MAX]; /* for t */
};

static double t_of(double z, double df)
{
    return copysign(gsl_cdf_tdist_Qinv(gsl_cdf_ugaussian_Q(fabs(z)), df), z);
}

static struct design design_of(double alpha, int max_seeds, int prior_df)
{
    struct judge judge = judge_of(alpha, max_seeds, 0);
    struct design design = {judge.boundary.looks, prior_df, {0}, {0}};

    for (int n = 0; n < design.looks; n++) {
        design.keep[n] = t_of(judge.boundary.keep[n], prior_df + n);
        design.revert[n] = t_of(judge.boundary.revert[n], prior_df + n);
    }
    return design;
}

/* One candidate of SD 1, the prior being that variance seen through prior_df degrees; the pairs it
 * took, negative where it was reverted. */
static int walk(const struct design *design, double effect, struct rng *rng)
{
    double mean = 0, squares = chi2(rng, design->prior_df);

    for (int n = 1;; n++) {
        double d = effect + rng_normal(rng), off = d - mean, t;
        mean += off / n;
        squares += off * (d - mean);
        t = sqrt(n) * mean / sqrt(squares / (design->prior_df + n - 1));
        if (t >= design->keep[n - 1])
            return n;
        if (t <= design->revert[n - 1] || n == design->looks)
            return -n;
    }
}

static struct tally walks(const struct design *design, double effect, int count)
{
    struct tally tally = {0};
    struct rng rng;

    rng_init(&rng, 8, "walks", 0);
    for (int i = 0; i < count; i++) {
        int n = walk(design, effect, &rng);
        tally.keeps += (n > 0) / (double)count;
        tally.pairs += abs(n) / (double)count;
    }
    return tally;
}

/* 300,000 walks: SE 0.0006 at 0.88, 0.0009 at 0.62, and 0.003 of the pairs. */
static void power_and_cost_are_those_asked_for_with_a_prior_of_ten_degrees(void **state)
{
    static const struct {
        double effect, least_keeps, most_keeps, most_pairs;
    } cases[] = {
        {1.5, 0.88, 1, 3.5}, {1, 0.62, 1, 3.5}, {0, 0.03, 0.05, 2.4}, {-1, 0, 0.001, 1.35}};
    struct design design = design_of(0.05, 6, 10);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tally t = walks(&design, cases[i].effect, 300000);
        print_message("effect %4.1f keeps %.4f, pairs %.3f\n", cases[i].effect, t.keeps, t.pairs);
        assert_between(t.keeps, cases[i].least_keeps, cases[i].most_keeps, "keeps");
        assert_between(t.pairs, 1, cases[i].most_pairs, "pairs");
    }
}

/* After the audit alone the prior is worth five degrees.  Levels as LOND gives them; over a million
 * walks the SE of 0.0072 is 1.2 %, of 0.001 3.2 % of itself. */
static void levels_hold_with_the_audits_prior(void **state)
{
    static const double alphas[] = {0.05, 0.0219, 0.0072, 0.001};

    (void)state;
    for (size_t i = 0; i < COUNT(alphas); i++)
        for (int looks = 6; looks <= 8; looks += 2) {
            struct design design = design_of(alphas[i], looks, 5);
            struct tally t = walks(&design, 0, 1000000);
            print_message("alpha %-6g looks %d keeps %.5f\n", alphas[i], looks, t.keeps);
            assert_between(t.keeps, 0.7 * alphas[i], alphas[i] + 3 * sqrt(alphas[i] / 1000000),
                           "keeps");
        }
}

/* SE of a share over 4,000 decisions at most 0.008, of the pairs 0.03. */
static void the_judge_decides_as_its_design_says(void **state)
{
    static const double effects[] = {1.5, 1, 0, -1};
    struct judge judge = judge_of(0.05, 6, 0);
    struct design design = design_of(0.05, 6, 10);

    (void)state;
    for (size_t i = 0; i < COUNT(effects); i++) {
        struct tally t = simulate(&judge, (struct night){NORMAL, PRIOR10, effects[i], 4000});
        struct tally w = walks(&design, effects[i], 40000);
        print_message("effect %4.1f keeps %.4f, pairs %.2f, covered %.3f\n", effects[i], t.keeps,
                      t.pairs, t.covered);
        assert_near(t.keeps, w.keeps, 4 * 0.0084, "keeps");
        assert_near(t.pairs, w.pairs, 4 * 0.032, "pairs");
        assert_between(t.covered, 0.89, 1, "coverage"); /* nominal 0.90 */
    }
}

/* --- nights ------------------------------------------------------------------------------------
 */

enum { TESTS_OF_A_NIGHT = 8 };

/* Eight tests of nothing after an audit of six pairs; true where one of them is kept. */
static bool keeps_something(const struct judge *judges, enum shape shape, struct rng *rng)
{
    const struct night nothing = {shape, LEARNT, 0, 1};
    double s2[TESTS_OF_A_NIGHT], df[TESTS_OF_A_NIGHT], diff[BOUNDARY_MAX];
    struct noise audit;

    for (int i = 0; i < 6; i++)
        diff[i] = draw(shape, rng);
    audit = noise_sample(diff, 6);
    for (size_t i = 0; i < TESTS_OF_A_NIGHT; i++) {
        struct judgement j;
        struct noise prior, sample;
        noise_prior(&prior, &audit, s2, df, i);
        j = decide(&judges[i], prior, &nothing, diff, 1, rng);
        if (j.verdict == VERDICT_KEEP)
            return true;
        sample = noise_sample(diff, (size_t)j.n);
        s2[i] = sample.s2;
        df[i] = sample.df;
    }
    return false;
}

/* 2,000 nights: the standard error of a share of 0.05 is 0.005. */
static void at_most_one_night_in_twenty_ends_with_a_keep_where_nothing_helps(void **state)
{
    struct judge judges[TESTS_OF_A_NIGHT];

    (void)state;
    for (int i = 0; i < TESTS_OF_A_NIGHT; i++)
        judges[i] = judge_of(lond_level(0.05, i + 1, 0), 8, 0);
    for (enum shape shape = NORMAL; shape <= STUDENT5; shape++) {
        int keeps = 0;
        struct rng rng;
        rng_init(&rng, 9, "nights", (uint64_t)shape);
        for (int night = 0; night < 2000; night++)
            keeps += keeps_something(judges, shape, &rng);
        print_message("%s noise: %.4f of nights keep something\n",
                      shape == NORMAL ? "normal" : "t5", keeps / 2000.0);
        assert_between(keeps / 2000.0, 0.015, 0.05 + 2 * 0.005, "nights with a keep");
    }
}

static void other_levels_and_lengths_keep_their_promise(void **state)
{
    static const struct judge_rule rules[] = {
        {0.2, 16, 0}, {0.1, 4, 0}, {0.05, 2, 0}, {0.01, 8, 0}, {1e-9, 8, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(rules); i++) {
        struct judge judge = judge_of(rules[i].alpha, rules[i].max_seeds, 0);
        struct tally t = simulate(&judge, (struct night){NORMAL, LEARNT, 0, 2000});
        double se = sqrt(rules[i].alpha * (1 - rules[i].alpha) / 2000);
        assert_between(t.keeps, 0, rules[i].alpha + 2 * se, "keeps");
        assert_between(t.covered, 1 - 2 * rules[i].alpha - 3 * se, 1, "coverage");
    }
}

static void impossible_rules_are_refused_by_name(void **state)
{
    static const struct {
        struct judge_rule rule;
        const char *names;
    } cases[] = {
        {{0, 6, 0}, "alpha"},
        {{0.3, 6, 0}, "alpha"},
        {{NAN, 6, 0}, "alpha"},
        {{5e-10, 6, 0}, "alpha"},
        {{0.05, 0, 0}, "max_seeds"},
        {{0.05, 17, 0}, "max_seeds"},
        {{0.05, 6, -1}, "min_gain"},
        {{0.05, 6, NAN}, "min_gain"},
        {{0.05, 6, INFINITY}, "min_gain"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct judge judge;
        struct err err = {0};
        assert_int_equal(judge_init(&judge, &cases[i].rule, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        assert_non_null(strstr(err.text, cases[i].names));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_pair_is_judged_by_the_prior),
        cmocka_unit_test(after_one_pair_the_interval_is_the_t_interval),
        cmocka_unit_test(a_min_gain_is_taken_off_before_the_test_and_off_nothing_else),
        cmocka_unit_test(the_unit_of_the_metric_does_not_matter),
        cmocka_unit_test(the_last_look_always_decides),
        cmocka_unit_test(the_reason_is_a_sentence_with_its_numbers),
        cmocka_unit_test(absurd_numbers_still_get_a_verdict),
        cmocka_unit_test(a_no_op_is_reverted_and_called_one),
        cmocka_unit_test(one_pair_decides_nothing_while_the_noise_is_unknown),
        cmocka_unit_test(a_trainer_without_noise_is_kept_when_chance_is_ruled_out),
        cmocka_unit_test(a_trainer_without_noise_is_reverted_where_it_gains_nothing),
        cmocka_unit_test(coarse_rounding_does_not_buy_keeps),
        cmocka_unit_test(at_most_one_candidate_in_twenty_is_kept_where_nothing_helps),
        cmocka_unit_test(power_and_cost_are_those_asked_for_with_a_prior_of_ten_degrees),
        cmocka_unit_test(levels_hold_with_the_audits_prior),
        cmocka_unit_test(the_judge_decides_as_its_design_says),
        cmocka_unit_test(at_most_one_night_in_twenty_ends_with_a_keep_where_nothing_helps),
        cmocka_unit_test(other_levels_and_lengths_keep_their_promise),
        cmocka_unit_test(impossible_rules_are_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
