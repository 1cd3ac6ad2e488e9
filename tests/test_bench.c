/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The problems of the search benchmark: are they what docs/search.md says?
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_problem.h"
#include "mem.h"
#include "recommend.h"
#include "whole_night.h"

static void draw_instance(struct bench_instance *out, const char *name, uint64_t number)
{
    struct err err = {0};

    assert_non_null(bench_problem_find(name));
    if (bench_instance_init(out, bench_problem_find(name), number, &err) != 0)
        fail_msg("%s", err.text);
}

static void draw_config(struct value *config, const struct space *space, struct rng *rng)
{
    double *unit = mem_new(space->n, sizeof *unit);

    for (size_t i = 0; i < space->n; i++)
        unit[i] = rng_uniform(rng);
    space_decode(config, space, unit);
    free(unit);
}

/* --- optima -------------------------------------------------------------------------------------
 */

/* Of a function: the place of each coordinate. */
static double regret_at_optimum(const struct bench_instance *instance)
{
    const struct space *space = &instance->study.space;
    double unit[BENCH_DIMS];
    struct value config[BENCH_DIMS];

    for (size_t i = 0; i < space->n; i++)
        unit[i] = (instance->optimum[i] + 5) / 10;
    space_decode(config, space, unit);
    return bench_regret(instance, space, config) / instance->unit;
}

/* Configs have six digits; the steepest function turns the rest into less than the floor of 1e-3.
 */
static void functions_are_least_where_their_optimum_is(void **state)
{
    (void)state;
    for (size_t p = 0; p < n_bench_problems; p++)
        for (uint64_t number = 1; number <= 3 && bench_problems[p].dims > 0; number++) {
            struct bench_instance instance;
            draw_instance(&instance, bench_problems[p].name, number);
            double regret = regret_at_optimum(&instance);
            if (!(regret >= 0 && regret < 1e-3))
                fail_msg("%s %d: %g", bench_problems[p].name, (int)number, regret);
            bench_instance_clear(&instance);
        }
}

struct known_optimum {
    const char *name, *config; /* values in the order of the parameters, "-": inactive */
    double slack;              /* for the digits that are given here */
};

static const struct known_optimum known[] = {
    {"branin-2", "3.14159 2.275", 1e-6},
    {"hartmann-6", "0.20169 0.150011 0.476874 0.275332 0.311652 0.6573", 1e-6},
    {"choices-4", "0.001 9 0.25 lion", 1e-12},
    {"condition-5", "0.00158489 muon - 0.125893 0.8", 1e-9},
    {"lm-8", "0.0169706 48 320 6 muon 0.9 0.1 0.1", 1e-9},
};

static void spaces_are_least_where_it_is_known(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        struct bench_instance instance;
        struct value config[BENCH_DIMS] = {0};
        struct err err = {0};
        char *text = mem_strdup(known[k].config), *rest = text, *word;
        draw_instance(&instance, known[k].name, 1);
        const struct space *space = &instance.study.space;
        for (size_t i = 0; (word = strsep(&rest, " ")) != NULL; i++)
            if (strcmp(word, "-") != 0)
                assert_int_equal(space_read_value(&config[i], space, i, word, &err), 0);
        assert_true(fabs(bench_regret(&instance, space, config)) < known[k].slack);
        free(text);
        bench_instance_clear(&instance);
    }
}

static void no_config_is_better_than_the_least(void **state)
{
    struct rng rng;
    (void)state;

    rng_init(&rng, 1, "test", 0);
    for (size_t p = 0; p < n_bench_problems; p++) {
        struct bench_instance instance;
        struct value config[BENCH_DIMS];
        draw_instance(&instance, bench_problems[p].name, 1);
        for (int k = 0; k < 5000; k++) {
            draw_config(config, &instance.study.space, &rng);
            double regret = bench_regret(&instance, &instance.study.space, config);
            assert_true(regret >= 0 || isnan(regret));
        }
        bench_instance_clear(&instance);
    }
}

/* --- units and failures -------------------------------------------------------------------------
 */

/* Half of all searches of 20 random runs leave less than the unit.  Over 400 searches the share's
 * standard error is 2.5 %, and that of the unit's own median (199 searches) 3.5 %: five of both. */
static void half_of_all_random_searches_leave_less_than_the_unit(void **state)
{
    static const char *const some[] = {"sphere-10", "rosenbrock-5", "lm-8", "crash-5"};
    struct rng rng;
    (void)state;

    rng_init(&rng, 2, "test", 0);
    for (size_t s = 0; s < sizeof some / sizeof *some; s++) {
        struct bench_instance instance;
        struct value config[BENCH_DIMS];
        int less = 0;
        draw_instance(&instance, some[s], 1);
        for (int k = 0; k < 400; k++) {
            double least = INFINITY;
            for (int i = 0; i < 20; i++) {
                draw_config(config, &instance.study.space, &rng);
                least = fmin(least, bench_regret(&instance, &instance.study.space, config));
            }
            less += least < instance.unit;
        }
        assert_in_range(less, 400 * 0.285, 400 * 0.715);
        bench_instance_clear(&instance);
    }
}

/* Binomial: 20,000 draws have a standard error of 0.2 %. */
static void a_tenth_of_crash_fails_and_the_optimum_does_not(void **state)
{
    struct rng rng;
    (void)state;

    rng_init(&rng, 3, "test", 0);
    for (uint64_t number = 1; number <= 3; number++) {
        struct bench_instance instance;
        struct value config[BENCH_DIMS];
        int failed = 0;
        draw_instance(&instance, "crash-5", number);
        const struct space *space = &instance.study.space;
        for (int k = 0; k < 20000; k++) {
            draw_config(config, space, &rng);
            failed += isnan(bench_regret(&instance, space, config));
        }
        assert_in_range(failed, 1800, 2200);
        space_start(config, space);
        assert_true(isfinite(bench_regret(&instance, space, config)));
        bench_instance_clear(&instance);
    }
}

/* --- nights over a problem ----------------------------------------------------------------------
 */

static double truth(const void *of, const struct space *space, const struct value *config)
{
    return bench_regret(of, space, config);
}

static void run_on(struct simulated_night *night, struct surface *surface,
                   const struct bench_instance *instance, double sd)
{
    struct night_plan plan = {.surface = surface,
                              .strategy = "sobol",
                              .procedure = PROCEDURE_GREEDY,
                              .sigma_d = sqrt(2) * sd,
                              .seed = 1,
                              .cap = 200,
                              .jobs = 1,
                              .study = ""};

    *surface = (struct surface){instance->parameters, instance, truth, NULL};
    run_night(night, &plan);
    assert_int_equal(night->record.n_runs, 200);
}

/* The squares of 180 or so deviates add up to that within 6 standard errors. */
static void a_run_of_a_night_is_its_truth_with_the_noise_or_failed(void **state)
{
    struct bench_instance instance;
    struct simulated_night night;
    struct surface surface;
    double squares = 0;
    int failed = 0, ended = 0;
    (void)state;

    draw_instance(&instance, "crash-5", 1);
    run_on(&night, &surface, &instance, 0.5);
    for (size_t i = 0; i < night.record.n_runs; i++) {
        const struct run *run = &night.record.runs[i];
        double loss = simulated_truth(&night, run->experiment);
        assert_int_equal(isnan(loss), run->class != CLASS_OK);
        failed += isnan(loss);
        ended += !isnan(loss);
        squares += isnan(loss) ? 0 : (run->value - loss) * (run->value - loss) / 0.25;
    }
    assert_in_range(failed, 5, 45);
    assert_true(fabs(squares / ended - 1) < 6 * sqrt(2.0 / ended));
    simulated_end(&night);
    bench_instance_clear(&instance);
}

/* 200 runs all over the space, with a noise of twice the gap: the least loss that was seen claims
 * some five units too much, and what is recommended a third of that. */
static void what_is_recommended_claims_less_than_the_least_noisy_loss(void **state)
{
    double recommended = 0, luckiest = 0;
    (void)state;

    for (uint64_t number = 1; number <= 10; number++) {
        struct bench_instance instance;
        struct simulated_night night;
        struct surface surface;
        draw_instance(&instance, "sphere-5", number);
        run_on(&night, &surface, &instance, 2 * instance.unit);
        struct past past[200];
        struct recommendation best;
        size_t lucky = 0;
        for (size_t i = 0; i < 200; i++) {
            const struct experiment *e = &night.record.experiments[i];
            past[i] = (struct past){e->unit, e->config, OUTCOME_REVERT, night.record.runs[i].value,
                                    NAN,     NAN};
            lucky = past[i].loss < past[lucky].loss ? i : lucky;
        }
        struct history history = {.past = past, .n = 200, .head = SIZE_MAX};
        assert_true(recommend(&best, &night.record.study.space, &history));
        recommended += simulated_truth(&night, (int64_t)best.at + 1) / instance.unit / 10 -
                       best.loss / instance.unit / 10;
        luckiest += simulated_truth(&night, (int64_t)lucky + 1) / instance.unit / 10 -
                    past[lucky].loss / instance.unit / 10;
        simulated_end(&night);
        bench_instance_clear(&instance);
    }
    assert_true(luckiest > 3);
    if (!(fabs(recommended) < luckiest / 2))
        fail_msg("%g and %g", recommended, luckiest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_least_where_their_optimum_is),
        cmocka_unit_test(spaces_are_least_where_it_is_known),
        cmocka_unit_test(no_config_is_better_than_the_least),
        cmocka_unit_test(half_of_all_random_searches_leave_less_than_the_unit),
        cmocka_unit_test(a_tenth_of_crash_fails_and_the_optimum_does_not),
        cmocka_unit_test(a_run_of_a_night_is_its_truth_with_the_noise_or_failed),
        cmocka_unit_test(what_is_recommended_claims_less_than_the_least_noisy_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
