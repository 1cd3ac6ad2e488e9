/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A tenth of the space fails: how many runs are lost there, once twenty have shown where it is?
 */
#include "search_problems.h"

/* A bowl with its lowest point 0.11 from the edge of a corner that fails: s^2 / 2 = 0.1 of it. */
static double corner_loss(const struct space *space, const struct value *config)
{
    if (place(space, config, 0) + place(space, config, 1) < sqrt(0.2))
        return NAN;
    return sphere_loss(space, config);
}

/* As in training: deep and fast blows up.  A fifth of the rates with half of the depths, next to
 * where the study starts. */
static double blow_up_loss(const struct space *space, const struct value *config)
{
    if (place(space, config, 0) > 0.8 && config[1].number > 6)
        return NAN;
    return choices_loss(space, config);
}

static const struct problem failing[] = {
    {"corner", 0, 0.03, fill_sphere, corner_loss},
    {"blow-up", 0, 0.03, fill_choices, blow_up_loss},
};
enum { FAILING = sizeof failing / sizeof *failing };

static void the_region_that_fails_is_a_tenth_of_the_volume(void **state)
{
    enum { DRAWS = 40000 };
    (void)state;

    for (size_t p = 0; p < FAILING; p++) {
        struct space space;
        struct value config[4];
        double unit[4];
        int failed = 0;
        struct rng rng;
        failing[p].fill(&space);
        rng_init(&rng, 1, "volume", p);
        for (int k = 0; k < DRAWS; k++) {
            for (size_t i = 0; i < space.n; i++)
                unit[i] = rng_uniform(&rng);
            space_decode(config, &space, unit);
            failed += isnan(failing[p].loss(&space, config));
        }
        /* Binomial(40000, 0.1): sd 60 */
        assert_true(abs(failed - DRAWS / 10) < 4 * 60);
        space_clear(&space);
    }
}

static void assert_loses_few(const char *name, int seeds)
{
    for (size_t p = 0; p < FAILING; p++) {
        int failed = median_study(&failing[p], strategy_find(name), seeds).failed;
        double share = failed / (double)(seeds * (STUDY_RUNS - STUDY_FIRST));
        print_message("# %-6s %-8s loses %.1f %% after %d runs\n", name, failing[p].name,
                      100 * share, STUDY_FIRST);
        if (!(share <= 0.03))
            fail_msg("%s on %s: %.3f of the runs", name, failing[p].name, share);
    }
}

static void gp_loses_three_runs_in_a_hundred_at_most(void **state)
{
    (void)state;
    assert_loses_few("gp", 5);
}

static void tpe_loses_three_runs_in_a_hundred_at_most(void **state)
{
    (void)state;
    assert_loses_few("tpe", 15);
}

static void auto_loses_three_runs_in_a_hundred_at_most(void **state)
{
    (void)state;
    assert_loses_few("auto", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_region_that_fails_is_a_tenth_of_the_volume),
        cmocka_unit_test(gp_loses_three_runs_in_a_hundred_at_most),
        cmocka_unit_test(tpe_loses_three_runs_in_a_hundred_at_most),
        cmocka_unit_test(auto_loses_three_runs_in_a_hundred_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
