/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every strategy on every kind of space: whole, tight, tiny, wide, used up, and crowded with
 * experiments under way.  To add a space: a row in the table below.
 */
#include <stdio.h>

#include "feature_map.h"
#include "search_fixture.h"

/* --- spaces ----------------------------------------------------------------------------------- */

static void fill_continuous(struct space *space)
{
    add_number(space, "lr", "log_uniform_values", 1e-4, 1e-2, 0, 6e-4);
    add_number(space, "beta2", "uniform", 0.9, 0.999, 0, 0.95);
}

static void fill_steps(struct space *space)
{
    add_number(space, "dim", "q_uniform", 64, 256, 64, 128);
    add_number(space, "layers", "int_uniform", 1, 3, 0, 2);
}

static void fill_powers(struct space *space)
{
    add_number(space, "batch", "power_of_two", 16, 512, 0, 64);
}

static void fill_many_powers(struct space *space)
{
    add_number(space, "tokens", "power_of_two", 1, 0x1p40, 0, 1024);
}

static void fill_one_choice(struct space *space)
{
    add_choice(space, "optimizer", "adamw muon sgd lion sophia");
}

static void fill_one_switch(struct space *space)
{
    add_choice(space, "tied", "true false");
}

static void fill_one_ordinal(struct space *space)
{
    add_ordinal(space, "size", "medium tiny small large huge");
}

static void fill_all_finite(struct space *space)
{
    add_ordinal(space, "size", "small medium large");
    add_number(space, "batch", "power_of_two", 8, 64, 0, 16);
    add_choice(space, "optimizer", "adamw muon sgd");
}

static void fill_nested_conditions(struct space *space)
{
    add_choice(space, "optimizer", "adamw muon");
    add_choice(space, "kind", "a b");
    only_when(space, "optimizer", "muon");
    add_ordinal(space, "momentum", "low middle high");
    only_when(space, "kind", "a");
}

static void fill_ordered_pairs(struct space *space)
{
    add_number(space, "a", "int_uniform", 1, 6, 0, 1);
    add_number(space, "b", "int_uniform", 1, 6, 0, 2);
    add_constraint(space, "a < b");
}

static void fill_equation(struct space *space)
{
    add_number(space, "dim", "q_uniform", 32, 512, 32, 64);
    add_number(space, "heads", "int_uniform", 1, 16, 0, 2);
    add_constraint(space, "heads * 32 == dim");
}

static void fill_corner(struct space *space)
{
    add_number(space, "a", "int_uniform", 1, 40, 0, 1);
    add_number(space, "b", "int_uniform", 1, 40, 0, 1);
    add_number(space, "c", "int_uniform", 1, 40, 0, 1);
    add_constraint(space, "a + b + c <= 5");
}

static void fill_far_corner(struct space *space)
{
    add_number(space, "a", "int_uniform", 1, 1000, 0, 1);
    add_number(space, "b", "int_uniform", 1, 1000, 0, 1);
    add_number(space, "c", "int_uniform", 1, 1000, 0, 1);
    add_constraint(space, "a + b + c <= 4");
}

static void fill_band(struct space *space)
{
    add_number(space, "x", "uniform", 0, 1, 0, 0.5);
    add_number(space, "y", "uniform", 0, 1, 0, 0.5);
    add_constraint(space, "abs(x - y) < 0.001");
}

static void fill_sum(struct space *space)
{
    add_number(space, "a", "int_uniform", 0, 100, 0, 40);
    add_number(space, "b", "int_uniform", 0, 100, 0, 40);
    add_number(space, "c", "int_uniform", 0, 100, 0, 20);
    add_constraint(space, "a + b + c == 100");
}

static void fill_constants(struct space *space)
{
    add_choice(space, "tokens", "2000000");
    add_choice(space, "optimizer", "adamw");
}

static void fill_one_among_constants(struct space *space)
{
    add_choice(space, "tokens", "2000000");
    add_number(space, "layers", "int_uniform", 1, 4, 0, 2);
    add_choice(space, "save", "true");
}

static void fill_sixty(struct space *space)
{
    char name[16];

    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "p%d", i);
        if (i % 6 == 0)
            add_number(space, name, "log_uniform_values", 1e-4, 1, 0, 1e-2);
        else if (i % 6 == 1)
            add_number(space, name, "q_uniform", 0, 8, 0.5, 1);
        else if (i % 6 == 2)
            add_number(space, name, "power_of_two", 1, 256, 0, 4);
        else if (i % 6 == 3)
            add_choice(space, name, "a b c d");
        else if (i % 6 == 4)
            add_ordinal(space, name, "xs s m l xl");
        else
            add_number(space, name, "int_uniform", -3, 3, 0, 0);
    }
    add_constraint(space, "p2 * p8 <= 4096");
}

/* How many configs are allowed, the start among them; more than anyone tries here: INFINITY. */
static const struct {
    const char *name;
    void (*fill)(struct space *space);
    double allowed;
} spaces[] = {
    {"continuous ranges", fill_continuous, INFINITY},
    {"steps", fill_steps, 4 * 3},
    {"powers of two", fill_powers, 6},
    {"many powers of two", fill_many_powers, 41},
    {"one choice", fill_one_choice, 5},
    {"one switch", fill_one_switch, 2},
    {"one ordinal", fill_one_ordinal, 5},
    {"ordinal, powers and choice", fill_all_finite, 3 * 4 * 3},
    {"nested conditions", fill_nested_conditions, 1 + 1 + 3},
    {"ordered pairs", fill_ordered_pairs, 6 * 5 / 2},
    {"an equation", fill_equation, 16},
    {"a corner", fill_corner, 10}, /* 5 choose 3 */
    {"a thin band", fill_band, INFINITY},
    {"a sum", fill_sum, 5151}, /* 102 choose 2 */
    {"constants alone", fill_constants, 1},
    {"one among constants", fill_one_among_constants, 4},
    {"sixty of all kinds", fill_sixty, INFINITY},
};
enum { SPACES = sizeof spaces / sizeof *spaces, TRIES = 60 };

/* --- what a study sees ------------------------------------------------------------------------ */

/* Losses in every order, a failure now and then, and one experiment under way. */
static void end_one(struct journal *journal)
{
    size_t n = journal->history.n;

    if (n < 3)
        return;
    struct past *past = &journal->past[n - 2];
    past->outcome = n % 7 == 0 ? OUTCOME_FAILED : n % 5 == 0 ? OUTCOME_KEEP : OUTCOME_REVERT;
    past->loss = past->outcome == OUTCOME_FAILED ? (double)NAN : 3 + sin(12.9898 * (double)n);
    if (past->outcome == OUTCOME_KEEP)
        journal->history.head = n - 2;
}

static void assert_new(const struct journal *journal, const struct value *config)
{
    for (size_t i = 0; i < journal->history.n; i++)
        assert_false(space_same(journal->space, config, journal->past[i].config));
}

/* Proposes until nothing is left, or TRIES; returns how many configs are known then. */
static size_t use_up(const struct strategy *strategy, const struct space *space)
{
    struct value *config = mem_new(space->n, sizeof *config);
    struct journal journal;

    journal_init(&journal, space);
    journal_add_start(&journal);
    journal.past[0].loss = 3;
    while (journal.history.n < TRIES && ask_next(config, strategy, &journal, 11) == 0) {
        assert_settled(space, config); /* in range, on its step, active ones alone, allowed */
        assert_new(&journal, config);
        journal_add(&journal, config, OUTCOME_PENDING, NAN);
        end_one(&journal);
    }
    size_t n = journal.history.n;
    journal_clear(&journal);
    free(config);
    return n;
}

static void every_strategy_stays_in_every_space_and_uses_it_up(void **state)
{
    (void)state;
    for (size_t k = 0; k < SPACES; k++)
        for (size_t i = 0; strategies[i] != NULL; i++) {
            struct space space = {0};
            struct err err = {0};
            spaces[k].fill(&space);
            if (strategy_serves(strategies[i], &space, &err) == 0) {
                double expected = fmin(spaces[k].allowed, TRIES);
                size_t n = use_up(strategies[i], &space);
                if ((double)n != expected)
                    fail_msg("%s on %s: %zu configs, expected %g", strategies[i]->name,
                             spaces[k].name, n, expected);
            }
            space_clear(&space);
        }
}

/* The strategy may find any of the four, and says that it is done, whichever it has not found. */
static void a_corner_of_a_vast_space_ends_a_study_without_hanging(void **state)
{
    struct space space = {0};
    (void)state;

    fill_far_corner(&space);
    for (size_t i = 0; strategies[i] != NULL; i++) {
        if (strategies[i] == strategy_find("grid"))
            continue; /* its last point is the 1000000000th */
        assert_in_range(use_up(strategies[i], &space), 1, 4);
        assert_string_equal(strategy_ended(strategies[i], &space),
                            "no config was found that is new and that the constraints allow");
    }
    space_clear(&space);
}

static void the_end_of_a_space_is_told_in_plain_words(void **state)
{
    static const struct {
        const char *strategy;
        void (*fill)(struct space *space);
        const char *said;
    } cases[] = {
        {"auto", fill_constants, "no parameter is searched, so there is nothing to try"},
        {"grid", fill_steps, "the grid is at its end"},
        {"gp", fill_corner, "every config that the constraints allow was tried"},
        {"sobol", fill_band, "no config was found that is new and that the constraints allow"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct space space = {0};
        cases[i].fill(&space);
        assert_string_equal(strategy_ended(strategy_find(cases[i].strategy), &space),
                            cases[i].said);
        space_clear(&space);
    }
}

/* Which strategies cannot search which spaces; all others serve all of the table. */
static void a_strategy_that_cannot_search_a_space_says_so(void **state)
{
    static const struct {
        const char *strategy, *space, *said;
    } refused[] = {
        {"cmaes", "one choice", "only choices are searched here"},
        {"cmaes", "one switch", "only choices are searched here"},
        {"grid", "continuous ranges", "'lr' is a range without steps"},
        {"grid", "a thin band", "'x' is a range without steps"},
        {"grid", "sixty of all kinds", "'p0' is a range without steps"},
    };
    (void)state;

    for (size_t k = 0; k < SPACES; k++)
        for (size_t i = 0; strategies[i] != NULL; i++) {
            struct space space = {0};
            struct err err = {0};
            const char *said = NULL;
            spaces[k].fill(&space);
            for (size_t r = 0; r < sizeof refused / sizeof *refused; r++)
                if (strcmp(refused[r].strategy, strategies[i]->name) == 0 &&
                    strcmp(refused[r].space, spaces[k].name) == 0)
                    said = refused[r].said;
            int rc = strategy_serves(strategies[i], &space, &err);
            if (rc != (said != NULL ? -1 : 0))
                fail_msg("%s on %s: %s", strategies[i]->name, spaces[k].name, err.text);
            if (said != NULL) {
                assert_non_null(strstr(err.text, said));
                assert_non_null(strstr(err.text, "use ")); /* the mend */
            }
            space_clear(&space);
        }
}

/* --- features --------------------------------------------------------------------------------- */

/* The model's distance between two configs that differ in one value alone. */
static double apart(const struct space *space, size_t i, double from, double to)
{
    struct value *config = mem_new(space->n, sizeof *config);
    struct features features;
    double a[16], b[16], sum = 0;

    features_init(&features, space);
    assert_true(features.n <= 16);
    space_start(config, space);
    config[i] = param_nth(&space->params[i], from);
    features_write(a, &features, config);
    config[i] = param_nth(&space->params[i], to);
    features_write(b, &features, config);
    for (size_t f = 0; f < features.n; f++)
        sum += (a[f] - b[f]) * (a[f] - b[f]);
    features_clear(&features);
    free(config);
    return sqrt(sum);
}

static void models_see_powers_by_exponent_and_ordinals_by_place(void **state)
{
    struct space space = {0};
    (void)state;

    fill_all_finite(&space); /* 3 sizes in order, 4 powers, 3 optimizers without */
    assert_true(fabs(apart(&space, 0, 0, 1) - 1.0 / 3) < 1e-12);
    assert_true(fabs(apart(&space, 0, 0, 2) - 2.0 / 3) < 1e-12);
    assert_true(fabs(apart(&space, 1, 0, 1) - 1.0 / 4) < 1e-12);
    assert_true(fabs(apart(&space, 1, 2, 3) - 1.0 / 4) < 1e-12);
    assert_true(fabs(apart(&space, 1, 0, 3) - 3.0 / 4) < 1e-12);
    assert_true(fabs(apart(&space, 2, 0, 1) - 1) < 1e-12);
    assert_true(fabs(apart(&space, 2, 0, 2) - 1) < 1e-12);
    space_clear(&space);
}

/* --- batches ---------------------------------------------------------------------------------- */

static double bowl(const struct space *space, const struct value *config)
{
    double sum = 0;

    for (size_t i = 0; i < space->n; i++) {
        double x = param_encode(&space->params[i], &config[i]) - 0.3;
        sum += x * x;
    }
    return sum;
}

static double gap(const struct past *a, const struct past *b, size_t n)
{
    double most = 0;

    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(a->unit[i] - b->unit[i]));
    return most;
}

enum { EARLIER = 24, BATCH = 8 };

static void fill_bowl(struct space *space, int n)
{
    char name[16];

    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "x%d", i);
        add_number(space, name, "uniform", 0, 1, 0, 0.8);
    }
}

/* One more proposal, ended at once or left under way. */
static void go_on(struct journal *journal, const struct strategy *strategy, double *best,
                  uint64_t seed, bool pending)
{
    struct value *config = mem_new(journal->space->n, sizeof *config);

    assert_int_equal(ask_next(config, strategy, journal, seed), 0);
    double loss = bowl(journal->space, config);
    journal_add(journal, config,
                pending        ? OUTCOME_PENDING
                : loss < *best ? OUTCOME_KEEP
                               : OUTCOME_REVERT,
                pending ? (double)NAN : loss);
    if (!pending)
        *best = fmin(*best, loss);
    free(config);
}

/* The least distance (largest difference of a coordinate) among BATCH proposals in a row: all under
 * way at a time, or one after the other. */
static double least_gap(const struct strategy *strategy, int n, uint64_t seed, bool pending)
{
    struct space space = {0};
    struct journal journal;
    double best = 4, least = INFINITY;

    fill_bowl(&space, n);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    journal.past[0].loss = bowl(&space, journal.past[0].config);
    for (int k = 0; k < EARLIER + BATCH; k++)
        go_on(&journal, strategy, &best, seed, pending && k >= EARLIER);
    for (size_t a = journal.history.n - BATCH; a < journal.history.n; a++)
        for (size_t b = journal.history.n - BATCH; b < a; b++)
            least = fmin(least, gap(&journal.past[a], &journal.past[b], space.n));
    journal_clear(&journal);
    space_clear(&space);
    return least;
}

static bool serves_bowls(const struct strategy *strategy)
{
    struct space space = {0};
    struct err err = {0};

    fill_bowl(&space, 1);
    bool served = strategy_serves(strategy, &space, &err) == 0;
    space_clear(&space);
    return served;
}

static void no_two_experiments_under_way_are_near_copies(void **state)
{
    (void)state;
    for (size_t i = 0; strategies[i] != NULL; i++)
        for (uint64_t seed = 1; seed <= 3 && serves_bowls(strategies[i]); seed++) {
            double least = least_gap(strategies[i], 1, seed, true);
            if (!(least >= 0.005 - 1e-9))
                fail_msg("%s, one parameter: %g apart", strategies[i]->name, least);
        }
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Nobody is told of the results, so a batch may be no tighter than what follows one another: half
 * of that distance, for the chance in a median of nine. */
static void a_batch_crowds_no_more_than_proposals_one_by_one(void **state)
{
    enum { SEEDS = 9 };
    (void)state;

    for (size_t i = 0; strategies[i] != NULL; i++) {
        double batch[SEEDS], single[SEEDS];
        if (!serves_bowls(strategies[i]) || strategies[i] == strategy_find("autoane"))
            continue; /* the forerunner's rule knew of no batches */
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            batch[seed] = least_gap(strategies[i], 4, seed, true);
            single[seed] = least_gap(strategies[i], 4, seed, false);
        }
        qsort(batch, SEEDS, sizeof *batch, compare);
        qsort(single, SEEDS, sizeof *single, compare);
        print_message("# %-8s least gap of %d: %.4f under way, %.4f one by one\n",
                      strategies[i]->name, BATCH, batch[SEEDS / 2], single[SEEDS / 2]);
        if (!(batch[SEEDS / 2] >= 0.5 * single[SEEDS / 2]))
            fail_msg("%s: %g under way, %g one by one", strategies[i]->name, batch[SEEDS / 2],
                     single[SEEDS / 2]);
    }
}

/* With all but one of 64 configs under way, the last one is proposed, and then nothing. */
static void what_is_under_way_is_never_proposed_again(void **state)
{
    (void)state;
    for (size_t i = 0; strategies[i] != NULL; i++) {
        struct space space = {0};
        struct value config[2];
        struct journal journal;
        struct err err = {0};
        add_ordinal(&space, "size", "a b c d e f g h");
        add_number(&space, "batch", "power_of_two", 1, 128, 0, 1);
        if (strategy_serves(strategies[i], &space, &err) == 0) {
            journal_init(&journal, &space);
            journal_add_start(&journal);
            while (journal.history.n < 64) {
                assert_int_equal(ask_next(config, strategies[i], &journal, 1), 0);
                assert_new(&journal, config);
                journal_add(&journal, config, OUTCOME_PENDING, NAN);
            }
            assert_int_equal(ask_next(config, strategies[i], &journal, 1), 1);
            journal_clear(&journal);
        }
        space_clear(&space);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_strategy_stays_in_every_space_and_uses_it_up),
        cmocka_unit_test(a_corner_of_a_vast_space_ends_a_study_without_hanging),
        cmocka_unit_test(the_end_of_a_space_is_told_in_plain_words),
        cmocka_unit_test(a_strategy_that_cannot_search_a_space_says_so),
        cmocka_unit_test(models_see_powers_by_exponent_and_ordinals_by_place),
        cmocka_unit_test(no_two_experiments_under_way_are_near_copies),
        cmocka_unit_test(a_batch_crowds_no_more_than_proposals_one_by_one),
        cmocka_unit_test(what_is_under_way_is_never_proposed_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
