/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The strategy `auto`: whom it asks, and that it says so.
 */
#include <stdio.h>

#include "search_fixture.h"

static void add_by_chance(struct journal *journal, size_t n)
{
    const struct space *space = journal->space;
    double *unit = mem_new(space->n, sizeof *unit);
    struct value *config = mem_new(space->n, sizeof *config);
    struct rng rng;

    rng_init(&rng, journal->history.n, "chance", 0);
    while (journal->history.n < n) {
        for (size_t i = 0; i < space->n; i++)
            unit[i] = rng_uniform(&rng);
        space_decode(config, space, unit);
        journal_add(journal, config, OUTCOME_REVERT, rng_uniform(&rng));
    }
    free(config);
    free(unit);
}

/* It proposes what `name` does, and its reason begins with that name and holds `why`. */
static void assert_auto_is(const struct journal *journal, const char *name, const char *why)
{
    const struct history *history = &journal->history;
    struct value *a = mem_new(journal->space->n, sizeof *a);
    struct value *b = mem_new(journal->space->n, sizeof *b);

    assert_int_equal(ask_next(a, strategy_find("auto"), journal, 1), 0);
    assert_int_equal(ask_next(b, strategy_find(name), journal, 1), 0);
    assert_true(space_same(journal->space, a, b));
    char *begin = mem_printf("auto: %s", name);
    char *said =
        strategy_describe(strategy_find("auto"), journal->space, history->planned, history->n);
    assert_memory_equal(said, begin, strlen(begin));
    assert_non_null(strstr(said, why));
    free(said);
    free(begin);
    free(a);
    free(b);
}

static void auto_asks_gp_first_and_tpe_after_four_hundred_experiments(void **state)
{
    struct space space;
    struct journal journal;
    (void)state;

    fill_mixed_space(&space);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    assert_auto_is(&journal, "gp", "up to experiment 400");
    journal.history.planned = 13; /* long enough for a model */
    assert_auto_is(&journal, "gp", "noisy runs");
    add_by_chance(&journal, 30);
    assert_auto_is(&journal, "gp", "up to experiment 400");
    add_by_chance(&journal, 399);
    assert_auto_is(&journal, "gp", "up to experiment 400");
    add_by_chance(&journal, 400);
    assert_auto_is(&journal, "tpe", "from experiment 401");
    journal_clear(&journal);
    space_clear(&space);
}

static void auto_perturbs_for_as_long_as_a_short_plan_goes(void **state)
{
    struct space space;
    struct journal journal;
    (void)state;

    fill_mixed_space(&space);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    journal.history.planned = 12;
    assert_auto_is(&journal, "perturb", "a plan of 12 experiments is too short");
    add_by_chance(&journal, 11);
    assert_auto_is(&journal, "perturb", "a plan of 12 experiments is too short");
    add_by_chance(&journal, 12); /* another night after all */
    assert_auto_is(&journal, "gp", "up to experiment 400");
    journal_clear(&journal);
    space_clear(&space);
}

static void auto_tries_a_tiny_space_evenly(void **state)
{
    struct space space = {0};
    struct journal journal;
    (void)state;

    add_choice(&space, "optimizer", "adamw muon lion sgd");
    add_number(&space, "layers", "int_uniform", 1, 4, 0, 2);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    assert_auto_is(&journal, "sobol", "at most 16 configs");
    journal_clear(&journal);
    space_clear(&space);
}

static void auto_leaves_a_space_that_is_too_wide_for_gp_to_tpe(void **state)
{
    struct space space = {0};
    struct journal journal;
    char name[16];
    (void)state;

    for (int i = 0; i < 34; i++) { /* 34 choices of 3: 102 features */
        snprintf(name, sizeof name, "p%d", i);
        add_choice(&space, name, "a b c");
    }
    journal_init(&journal, &space);
    journal_add_start(&journal);
    assert_auto_is(&journal, "tpe", "102 features");
    journal_clear(&journal);
    space_clear(&space);
}

static void a_strategy_that_chooses_no_other_is_described_by_its_name(void **state)
{
    struct space space;
    (void)state;

    fill_mixed_space(&space);
    char *said = strategy_describe(strategy_find("perturb"), &space, 0, 3);
    assert_string_equal(said, "perturb");
    free(said);
    space_clear(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auto_asks_gp_first_and_tpe_after_four_hundred_experiments),
        cmocka_unit_test(auto_perturbs_for_as_long_as_a_short_plan_goes),
        cmocka_unit_test(auto_tries_a_tiny_space_evenly),
        cmocka_unit_test(auto_leaves_a_space_that_is_too_wide_for_gp_to_tpe),
        cmocka_unit_test(a_strategy_that_chooses_no_other_is_described_by_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
