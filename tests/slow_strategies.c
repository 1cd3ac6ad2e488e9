/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The strategies with a model on all problems beside `random` and `perturb`: a table for people,
 * and the margins of `gp` that are too dear for `make check`.
 */
#include "search_problems.h"

enum { SEEDS = 15 };

static void the_table_of_regrets(void **state)
{
    static const char *const names[] = {"random", "perturb", "gp", "tpe", "cmaes"};
    (void)state;

    print_message("median of %d seeds: regret after %d runs, after %d; runs lost after the first "
                  "%d, of %d\n",
                  SEEDS, STUDY_EARLY, STUDY_RUNS, STUDY_FIRST, SEEDS * (STUDY_RUNS - STUDY_FIRST));
    for (size_t p = 0; p < PROBLEMS; p++)
        for (size_t s = 0; s < sizeof names / sizeof *names; s++) {
            struct outcome_of_study o = median_study(&problems[p], strategy_find(names[s]), SEEDS);
            print_message("%-10s %-8s %8.4f %8.4f %4d\n", problems[p].name, names[s], o.early,
                          o.late, o.failed);
        }
}

/* At most half of the regret of `random`, after 50 runs and after 100, on every problem. */
static void gp_leaves_half_of_random_s_regret_or_less_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROBLEMS; i++)
        assert_beats_random(&problems[i], strategy_find("gp"), SEEDS, 0.5, 0.5);
}

/* A twelfth of the volume fails, next to the lowest point: at most 3 % of the runs after the first
 * 20 are lost there. */
static void gp_loses_few_runs_where_a_region_fails(void **state)
{
    (void)state;
    int failed = median_study(&problems[5], strategy_find("gp"), SEEDS).failed;
    assert_in_range(failed, 0, 3 * SEEDS * (STUDY_RUNS - STUDY_FIRST) / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_regrets),
        cmocka_unit_test(gp_leaves_half_of_random_s_regret_or_less_everywhere),
        cmocka_unit_test(gp_loses_few_runs_where_a_region_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
