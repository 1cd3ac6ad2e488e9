/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The strategy `tpe`.
 */
#include "search_problems.h"

static const struct strategy *tpe(void)
{
    return strategy_find("tpe");
}

/* Margin: at most 0.8 of the regret of `random` after 50 runs and after 100, in the median of 21
 * seeds, on every problem. */
static void tpe_leaves_less_regret_than_random(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROBLEMS; i++)
        assert_beats_random(&problems[i], tpe(), 21, 0.8, 0.8);
}

static void tpe_answers_the_same_twice(void **state)
{
    (void)state;
    assert_answers_the_same_twice(tpe());
}

static void tpe_copes_with_odd_losses(void **state)
{
    (void)state;
    assert_copes_with_odd_losses(tpe());
}

/* An empty history on the line from 0 to 1. */
static void begin_line(struct space *space, struct journal *journal)
{
    fill_cube(space, 1, 0.5);
    journal_init(journal, space);
}

static void end_line(struct space *space, struct journal *journal)
{
    journal_clear(journal);
    space_clear(space);
}

/* Losses of 0 about 0.25 and of 1 elsewhere; `odd` are of the outcome given. */
static void fill_halves(struct journal *journal, enum outcome odd)
{
    struct value config[1];

    for (int k = 0; k < 40; k++) {
        double x = (k + 0.5) / 40, away = fabs(x - 0.25);
        config[0] = number_value(x);
        journal_add(journal, config, away < 0.1 ? odd : OUTCOME_REVERT, away < 0.1 ? 0 : 1 + x);
    }
}

/* How many of 30 proposals, each from the same history, are within 0.1 of 0.25. */
static int count_near(const struct journal *journal)
{
    struct value config[1];
    struct err err = {0};
    int near = 0;

    for (uint64_t k = 0; k < 30; k++) {
        assert_int_equal(
            strategy_propose(config, tpe(), journal->space, &journal->history, 1, k, &err), 0);
        near += fabs(config[0].number - 0.25) < 0.1;
    }
    return near;
}

static void tpe_goes_where_losses_are_low_and_not_where_runs_fail_or_are_pending(void **state)
{
    static const enum outcome outcomes[] = {OUTCOME_REVERT, OUTCOME_FAILED, OUTCOME_PENDING};
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        struct space space;
        struct journal journal;
        begin_line(&space, &journal);
        fill_halves(&journal, outcomes[i]);
        int near = count_near(&journal); /* chance: 6 */
        if (outcomes[i] == OUTCOME_REVERT)
            assert_in_range(near, 25, 30);
        else
            assert_in_range(near, 0, 3);
        end_line(&space, &journal);
    }
}

static void tpe_does_not_fall_for_a_lucky_run(void **state)
{
    struct space space;
    struct journal journal;
    struct value config[1];
    (void)state;

    /* Around 0.75 four single runs of -0.5 with an error of 3, around 0.25 sure losses of 0. */
    begin_line(&space, &journal);
    fill_halves(&journal, OUTCOME_REVERT);
    for (int k = 0; k < 40; k++)
        journal.past[k].loss_se = 0.01;
    for (int k = 0; k < 4; k++) {
        config[0] = number_value(0.74 + 0.005 * k);
        journal_add(&journal, config, OUTCOME_REVERT, -0.5);
        journal.past[40 + k].loss_se = 3;
    }
    assert_in_range(count_near(&journal), 20, 30);
    end_line(&space, &journal);
}

static void tpe_does_not_crowd_while_experiments_are_pending(void **state)
{
    (void)state;
    assert_true(least_gap_of_pending(tpe(), 40, 8) > 0.02);
}

/* Its proposals for ten seeds, from 5,000 experiments. */
static void ask_ten(double out[10], const struct journal *journal)
{
    struct value config[1];

    for (uint64_t k = 0; k < 10; k++) {
        assert_int_equal(ask_next(config, tpe(), journal, k), 0);
        out[k] = config[0].number;
    }
}

/* Of the 4,000 before the newest thousand the first 50 of each 200 are looked at. */
static void of_thousands_stretches_and_the_head_have_a_say(void **state)
{
    static const size_t seen[] = {0, 49, 200, 3849, 4000, 4999}, unseen[] = {50, 199, 3999};
    double plain[10], other[10];
    struct space space;
    struct journal journal;
    struct value config[1];
    (void)state;

    begin_line(&space, &journal);
    for (int k = 0; k < 5000; k++) {
        config[0] = number_value(fmod(0.6180339887498949 * (k + 1), 1));
        journal_add(&journal, config, OUTCOME_REVERT, 1 + fabs(config[0].number - 0.3));
    }
    ask_ten(plain, &journal);
    for (size_t i = 0; i < 9; i++) {
        struct past *past = &journal.past[i < 6 ? seen[i] : unseen[i - 6]], kept = *past;
        past->loss = -100;
        ask_ten(other, &journal);
        assert_int_equal(memcmp(plain, other, sizeof plain) != 0, i < 6);
        *past = kept;
    }
    journal.history.head = 50;
    journal.past[50].loss = -100;
    ask_ten(other, &journal);
    assert_memory_not_equal(plain, other, sizeof plain);
    end_line(&space, &journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tpe_leaves_less_regret_than_random),
        cmocka_unit_test(tpe_answers_the_same_twice),
        cmocka_unit_test(tpe_copes_with_odd_losses),
        cmocka_unit_test(tpe_goes_where_losses_are_low_and_not_where_runs_fail_or_are_pending),
        cmocka_unit_test(tpe_does_not_fall_for_a_lucky_run),
        cmocka_unit_test(of_thousands_stretches_and_the_head_have_a_say),
        cmocka_unit_test(tpe_does_not_crowd_while_experiments_are_pending),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
