/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every row of a table must do, so that a new row is tested before its author writes a test.
 */
#include <stdio.h>

#include "search_fixture.h"

/* --- strategies ------------------------------------------------------------------------------- */

static const struct strategy *this_strategy(void **state)
{
    return *state;
}

/* The mixed space, or the stepped one where the strategy cannot search ranges without steps. */
static void fill_space_of(struct space *space, const struct strategy *strategy)
{
    struct err err = {0};

    fill_mixed_space(space);
    if (strategy_serves(strategy, space, &err) == 0)
        return;
    space_clear(space);
    fill_stepped_space(space);
    assert_int_equal(strategy_serves(strategy, space, &err), 0);
}

/* Skips the test where the strategy says that it cannot search the space. */
static void skip_unless_served(const struct strategy *strategy, struct space *space)
{
    struct err err = {0};

    if (strategy_serves(strategy, space, &err) == 0)
        return;
    assert_int_equal(err.code, ERR_USAGE);
    space_clear(space);
    skip();
}

/* Runs `n` proposals over the mixed space with the outcomes that `judge` gives, and returns the
 * record; the caller clears it. */
static void run_study(struct journal *journal, const struct space *space,
                      const struct strategy *strategy, size_t n, uint64_t seed,
                      enum outcome (*judge)(size_t number, const struct value *config))
{
    struct value *config = mem_new(space->n, sizeof *config);

    journal_init(journal, space);
    journal_add_start(journal);
    while (journal->history.n <= n && ask_next(config, strategy, journal, seed) == 0) {
        assert_settled(space, config);
        for (size_t i = 0; i < journal->history.n; i++)
            assert_false(space_same(space, config, journal->past[i].config));
        journal_add(journal, config, judge(journal->history.n, config), NAN);
    }
    free(config);
}

static enum outcome one_in_five(size_t number, const struct value *config)
{
    static const enum outcome outcomes[] = {OUTCOME_REVERT, OUTCOME_KEEP, OUTCOME_FAILED,
                                            OUTCOME_PENDING, OUTCOME_REVERT};
    (void)config;
    return outcomes[number % 5];
}

static enum outcome always_failed(size_t number, const struct value *config)
{
    (void)number, (void)config;
    return OUTCOME_FAILED;
}

static void a_strategy_stays_in_the_space_and_never_repeats(void **state)
{
    struct space space;
    struct journal journal;

    fill_space_of(&space, this_strategy(state));
    run_study(&journal, &space, this_strategy(state), 150, 1, one_in_five);
    assert_int_equal(journal.history.n, 151);
    journal_clear(&journal);
    space_clear(&space);
}

static void a_strategy_answers_the_same_twice(void **state)
{
    struct space space;
    struct journal a, b;

    fill_space_of(&space, this_strategy(state));
    run_study(&a, &space, this_strategy(state), 40, 7, one_in_five);
    run_study(&b, &space, this_strategy(state), 40, 7, one_in_five);
    assert_int_equal(a.history.n, b.history.n);
    for (size_t i = 0; i < a.history.n; i++)
        assert_true(space_same(&space, a.past[i].config, b.past[i].config));
    journal_clear(&a);
    journal_clear(&b);
    space_clear(&space);
}

static void a_strategy_survives_an_empty_history(void **state)
{
    struct space space;
    struct value config[7];
    struct journal journal;

    fill_space_of(&space, this_strategy(state));
    journal_init(&journal, &space);
    assert_int_equal(ask_next(config, this_strategy(state), &journal, 1), 0);
    assert_settled(&space, config);
    journal_clear(&journal);
    space_clear(&space);
}

static void a_strategy_survives_failures_only(void **state)
{
    struct space space;
    struct value start[7], config[7];
    struct journal journal, failed;

    fill_space_of(&space, this_strategy(state));
    run_study(&journal, &space, this_strategy(state), 30, 1, always_failed);
    assert_int_equal(journal.history.n, 31);
    journal_clear(&journal);

    journal_init(&failed, &space); /* even the baseline */
    space_start(start, &space);
    journal_add(&failed, start, OUTCOME_FAILED, NAN);
    assert_int_equal(ask_next(config, this_strategy(state), &failed, 1), 0);
    assert_settled(&space, config);
    journal_clear(&failed);
    space_clear(&space);
}

/* A bowl with its lowest point, 0, at 0.2 and 0.7 of two ranges; the start lies outside. */
static double bowl(const struct space *space, const struct value *config)
{
    double x = param_encode(&space->params[0], &config[0]) - 0.2;
    double y = param_encode(&space->params[1], &config[1]) - 0.7;

    return x * x + y * y;
}

static void a_strategy_beats_its_start_on_a_quadratic(void **state)
{
    struct space space = {0};
    struct value config[2];
    struct journal journal;

    add_number(&space, "lr", "log_uniform_values", 1e-4, 1e-2, 0, 9e-3);
    add_number(&space, "decay", "uniform", 0, 1, 0, 0.1);
    skip_unless_served(this_strategy(state), &space);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    double first = bowl(&space, journal.past[0].config), best = first;
    while (journal.history.n <= 40 && ask_next(config, this_strategy(state), &journal, 3) == 0) {
        double loss = bowl(&space, config);
        journal_add(&journal, config, loss < best ? OUTCOME_KEEP : OUTCOME_REVERT, loss);
        best = fmin(best, loss);
    }
    /* the start is at 0.96 */
    assert_true(best < 0.05 * first);
    journal_clear(&journal);
    space_clear(&space);
}

static void a_strategy_uses_up_a_small_space_and_then_says_so(void **state)
{
    struct space space = {0};
    struct value config[3];
    struct journal journal;

    add_choice(&space, "optimizer", "adamw muon");
    add_number(&space, "layers", "int_uniform", 1, 3, 0, 2);
    add_choice(&space, "nesterov", "true false");
    only_when(&space, "optimizer", "muon");
    add_constraint(&space, "layers != 3 or optimizer == 'muon'");
    journal_init(&journal, &space);
    journal_add_start(&journal);
    while (journal.history.n < 100 && ask_next(config, this_strategy(state), &journal, 1) == 0) {
        assert_settled(&space, config);
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
    }
    assert_int_equal(journal.history.n, 2 + 3 * 2); /* adamw 1, 2; muon 1, 2, 3 with and without */
    journal_clear(&journal);
    space_clear(&space);
}

static void a_strategy_has_nothing_to_try_where_everything_is_constant(void **state)
{
    struct space space = {0};
    struct value config[2];
    struct journal journal;

    add_choice(&space, "tokens", "2000000");
    add_number(&space, "layers", "int_uniform", 3, 3, 0, 3);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    assert_int_equal(ask_next(config, this_strategy(state), &journal, 1), 1);
    journal_clear(&journal);
    space_clear(&space);
}

static void a_strategy_copes_with_a_single_choice(void **state)
{
    struct space space = {0};
    struct value config[1];
    struct journal journal;

    add_choice(&space, "optimizer", "adamw muon sgd lion");
    journal_init(&journal, &space);
    journal_add_start(&journal);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(ask_next(config, this_strategy(state), &journal, 1), 0);
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
    }
    assert_int_equal(ask_next(config, this_strategy(state), &journal, 1), 1);
    journal_clear(&journal);
    space_clear(&space);
}

static void a_strategy_copes_with_sixty_parameters(void **state)
{
    struct space space = {0};
    struct journal journal;
    char name[16];

    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "p%d", i);
        add_number(&space, name, "uniform", 0, 1, 0, 0.5);
    }
    skip_unless_served(this_strategy(state), &space);
    run_study(&journal, &space, this_strategy(state), 30, 1, one_in_five);
    assert_int_equal(journal.history.n, 31);
    journal_clear(&journal);
    space_clear(&space);
}

/* The history of a study that others fed (enqueued configs, all over) is no obstacle. */
static void a_strategy_goes_on_after_a_thousand_experiments_of_others(void **state)
{
    struct space space;
    struct value config[7];
    struct journal journal;

    fill_space_of(&space, this_strategy(state));
    run_study(&journal, &space, strategy_find("random"), 1000, 99, one_in_five);
    assert_int_equal(ask_next(config, this_strategy(state), &journal, 1), 0);
    assert_settled(&space, config);
    journal_clear(&journal);
    space_clear(&space);
}

static void a_name_stands_in_a_table_once(void **state)
{
    (void)state;
    for (size_t i = 0; strategies[i] != NULL; i++) {
        assert_ptr_equal(strategy_find(strategies[i]->name), strategies[i]);
        assert_true(strlen(strategies[i]->summary) > 0);
    }
    assert_null(strategy_find("genius"));
}

/* --- running ---------------------------------------------------------------------------------- */

typedef void property(void **state);

static const struct {
    const char *name;
    property *check;
} strategy_properties[] = {
    {"stays in the space and never repeats", a_strategy_stays_in_the_space_and_never_repeats},
    {"answers the same twice", a_strategy_answers_the_same_twice},
    {"survives an empty history", a_strategy_survives_an_empty_history},
    {"survives failures only", a_strategy_survives_failures_only},
    {"beats its start on a quadratic", a_strategy_beats_its_start_on_a_quadratic},
    {"uses up a small space and then says so", a_strategy_uses_up_a_small_space_and_then_says_so},
    {"has nothing to try where everything is constant",
     a_strategy_has_nothing_to_try_where_everything_is_constant},
    {"copes with a single choice", a_strategy_copes_with_a_single_choice},
    {"copes with sixty parameters", a_strategy_copes_with_sixty_parameters},
    {"goes on after a thousand experiments of others",
     a_strategy_goes_on_after_a_thousand_experiments_of_others},
};
enum { STRATEGY_PROPERTIES = sizeof strategy_properties / sizeof *strategy_properties };

struct tests {
    struct CMUnitTest *at;
    char **names;
    size_t n;
};

static void tests_add(struct tests *tests, const char *kind, const char *row, const char *sentence,
                      property *check, const void *initial)
{
    char *name = mem_printf("%s %s %s", kind, row, sentence);

    tests->at = mem_room(tests->at, tests->n, sizeof *tests->at);
    tests->names = mem_room(tests->names, tests->n, sizeof *tests->names);
    tests->names[tests->n] = name;
    tests->at[tests->n++] = (struct CMUnitTest){
        .name = name, .test_func = check, .initial_state = (void *)(uintptr_t)initial};
}

int main(void)
{
    struct tests tests = {NULL, NULL, 0};

    for (size_t i = 0; strategies[i] != NULL; i++)
        for (size_t k = 0; k < STRATEGY_PROPERTIES; k++)
            tests_add(&tests, "strategy", strategies[i]->name, strategy_properties[k].name,
                      strategy_properties[k].check, strategies[i]);
    tests_add(&tests, "strategy", "table:", "a name stands once", a_name_stands_in_a_table_once,
              NULL);
    int failed = _cmocka_run_group_tests("tables", tests.at, tests.n, NULL, NULL);
    for (size_t i = 0; i < tests.n; i++)
        free(tests.names[i]);
    free(tests.names);
    free(tests.at);
    return failed;
}
