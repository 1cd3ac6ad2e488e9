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

#include "rng.h"
#include "seed_effect.h"

/* One config, two seeds, rho 1/2: u minimises (loss - mu - u)^2 + u^2, so half of what is seen. */
static void half_of_a_deviation_is_the_seeds_where_rho_is_a_half(void **state)
{
    static const double loss[] = {1, 3};
    static const size_t config[] = {0, 0}, seed[] = {0, 1};
    double effect[2];

    (void)state;
    seed_effects(effect, loss, config, seed, 2, 1, 2, 0.5);
    assert_close(effect[0], -0.5, 0, 1e-14);
    assert_close(effect[1], 0.5, 0, 1e-14);
}

enum { CONFIGS = 7, SEEDS = 3, RUNS = CONFIGS * SEEDS };

static void balanced(double *loss, size_t *config, size_t *seed, struct rng *rng)
{
    for (size_t i = 0; i < RUNS; i++) {
        config[i] = i / SEEDS;
        seed[i] = i % SEEDS;
        loss[i] = 3 + rng_normal(rng);
    }
}

/* C configs on every seed: u = C / (C + (1-rho)/rho) times the seed's mean less the grand mean. */
static void a_balanced_design_has_a_closed_form(void **state)
{
    double loss[RUNS], effect[SEEDS], mean[SEEDS] = {0}, grand = 0, rho = 0.3;
    size_t config[RUNS], seed[RUNS];
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, "balanced", 0);
    balanced(loss, config, seed, &rng);
    for (size_t i = 0; i < RUNS; i++) {
        mean[seed[i]] += loss[i] / CONFIGS;
        grand += loss[i] / RUNS;
    }
    seed_effects(effect, loss, config, seed, RUNS, CONFIGS, SEEDS, rho);
    for (size_t s = 0; s < SEEDS; s++)
        assert_close(effect[s], CONFIGS / (CONFIGS + (1 - rho) / rho) * (mean[s] - grand), 0,
                     1e-13);
}

/* The derivative of the sum that is minimised, by u and by mu, at the solution. */
static void an_unbalanced_design_is_at_the_minimum(void **state)
{
    enum { N = 60, C = 20, S = 6 };
    double loss[N], effect[S], mu[C] = {0}, runs[C] = {0}, pull[S] = {0}, rho = 0.8;
    size_t config[N], seed[N];
    struct rng rng;

    (void)state;
    rng_init(&rng, 2, "unbalanced", 0);
    for (size_t i = 0; i < N; i++) {
        config[i] = rng_below(&rng, C);
        seed[i] = rng_below(&rng, 1 + rng_below(&rng, S)); /* mostly the first ones */
        loss[i] = rng_normal(&rng);
    }
    seed_effects(effect, loss, config, seed, N, C, S, rho);
    for (size_t i = 0; i < N; i++) {
        mu[config[i]] += loss[i] - effect[seed[i]];
        runs[config[i]]++;
    }
    for (size_t i = 0; i < N; i++)
        pull[seed[i]] += loss[i] - mu[config[i]] / runs[config[i]] - effect[seed[i]];
    for (size_t s = 0; s < S; s++)
        assert_close(pull[s], (1 - rho) / rho * effect[s], 0, 1e-12);
}

static void a_failed_run_and_a_config_of_one_run_change_nothing(void **state)
{
    double loss[RUNS + 3], with[SEEDS + 1], without[SEEDS + 1];
    size_t config[RUNS + 3], seed[RUNS + 3];
    struct rng rng;

    (void)state;
    rng_init(&rng, 3, "failed", 0);
    balanced(loss, config, seed, &rng);
    loss[RUNS] = NAN, config[RUNS] = 0, seed[RUNS] = 1;
    loss[RUNS + 1] = INFINITY, config[RUNS + 1] = 1, seed[RUNS + 1] = 2;
    loss[RUNS + 2] = 500, config[RUNS + 2] = CONFIGS, seed[RUNS + 2] = 0;
    seed_effects(without, loss, config, seed, RUNS, CONFIGS, SEEDS + 1, 0.5);
    seed_effects(with, loss, config, seed, RUNS + 3, CONFIGS + 1, SEEDS + 1, 0.5);
    for (size_t s = 0; s <= SEEDS; s++)
        assert_close(with[s], without[s], 0, 1e-12);
    assert_close(without[SEEDS], 0, 0, 0); /* a seed without runs */
}

static void without_correlation_a_seed_has_no_effect(void **state)
{
    static const double none[] = {0, -0.4, NAN};
    double loss[RUNS], effect[SEEDS], most[SEEDS];
    size_t config[RUNS], seed[RUNS];
    struct rng rng;

    (void)state;
    rng_init(&rng, 4, "rho", 0);
    balanced(loss, config, seed, &rng);
    for (size_t i = 0; i < 3; i++) {
        seed_effects(effect, loss, config, seed, RUNS, CONFIGS, SEEDS, none[i]);
        for (size_t s = 0; s < SEEDS; s++)
            assert_close(effect[s], 0, 0, 0);
    }
    seed_effects(effect, loss, config, seed, RUNS, CONFIGS, SEEDS, 1);
    seed_effects(most, loss, config, seed, RUNS, CONFIGS, SEEDS, SEED_EFFECT_RHO);
    for (size_t s = 0; s < SEEDS; s++)
        assert_close(effect[s], most[s], 0, 0);
}

static void no_runs_and_no_seeds_are_no_trouble(void **state)
{
    double effect[2] = {5, 5};

    (void)state;
    seed_effects(effect, NULL, NULL, NULL, 0, 0, 2, 0.5);
    assert_close(effect[0], 0, 0, 0);
    assert_close(effect[1], 0, 0, 0);
    seed_effects(effect, NULL, NULL, NULL, 0, 0, 0, 0.5);
}

/*
 * What it is for.  21 configs, one on all four seeds, ten on seed 0 and 1, ten on seed 2 and 3, all
 * equal in truth, SD 1 and rho 0.8.  The variance of the difference between one of the second and
 * one of the third kind is 1 from the raw means (two runs each, no seed shared); taking off the
 * effects must come near 0.2, what it would be with every seed known.
 */
static void taking_seeds_off_makes_configs_on_other_seeds_comparable(void **state)
{
    enum { N = 44, NIGHTS = 4000 };
    double raw = 0, clean = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 5, "comparable", 0);
    for (int night = 0; night < NIGHTS; night++) {
        double loss[N], effect[4], u[4], before, after;
        size_t config[N], seed[N];
        for (size_t s = 0; s < 4; s++)
            u[s] = sqrt(0.8) * rng_normal(&rng);
        for (size_t i = 0; i < N; i++) {
            config[i] = i < 4 ? 0 : 1 + (i - 4) / 2;
            seed[i] = i < 4 ? i : i % 2 + (i < 24 ? 0 : 2);
            loss[i] = u[seed[i]] + sqrt(0.2) * rng_normal(&rng);
        }
        seed_effects(effect, loss, config, seed, N, 21, 4, 0.8);
        before = (loss[4] + loss[5] - loss[24] - loss[25]) / 2;
        after = before - (effect[0] + effect[1] - effect[2] - effect[3]) / 2;
        raw += before * before / NIGHTS;
        clean += after * after / NIGHTS;
    }
    print_message("variance of a difference: raw %.3f, seeds taken off %.3f\n", raw, clean);
    assert_close(raw, 1, 0.1, 0); /* four SE of a variance from 4,000 nights: 0.09 */
    assert_true(clean < 0.45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_a_deviation_is_the_seeds_where_rho_is_a_half),
        cmocka_unit_test(a_balanced_design_has_a_closed_form),
        cmocka_unit_test(an_unbalanced_design_is_at_the_minimum),
        cmocka_unit_test(a_failed_run_and_a_config_of_one_run_change_nothing),
        cmocka_unit_test(without_correlation_a_seed_has_no_effect),
        cmocka_unit_test(no_runs_and_no_seeds_are_no_trouble),
        cmocka_unit_test(taking_seeds_off_makes_configs_on_other_seeds_comparable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
