/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each strategy does beyond the duties that test_tables.c checks for all of them.
 */
#include <stdio.h>

#include <gsl/gsl_randist.h>

#include "gsl_stream.h"
#include "halton.h"
#include "search_fixture.h"
#include "strategy_perturb.h"

static size_t count_changes(const struct space *space, const struct value *a, const struct value *b)
{
    size_t n = 0;

    for (size_t i = 0; i < space->n; i++)
        n += !value_same(&a[i], &b[i]);
    return n;
}

/* Proposal `index` of a study that has seen its baseline alone. */
static void propose_first(struct value *config, const struct strategy *strategy,
                          const struct space *space, uint64_t seed, uint64_t index)
{
    struct journal journal;
    struct err err = {0};

    journal_init(&journal, space);
    journal_add_start(&journal);
    int rc = strategy_propose(config, strategy, space, &journal.history, seed, index, &err);
    assert_int_equal(rc, 0);
    journal_clear(&journal);
}

/* --- streams ---------------------------------------------------------------------------------- */

static void gsl_draws_from_the_named_stream_and_moves_it_on(void **state)
{
    struct rng a, b;
    (void)state;

    rng_init(&a, 1, "gsl", 5);
    rng_init(&b, 1, "gsl", 5);
    gsl_rng gsl = gsl_stream(&a);
    assert_true(gsl_rng_uniform(&gsl) == rng_uniform(&b));
    assert_true(gsl_rng_get(&gsl) == rng_next(&b) >> 32);
    assert_true(rng_next(&a) == rng_next(&b));
    assert_int_equal(gsl_rng_min(&gsl), 0);
    assert_true(gsl_rng_max(&gsl) == 0xffffffff);
}

static void gaussian_draws_have_the_right_moments(void **state)
{
    enum { DRAWS = 40000 };
    double sum = 0, squares = 0;
    struct rng rng;
    (void)state;

    rng_init(&rng, 1, "gaussian", 0);
    gsl_rng gsl = gsl_stream(&rng);
    for (int i = 0; i < DRAWS; i++) {
        double z = gsl_ran_gaussian(&gsl, 1);
        sum += z;
        squares += z * z;
    }
    /* Four standard errors: 1/sqrt(n) of the mean, sqrt(2/n) of the mean square. */
    assert_true(fabs(sum / DRAWS) < 4 / sqrt(DRAWS));
    assert_true(fabs(squares / DRAWS - 1) < 4 * sqrt(2.0 / DRAWS));
}

static void another_seed_or_another_number_gives_another_proposal(void **state)
{
    struct space space;
    struct value a[7], b[7], c[7];
    (void)state;

    fill_mixed_space(&space);
    propose_first(a, strategy_find("random"), &space, 1, 1);
    propose_first(b, strategy_find("random"), &space, 2, 1);
    propose_first(c, strategy_find("random"), &space, 1, 2);
    assert_false(space_same(&space, a, b));
    assert_false(space_same(&space, a, c));
    space_clear(&space);
}

/* --- perturb: the step ------------------------------------------------------------------------ */

static void add_outcomes(struct journal *journal, const char *outcomes)
{
    struct value config[1];

    for (size_t i = 0; outcomes[i] != '\0'; i++) {
        config[0] = number_value(1 + (double)journal->history.n);
        journal_add(journal, config,
                    outcomes[i] == 'k'   ? OUTCOME_KEEP
                    : outcomes[i] == 'f' ? OUTCOME_FAILED
                    : outcomes[i] == 'p' ? OUTCOME_PENDING
                                         : OUTCOME_REVERT,
                    NAN);
    }
}

static double step_after(const char *outcomes)
{
    struct space space = {0};
    struct journal journal;

    add_number(&space, "x", "int_uniform", 0, 1000, 0, 0);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    add_outcomes(&journal, outcomes);
    double step = perturb_step(&space, &journal.history);
    journal_clear(&journal);
    space_clear(&space);
    return step;
}

static void the_step_grows_with_success_and_shrinks_without(void **state)
{
    char many[401];
    (void)state;

    assert_true(step_after("") == PERTURB_STEP_START);
    assert_true(step_after("k") > PERTURB_STEP_START);
    assert_true(step_after("r") < PERTURB_STEP_START);
    assert_true(step_after("f") == step_after("r"));
    memset(many, 'k', 400);
    many[400] = '\0';
    assert_true(step_after(many) == PERTURB_STEP_MAX);
    memset(many, 'r', 400);
    assert_true(step_after(many) == PERTURB_STEP_MIN);
}

static void one_success_in_five_leaves_the_step_as_it_is(void **state)
{
    (void)state;
    /* a * a^(-1/4) four times is 1 but for rounding */
    assert_true(fabs(step_after("krrrrrrkrrrfrkr") / PERTURB_STEP_START - 1) < 1e-12);
    assert_true(step_after("krrkrrkrr") > PERTURB_STEP_START);
    assert_true(step_after("krrrrrrrr") < PERTURB_STEP_START);
}

static void what_is_pending_and_copies_of_the_head_do_not_move_the_step(void **state)
{
    struct space space = {0};
    struct journal journal;
    struct value head[1];
    (void)state;

    assert_true(step_after("ppp") == PERTURB_STEP_START);
    add_number(&space, "x", "int_uniform", 0, 1000, 0, 0);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    add_outcomes(&journal, "rk");
    double step = perturb_step(&space, &journal.history);
    head[0] = journal.past[journal.history.head].config[0];
    journal_add(&journal, head, OUTCOME_REVERT, NAN); /* a placebo */
    assert_true(perturb_step(&space, &journal.history) == step);
    journal_clear(&journal);
    space_clear(&space);
}

/* --- perturb: what it changes ----------------------------------------------------------------- */

static void perturb_changes_one_parameter_or_two_and_no_constant(void **state)
{
    enum { PROPOSALS = 2000 };
    struct space space = {0};
    struct value start[5], config[5];
    size_t count[6] = {0}, changed[5] = {0};
    (void)state;

    for (int i = 0; i < 4; i++) {
        char name[] = {'a', (char)('0' + i), '\0'};
        add_number(&space, name, "uniform", 0, 1, 0, 0.5);
    }
    add_choice(&space, "constant", "5");
    space_start(start, &space);
    for (uint64_t k = 0; k < PROPOSALS; k++) {
        propose_first(config, strategy_find("perturb"), &space, 1, k);
        count[count_changes(&space, start, config)]++;
        for (size_t i = 0; i < 5; i++)
            changed[i] += !value_same(&start[i], &config[i]);
    }
    /* Binomial(2000, 0.75): sd 19; each parameter with 1.25 / 4 = 0.3125: sd 21.  Four of them. */
    assert_true(fabs((double)count[1] - 1500) < 80);
    assert_int_equal(count[1] + count[2], PROPOSALS);
    for (size_t i = 0; i < 4; i++)
        assert_true(fabs((double)changed[i] - 625) < 85);
    assert_int_equal(changed[4], 0);
    space_clear(&space);
}

static void perturb_moves_whole_numbers_both_ways_and_inwards_at_the_ends(void **state)
{
    static const double starts[] = {1, 4, 8};
    (void)state;

    for (size_t s = 0; s < 3; s++) {
        struct space space = {0};
        struct value config[1];
        int up = 0, down = 0, next = 0;
        add_number(&space, "layers", "int_uniform", 1, 8, 0, starts[s]);
        for (uint64_t k = 0; k < 300; k++) {
            propose_first(config, strategy_find("perturb"), &space, 1, k);
            double by = config[0].number - starts[s];
            up += by > 0;
            down += by < 0;
            next += fabs(by) == 1;
        }
        assert_int_equal(up + down, 300);
        assert_true(starts[s] == 1 ? down == 0 : starts[s] == 8 ? up == 0 : up > 100 && down > 100);
        assert_true(next > 60); /* steps of one are the most frequent ones */
        space_clear(&space);
    }
}

static void perturb_moves_by_a_whole_step_in_the_direction_drawn(void **state)
{
    struct space space = {0};
    struct value config[1];
    int up = 0;
    (void)state;

    /* Half of the draws (sd 0.25) stay within the middle third: they become one step. */
    add_number(&space, "layers", "int_uniform", 1, 3, 0, 2);
    for (uint64_t k = 0; k < 400; k++) {
        propose_first(config, strategy_find("perturb"), &space, 1, k);
        assert_true(config[0].number != 2);
        up += config[0].number == 3;
    }
    assert_in_range(up, 160, 240); /* Binomial(400, 1/2): sd 10 */
    space_clear(&space);
}

static void perturb_is_thrown_back_by_the_ends_of_a_range(void **state)
{
    struct space space = {0};
    struct value config[1];
    int above = 0;
    (void)state;

    add_number(&space, "x", "uniform", 0, 1, 0, 0.95);
    for (uint64_t k = 0; k < 300; k++) {
        propose_first(config, strategy_find("perturb"), &space, 1, k);
        assert_true(config[0].number > 0 && config[0].number < 1);
        above += config[0].number > 0.95;
    }
    /* Above 0.95 end steps of 0 to 0.1: by the normal law with sd 0.25, 0.155 of them; sd 6.3. */
    assert_in_range(above, 22, 72);
    space_clear(&space);
}

static void perturb_takes_every_other_choice_alike(void **state)
{
    struct space space = {0};
    struct value config[1];
    int count[4] = {0};
    (void)state;

    add_choice(&space, "optimizer", "adamw muon sgd lion");
    for (uint64_t k = 0; k < 900; k++) {
        propose_first(config, strategy_find("perturb"), &space, 1, k);
        for (int i = 0; i < 4; i++)
            count[i] += value_same(&config[0], &space.params[0].values[i]);
    }
    assert_int_equal(count[0], 0);
    for (int i = 1; i < 4; i++)
        assert_true(abs(count[i] - 300) < 60); /* Binomial(900, 1/3): sd 14 */
    space_clear(&space);
}

/* From 64, at step 0.25 of the six of 16 … 512: mostly to 32 and 128, and never to 64 again. */
static void perturb_moves_powers_of_two_by_their_exponents(void **state)
{
    struct space space = {0};
    struct value config[1];
    int count[6] = {0};
    (void)state;

    add_number(&space, "batch", "power_of_two", 16, 512, 0, 64);
    for (uint64_t k = 0; k < 900; k++) {
        propose_first(config, strategy_find("perturb"), &space, 1, k);
        count[(int)log2(config[0].number) - 4]++;
    }
    assert_int_equal(count[2], 0);
    assert_true(count[1] > 2 * count[0] && count[3] > 2 * count[4] && count[4] > count[5]);
    assert_true(count[0] > 0 && count[5] > 0);
    space_clear(&space);
}

/* The order is that of the list, whatever the values are. */
static void perturb_moves_ordinals_to_their_neighbours(void **state)
{
    static const char *const outcomes =
        "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
        "rrrrrrrrrr"; /* the step is at its least, 0.05 */
    struct space space = {0};
    struct value config[2];
    struct journal journal;
    int count[9] = {0};
    (void)state;

    add_ordinal(&space, "size", "i g e c a b d f h")->start.text = "a";
    add_number(&space, "x", "int_uniform", 0, 1000, 0, 0);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    for (size_t i = 0; outcomes[i] != '\0'; i++) {
        config[0] = space.params[0].start;
        config[1] = number_value((double)i + 1);
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
    }
    assert_true(perturb_step(&space, &journal.history) == PERTURB_STEP_MIN);
    for (uint64_t k = 0; k < 400; k++) {
        struct err err = {0};
        assert_int_equal(strategy_propose(config, strategy_find("perturb"), &space,
                                          &journal.history, 1, k, &err),
                         0);
        count[(int)param_level(&space.params[0], &config[0])]++;
    }
    assert_true(count[3] > 80 &&
                count[5] > 80); /* c and b, next to a; half of 400 leave it alone */
    assert_int_equal(count[0] + count[1] + count[7] + count[8], 0);
    journal_clear(&journal);
    space_clear(&space);
}

static void autoane_takes_every_power_of_two_alike(void **state)
{
    struct space space = {0};
    struct value config[1];
    int count[4] = {0};
    (void)state;

    add_number(&space, "seq", "power_of_two", 64, 512, 0, 128);
    for (uint64_t k = 0; k < 900; k++) {
        propose_first(config, strategy_find("autoane"), &space, 1, k);
        count[(int)log2(config[0].number) - 6]++;
    }
    assert_int_equal(count[1], 0);
    for (int i = 0; i < 4; i++)
        assert_true(i == 1 || abs(count[i] - 300) < 60); /* Binomial(900, 1/3): sd 14 */
    space_clear(&space);
}

static void perturb_starts_an_activated_parameter_at_its_start(void **state)
{
    struct space space;
    struct value config[7];
    int switched = 0;
    (void)state;

    fill_mixed_space(&space);
    space.params[5].start = number_value(0.0123456789); /* more digits than decoding keeps */
    for (uint64_t k = 0; k < 300; k++) {
        propose_first(config, strategy_find("perturb"), &space, 1, k);
        if (config[5].type == VALUE_NONE)
            continue;
        switched++;
        assert_string_equal(config[4].text, "muon");
        assert_true(config[5].number == 0.0123456789);
    }
    assert_true(switched > 10);
    space_clear(&space);
}

static void perturb_leaves_the_head_s_spelling_alone(void **state)
{
    struct space space = {0};
    struct journal journal;
    struct value head[2] = {number_value(0.00031415926535897931), number_value(0.123456789012)};
    struct value config[2];
    (void)state;

    add_number(&space, "lr", "log_uniform_values", 1e-4, 1e-2, 0, 6e-4);
    add_number(&space, "decay", "uniform", 0, 1, 0, 0.1);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    journal_add(&journal, head, OUTCOME_KEEP, NAN);
    for (int k = 0; k < 50; k++) {
        assert_int_equal(ask_next(config, strategy_find("perturb"), &journal, 1), 0);
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
        size_t changes = count_changes(&space, head, config);
        assert_in_range(changes, 1, 2);
        if (changes == 1)
            assert_true(value_same(&config[0], &head[0]) != value_same(&config[1], &head[1]));
    }
    journal_clear(&journal);
    space_clear(&space);
}

static void perturb_reaches_all_of_a_long_range(void **state)
{
    struct space space = {0};
    struct journal journal;
    struct value config[1];
    (void)state;

    add_number(&space, "warmup", "int_uniform", 1, 60, 0, 1);
    journal_init(&journal, &space);
    journal_add_start(&journal);
    while (ask_next(config, strategy_find("perturb"), &journal, 1) == 0)
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
    assert_int_equal(journal.history.n, 60);
    journal_clear(&journal);
    space_clear(&space);
}

static void perturb_changes_more_once_its_neighbourhood_is_used_up(void **state)
{
    struct space space = {0};
    struct journal journal;
    struct value config[20];
    (void)state;

    /* 2^20 configs; 1 + 20 + 190 of them are within two changes of the head, which never moves. */
    for (int i = 0; i < 20; i++) {
        char name[] = {'b', (char)('a' + i), '\0'};
        add_choice(&space, name, "true false");
    }
    journal_init(&journal, &space);
    journal_add_start(&journal);
    while (journal.history.n < 300) {
        assert_int_equal(ask_next(config, strategy_find("perturb"), &journal, 1), 0);
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
    }
    journal_clear(&journal);
    space_clear(&space);
}

static void no_config_of_a_small_space_is_forgotten(void **state)
{
    static const char *const names[] = {"perturb", "random", "sobol"};
    (void)state;

    for (size_t s = 0; s < 3; s++) {
        struct space space = {0};
        struct journal journal;
        struct value config[5];
        add_number(&space, "warmup", "int_uniform", 1, 10, 0, 5);
        add_choice(&space, "a", "true false");
        add_choice(&space, "b", "true false");
        add_choice(&space, "c", "x y z");
        add_number(&space, "dim", "q_log_uniform_values", 64, 256, 64, 64);
        add_constraint(&space, "dim != 192");
        journal_init(&journal, &space);
        journal_add_start(&journal);
        while (ask_next(config, strategy_find(names[s]), &journal, 1) == 0)
            journal_add(&journal, config, OUTCOME_REVERT, NAN);
        assert_int_equal(journal.history.n, 10 * 2 * 2 * 3 * 3);
        journal_clear(&journal);
        space_clear(&space);
    }
}

static double ellipsoid(const struct space *space, const struct value *config)
{
    double sum = 0;

    for (size_t i = 0; i < space->n; i++) {
        double away = param_encode(&space->params[i], &config[i]) - 0.3;
        sum += (i % 2 == 0 ? 4 : 1) * away * away;
    }
    return sum;
}

static double best_of_study(const char *strategy, uint64_t seed)
{
    struct space space = {0};
    struct journal journal;
    struct value config[6];

    for (int i = 0; i < 6; i++) {
        char name[] = {'x', (char)('0' + i), '\0'};
        add_number(&space, name, "uniform", 0, 1, 0, 0.8);
    }
    journal_init(&journal, &space);
    journal_add_start(&journal);
    double best = ellipsoid(&space, journal.past[0].config);
    while (journal.history.n < 100) {
        assert_int_equal(ask_next(config, strategy_find(strategy), &journal, seed), 0);
        double loss = ellipsoid(&space, config);
        journal_add(&journal, config, loss < best ? OUTCOME_KEEP : OUTCOME_REVERT, loss);
        best = fmin(best, loss);
    }
    journal_clear(&journal);
    space_clear(&space);
    return best;
}

static void perturb_is_far_better_than_random_on_a_smooth_bowl(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++)
        assert_true(best_of_study("perturb", seed) < 0.5 * best_of_study("random", seed));
}

/* --- autoane ---------------------------------------------------------------------------------- */

/* The one parameter's value after proposal k, k = 0 … n - 1, from a fresh baseline each time. */
static double *autoane_moves(const struct space *space, size_t n)
{
    double *to = mem_new(n, sizeof *to);
    struct value config[1];

    for (uint64_t k = 0; k < n; k++) {
        propose_first(config, strategy_find("autoane"), space, 1, k);
        to[k] = config[0].number;
    }
    return to;
}

static void autoane_changes_one_parameter_three_times_in_four(void **state)
{
    enum { PROPOSALS = 2000 };
    struct space space = {0};
    struct value start[4], config[4];
    size_t count[5] = {0};
    (void)state;

    for (int i = 0; i < 4; i++) {
        char name[] = {'a', (char)('0' + i), '\0'};
        add_number(&space, name, "uniform", 0, 1, 0, 0.5);
    }
    space_start(start, &space);
    for (uint64_t k = 0; k < PROPOSALS; k++) {
        propose_first(config, strategy_find("autoane"), &space, 1, k);
        count[count_changes(&space, start, config)]++;
    }
    assert_true(fabs((double)count[1] - 1500) < 80); /* Binomial(2000, 3/4): sd 19 */
    assert_int_equal(count[1] + count[2], PROPOSALS);
    space_clear(&space);
}

static void autoane_steps_by_fifteen_hundredths_of_a_range_or_of_its_logarithm(void **state)
{
    enum { PROPOSALS = 2000 };
    static const char *const names[] = {"uniform", "log_uniform_values"};
    (void)state;

    for (size_t d = 0; d < 2; d++) {
        struct space space = {0};
        add_number(&space, "lr", names[d], 1, 100, 0, d == 0 ? 50.5 : 10);
        double *to = autoane_moves(&space, PROPOSALS), sum = 0, squares = 0;
        for (size_t k = 0; k < PROPOSALS; k++) {
            struct value value = number_value(to[k]);
            double by = param_encode(&space.params[0], &value) - 0.5;
            sum += by;
            squares += by * by;
        }
        /* Four standard errors; the ends cut off 0.09 % of the draws. */
        assert_true(fabs(sum / PROPOSALS) < 4 * 0.15 / sqrt(PROPOSALS));
        assert_true(fabs(sqrt(squares / PROPOSALS) - 0.15) < 4 * 0.15 / sqrt(2.0 * PROPOSALS));
        free(to);
        space_clear(&space);
    }
}

static void autoane_sticks_to_the_end_of_a_continuous_range(void **state)
{
    struct space space = {0};
    size_t at_end = 0;
    (void)state;

    add_number(&space, "beta2", "uniform", 0, 1, 0, 0.9);
    double *to = autoane_moves(&space, 1000);
    for (size_t k = 0; k < 1000; k++)
        at_end += to[k] == 1;
    /* P(0.15 z > 0.1) = 0.2525: sd 14, four of them */
    assert_in_range(at_end, 197, 308);
    free(to);
    space_clear(&space);
}

/* The forerunner's own ranges, with the reach that it had in each. */
static void autoane_reaches_a_fifth_of_a_stepped_range_and_every_place_alike(void **state)
{
    static const struct {
        const char *distribution;
        double min, max, q, start;
        int reach;
    } rows[] = {
        {"int_uniform", 5, 20, 0, 10, 3},
        {"int_uniform", 25, 200, 0, 100, 35},
        {"int_uniform", 2, 8, 0, 4, 1},
        {"q_uniform", 256, 768, 64, 512, 1},
        {"q_uniform", 704, 2048, 64, 1408, 4},
        {"int_uniform", 2, 8, 0, 2, 1},
        {"q_log_uniform_values", 2, 32, 2, 16, 3},
    };
    enum { EACH = 300 };
    (void)state;

    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct space space = {0};
        add_number(&space, "x", rows[r].distribution, rows[r].min, rows[r].max, rows[r].q,
                   rows[r].start);
        double step = rows[r].q > 0 ? rows[r].q : 1;
        size_t places =
            rows[r].start == rows[r].min ? (size_t)rows[r].reach : 2 * (size_t)rows[r].reach;
        size_t n = EACH * places, count[71] = {0};
        double *to = autoane_moves(&space, n);
        for (size_t k = 0; k < n; k++) {
            double by = round((to[k] - rows[r].start) / step);
            assert_true(by != 0 && fabs(by) <= rows[r].reach);
            count[(int)by + rows[r].reach]++;
        }
        for (int by = -rows[r].reach; by <= rows[r].reach; by++)
            if (by != 0 && rows[r].start + by * step >= rows[r].min)
                assert_in_range(count[by + rows[r].reach], EACH - 85, EACH + 85); /* sd below 18 */
        free(to);
        space_clear(&space);
    }
}

static void autoane_takes_every_other_choice_alike(void **state)
{
    struct space space = {0};
    int count[4] = {0};
    (void)state;

    add_choice(&space, "seq", "128 64 256 512");
    double *to = autoane_moves(&space, 900);
    for (size_t k = 0; k < 900; k++)
        for (int i = 0; i < 4; i++)
            count[i] += to[k] == space.params[0].values[i].number;
    assert_int_equal(count[0], 0);
    for (int i = 1; i < 4; i++)
        assert_true(abs(count[i] - 300) < 60); /* Binomial(900, 1/3): sd 14 */
    free(to);
    space_clear(&space);
}

static void autoane_ends_where_all_within_reach_was_tried(void **state)
{
    struct space space = {0};
    struct journal journal;
    struct value config[20];
    (void)state;

    /* 2^20 configs, 1 + 20 + 190 of them within reach of a head that never moves. */
    for (int i = 0; i < 20; i++) {
        char name[] = {'b', (char)('a' + i), '\0'};
        add_choice(&space, name, "true false");
    }
    journal_init(&journal, &space);
    journal_add_start(&journal);
    while (ask_next(config, strategy_find("autoane"), &journal, 1) == 0)
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
    assert_in_range(journal.history.n, 180, 211); /* the last few may be missed by 1,000 draws */
    journal_clear(&journal);
    space_clear(&space);
}

/* --- sobol ------------------------------------------------------------------------------------ */

/*
 * Points 1 … 63 of a digitally shifted Sobol sequence lie in 63 different cells of width 1/64 in
 * every coordinate - if and only if the shift is the same for all of them.
 */
static void check_sobol_cells(uint64_t seed, double *first)
{
    struct space space = {0};
    struct journal journal;
    struct value config[3];
    int count[3][64] = {0};

    for (int i = 0; i < 3; i++) {
        char name[] = {'x', (char)('0' + i), '\0'};
        add_number(&space, name, "uniform", 0, 1, 0, 0.5);
    }
    journal_init(&journal, &space);
    journal_add_start(&journal);
    for (int k = 0; k < 63; k++) {
        assert_int_equal(ask_next(config, strategy_find("sobol"), &journal, seed), 0);
        for (int i = 0; i < 3; i++)
            assert_int_equal(count[i][(int)fmin(63, config[i].number * 64)]++, 0);
        if (k == 0)
            *first = config[0].number;
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
    }
    journal_clear(&journal);
    space_clear(&space);
}

static void sobol_fills_every_cell_once_and_its_shift_follows_the_seed(void **state)
{
    double first[2];
    (void)state;

    check_sobol_cells(1, &first[0]);
    check_sobol_cells(2, &first[1]);
    assert_true(first[0] != first[1]);
}

/* The first p points of a coordinate in base p lie in p different cells; p is the 45th prime. */
static void every_halton_coordinate_fills_its_cells_once(void **state)
{
    enum { DIMENSIONS = 45, LARGEST = 197 };
    struct halton halton;
    double point[DIMENSIONS];
    (void)state;

    halton_init(&halton, DIMENSIONS, 1);
    assert_int_equal(halton.axes[DIMENSIONS - 1].prime, LARGEST);
    for (size_t i = 0; i < DIMENSIONS; i++) {
        int count[LARGEST] = {0};
        unsigned prime = halton.axes[i].prime;
        for (unsigned k = 0; k < prime; k++) {
            halton_point(point, &halton, k);
            assert_true(point[i] >= 0 && point[i] < 1);
            count[(unsigned)(point[i] * prime)]++;
        }
        for (unsigned c = 0; c < prime; c++)
            assert_int_equal(count[c], 1);
    }
    halton_clear(&halton);
}

static void halton_coordinates_of_large_bases_do_not_run_together(void **state)
{
    enum { DIMENSIONS = 60, POINTS = 100 };
    struct halton halton;
    double point[DIMENSIONS], sum = 0;
    (void)state;

    /* The plain sequence has a correlation near 1 here; of 100 independent pairs, an sd of 0.1. */
    halton_init(&halton, DIMENSIONS, 1);
    for (uint64_t k = 1; k <= POINTS; k++) {
        halton_point(point, &halton, k);
        sum += (point[58] - 0.5) * (point[59] - 0.5) * 12;
    }
    assert_true(fabs(sum / POINTS) < 0.35);
    halton_clear(&halton);
}

static void sobol_beyond_forty_parameters_is_still_even(void **state)
{
    struct space space = {0};
    struct journal journal;
    struct value config[45];
    double sum[45] = {0}, squares = 0;
    char name[16];
    (void)state;

    for (int i = 0; i < 45; i++) {
        snprintf(name, sizeof name, "x%d", i);
        add_number(&space, name, "uniform", 0, 1, 0, 0.5);
    }
    journal_init(&journal, &space);
    journal_add_start(&journal);
    for (int k = 0; k < 200; k++) {
        assert_int_equal(ask_next(config, strategy_find("sobol"), &journal, 1), 0);
        for (int i = 0; i < 45; i++)
            sum[i] += config[i].number;
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
    }
    for (int i = 0; i < 45; i++)
        squares += pow(sum[i] / 200 - 0.5, 2) / 45;
    assert_true(sqrt(squares) < 0.7 * sqrt(1.0 / 12 / 200)); /* of what chance would give */
    journal_clear(&journal);
    space_clear(&space);
}

static void sobol_passes_over_what_is_forbidden(void **state)
{
    struct space space = {0};
    struct journal journal;
    struct value config[2];
    (void)state;

    add_number(&space, "x", "uniform", 0, 1, 0, 0.01);
    add_number(&space, "y", "uniform", 0, 1, 0, 0.01);
    add_constraint(&space, "x * y < 0.001");
    journal_init(&journal, &space);
    journal_add_start(&journal);
    for (int k = 0; k < 50; k++) {
        assert_int_equal(ask_next(config, strategy_find("sobol"), &journal, 1), 0);
        assert_settled(&space, config);
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
    }
    journal_clear(&journal);
    space_clear(&space);
}

/* --- grid ------------------------------------------------------------------------------------- */

/* All that the grid proposes, "a b c; …", after a baseline. */
static char *walk_grid(const struct space *space)
{
    struct value *config = mem_new(space->n, sizeof *config);
    struct journal journal;
    struct str out = {NULL, 0};

    journal_init(&journal, space);
    journal_add_start(&journal);
    while (ask_next(config, strategy_find("grid"), &journal, 1) == 0) {
        for (size_t i = 0; i < space->n; i++) {
            str_add(&out, i == 0 ? "" : " ");
            value_print(&out, &config[i]);
        }
        str_add(&out, "; ");
        journal_add(&journal, config, OUTCOME_REVERT, NAN);
    }
    journal_clear(&journal);
    free(config);
    return str_take(&out);
}

static void grid_walks_in_order_the_first_parameter_slowest(void **state)
{
    struct space space = {0};
    (void)state;

    add_choice(&space, "optimizer", "adamw muon");
    add_choice(&space, "tokens", "7");
    add_number(&space, "dim", "q_uniform", 64, 192, 64, 128);
    char *walk = walk_grid(&space);
    assert_string_equal(walk, "adamw 7 64; adamw 7 192; muon 7 64; muon 7 128; muon 7 192; ");
    free(walk);
    space_clear(&space);
}

static void grid_takes_every_step_and_refuses_a_range_without(void **state)
{
    struct space space = {0};
    struct err err = {0};
    (void)state;

    add_number(&space, "batch", "power_of_two", 3, 70, 0, 8);
    char *walk = walk_grid(&space);
    assert_string_equal(walk, "4; 16; 32; 64; ");
    free(walk);
    space_clear(&space);

    add_number(&space, "layers", "int_log_uniform_values", 1, 12, 0, 2);
    walk = walk_grid(&space);
    assert_string_equal(walk, "1; 3; 4; 5; 6; 7; 8; 9; 10; 11; 12; ");
    free(walk);
    assert_int_equal(strategy_serves(strategy_find("grid"), &space, &err), 0);

    add_number(&space, "lr", "log_uniform_values", 1e-4, 1, 0, 0.5);
    assert_int_equal(strategy_serves(strategy_find("grid"), &space, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_string_equal(err.text,
                        "strategy 'grid' cannot search this space: 'lr' is a range without steps, "
                        "of which it cannot try all values; give the parameter `values` or a step "
                        "`q`, or use sobol");
    space_clear(&space);
}

static void grid_proposes_an_inactive_combination_once(void **state)
{
    struct space space = {0};
    (void)state;

    add_choice(&space, "optimizer", "adamw muon");
    add_number(&space, "momentum", "int_uniform", 1, 2, 0, 1);
    only_when(&space, "optimizer", "muon");
    char *walk = walk_grid(&space); /* "adamw -" is the baseline */
    assert_string_equal(walk, "muon 1; muon 2; ");
    free(walk);
    space_clear(&space);
}

static void grid_says_so_where_the_constraints_forbid_everything(void **state)
{
    struct space space = {0};
    struct journal journal;
    struct value config[9];
    struct err err = {0};
    (void)state;

    for (int i = 0; i < 9; i++) {
        char name[] = {'x', (char)('0' + i), '\0'};
        add_number(&space, name, "q_uniform", 0, 1, 0.1, 0.5);
    }
    add_constraint(&space, "x0 > 2");
    journal_init(&journal, &space);
    journal_add_start(&journal);
    int rc = strategy_propose(config, strategy_find("grid"), &space, &journal.history, 1, 1, &err);
    assert_int_equal(rc, -1);
    assert_string_equal(err.text, "strategy 'grid': 262144 points in a row break the constraints");
    rc = strategy_propose(config, strategy_find("random"), &space, &journal.history, 1, 1, &err);
    assert_int_equal(rc, 1);
    journal_clear(&journal);
    space_clear(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gsl_draws_from_the_named_stream_and_moves_it_on),
        cmocka_unit_test(gaussian_draws_have_the_right_moments),
        cmocka_unit_test(another_seed_or_another_number_gives_another_proposal),
        cmocka_unit_test(the_step_grows_with_success_and_shrinks_without),
        cmocka_unit_test(one_success_in_five_leaves_the_step_as_it_is),
        cmocka_unit_test(what_is_pending_and_copies_of_the_head_do_not_move_the_step),
        cmocka_unit_test(perturb_changes_one_parameter_or_two_and_no_constant),
        cmocka_unit_test(perturb_moves_whole_numbers_both_ways_and_inwards_at_the_ends),
        cmocka_unit_test(perturb_moves_by_a_whole_step_in_the_direction_drawn),
        cmocka_unit_test(perturb_is_thrown_back_by_the_ends_of_a_range),
        cmocka_unit_test(perturb_takes_every_other_choice_alike),
        cmocka_unit_test(perturb_moves_powers_of_two_by_their_exponents),
        cmocka_unit_test(perturb_moves_ordinals_to_their_neighbours),
        cmocka_unit_test(autoane_takes_every_power_of_two_alike),
        cmocka_unit_test(perturb_starts_an_activated_parameter_at_its_start),
        cmocka_unit_test(perturb_leaves_the_head_s_spelling_alone),
        cmocka_unit_test(perturb_reaches_all_of_a_long_range),
        cmocka_unit_test(perturb_changes_more_once_its_neighbourhood_is_used_up),
        cmocka_unit_test(no_config_of_a_small_space_is_forgotten),
        cmocka_unit_test(perturb_is_far_better_than_random_on_a_smooth_bowl),
        cmocka_unit_test(autoane_changes_one_parameter_three_times_in_four),
        cmocka_unit_test(autoane_steps_by_fifteen_hundredths_of_a_range_or_of_its_logarithm),
        cmocka_unit_test(autoane_sticks_to_the_end_of_a_continuous_range),
        cmocka_unit_test(autoane_reaches_a_fifth_of_a_stepped_range_and_every_place_alike),
        cmocka_unit_test(autoane_takes_every_other_choice_alike),
        cmocka_unit_test(autoane_ends_where_all_within_reach_was_tried),
        cmocka_unit_test(sobol_fills_every_cell_once_and_its_shift_follows_the_seed),
        cmocka_unit_test(every_halton_coordinate_fills_its_cells_once),
        cmocka_unit_test(halton_coordinates_of_large_bases_do_not_run_together),
        cmocka_unit_test(sobol_beyond_forty_parameters_is_still_even),
        cmocka_unit_test(sobol_passes_over_what_is_forbidden),
        cmocka_unit_test(grid_walks_in_order_the_first_parameter_slowest),
        cmocka_unit_test(grid_takes_every_step_and_refuses_a_range_without),
        cmocka_unit_test(grid_proposes_an_inactive_combination_once),
        cmocka_unit_test(grid_says_so_where_the_constraints_forbid_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
