/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Speeds: what is usual, what is odd, and what the gate does about it. */
#include "record_fixture.h"

#include "check.h"
#include "gate.h"
#include "needs.h"
#include "pace.h"
#include "stream.h"
#include "uneven.h"

/* --- pace.h --------------------------------------------------------------------------------- */

static void the_usual_speed_is_a_median_with_a_robust_sd(void **state)
{
    double rate[] = {10, 12, NAN, 11, -1, 13, 1000};
    struct pace pace;

    (void)state;
    pace_measure(&pace, rate, 7); /* 10 11 12 13 1000: deviations 2 1 0 1 988, median 1 */
    assert_int_equal(pace.n, 5);
    assert_close(pace.median, 12, 0, 1e-12);
    assert_close(pace.sd, 1.4826, 0, 1e-12);
    assert_false(pace_is_odd(&pace, 12 + 3 * 1.4826 - 1e-9));
    assert_true(pace_is_odd(&pace, 12 + 3 * 1.4826 + 1e-9));
    assert_true(pace_is_odd(&pace, 12 - 3 * 1.4826 - 1e-9));
    assert_false(pace_is_odd(&pace, NAN));
}

static void an_even_number_of_speeds_has_the_mean_of_the_middle_two(void **state)
{
    double rate[] = {4, 1, 2, 3};
    struct pace pace;

    (void)state;
    pace_measure(&pace, rate, 4);
    assert_close(pace.median, 2.5, 0, 1e-12);
    assert_close(pace.sd, 1.4826, 0, 1e-12); /* 1.5 0.5 0.5 1.5 */
}

static void equal_speeds_leave_a_hundredth_of_room(void **state)
{
    double rate[] = {100, 100, 100, 100, 100};
    struct pace pace;

    (void)state;
    pace_measure(&pace, rate, 5);
    assert_close(pace.sd, 1, 0, 1e-12);
    assert_false(pace_is_odd(&pace, 102.9));
    assert_true(pace_is_odd(&pace, 103.1));
    assert_true(pace_is_odd(&pace, 96.9));
}

static void four_speeds_call_nothing_odd(void **state)
{
    double rate[] = {100, 100, 100, 100};
    struct pace pace;

    (void)state;
    pace_measure(&pace, rate, 4);
    assert_false(pace_is_odd(&pace, 1));
    pace_measure(&pace, rate, 0);
    assert_int_equal(pace.n, 0);
    assert_false(pace_is_odd(&pace, 1));
}

/* --- gate.h --------------------------------------------------------------------------------- */

static const char timed_study[] = "name: clock\n"
                                  "metric: {name: val_loss, goal: minimize}\n"
                                  "trainer: {command: [train, \"{config}\"]}\n"
                                  "parameters:\n"
                                  "  lr: {min: 0.0, max: 1.0, start: 0.5}\n"
                                  "budget: time\n";

/* A run that did `steps` steps in two seconds for `cost` FLOPs each; returned as recorded. */
static struct run *ran(struct night *night, int64_t experiment, uint32_t seed, int64_t steps,
                       double cost)
{
    struct record *record = &night->record;

    night_run(night, experiment, seed, CLASS_OK, 3.0, NULL);
    struct run *run = &record->runs[record->n_runs - 1];
    run->steps = steps;
    run->flops = (double)steps * cost;
    return run;
}

/* The baseline on `n` seeds at 50, 51, 52 … steps a second, and two proposals beside it. */
static void begin_timed(struct night *night, const char *text, size_t n)
{
    night_begin(night, text);
    night_propose(night, 0, "");
    for (size_t i = 0; i < n; i++)
        ran(night, 1, (uint32_t)i + 1, 100 + 2 * (int64_t)i, 1000);
    night_propose(night, 1, "lr=0.25");
    night_propose(night, 1, "lr=0.75");
}

static enum run_class pass(struct night *night, struct run *run)
{
    struct stream stream = {0};
    struct err err = {0};

    assert_int_equal(gate_pass(run, &night->record, night->store, &stream, &err), 0);
    return run->class;
}

static void a_run_of_odd_speed_is_no_result_and_says_why(void **state)
{
    struct night night;

    (void)state;
    begin_timed(&night, timed_study, 6);
    struct run *run = ran(&night, 1, 7, 20, 1000);
    assert_int_equal(pass(&night, run), CLASS_INTERRUPTED);
    assert_true(isnan(run->value));
    assert_true(run_is_uneven(run));
    assert_false(run_is_final(run));
    assert_string_equal(run->detail, "uneven speed: 10 steps/s, where 52.5 ± 2.2 is usual (6 "
                                     "runs); run again");
    night_end(&night);
}

static void a_run_of_the_usual_speed_passes(void **state)
{
    struct night night;

    (void)state;
    begin_timed(&night, timed_study, 6);
    assert_int_equal(pass(&night, ran(&night, 1, 7, 108, 1000)), CLASS_OK);
    night_end(&night);
}

static void another_config_is_compared_where_its_steps_cost_the_same(void **state)
{
    struct night night;

    (void)state;
    begin_timed(&night, timed_study, 6);
    assert_int_equal(pass(&night, ran(&night, 2, 1, 20, 1000)), CLASS_INTERRUPTED);
    assert_int_equal(pass(&night, ran(&night, 3, 1, 20, 5000)), CLASS_OK);
    assert_int_equal(pass(&night, ran(&night, 3, 2, 20, NAN)), CLASS_OK);
    night_end(&night);
}

static void fewer_than_five_of_its_like_say_nothing(void **state)
{
    struct night night;

    (void)state;
    begin_timed(&night, timed_study, 4);
    assert_int_equal(pass(&night, ran(&night, 1, 7, 20, 1000)), CLASS_OK);
    night_end(&night);
}

static void after_two_repetitions_a_run_counts_as_it_is(void **state)
{
    struct night night;

    (void)state;
    begin_timed(&night, timed_study, 6);
    for (size_t i = 1; i <= GATE_AGAIN; i++) {
        assert_int_equal(pass(&night, ran(&night, 1, 7, 20, 1000)), CLASS_INTERRUPTED);
        assert_int_equal(uneven_count(&night.record, NULL), i);
    }
    assert_int_equal(pass(&night, ran(&night, 1, 7, 20, 1000)), CLASS_OK);
    assert_int_equal(pass(&night, ran(&night, 1, 8, 20, 1000)), CLASS_INTERRUPTED);
    night_end(&night);
}

static void without_a_time_budget_speed_changes_nothing(void **state)
{
    struct night night;
    char *text =
        mem_printf("%.*s", (int)(sizeof timed_study - sizeof "budget: time\n"), timed_study);

    (void)state;
    begin_timed(&night, text, 6);
    assert_int_equal(pass(&night, ran(&night, 1, 7, 20, 1000)), CLASS_OK);
    night_end(&night);
    free(text);
}

static void a_run_that_was_lost_is_not_taken_for_an_uneven_one(void **state)
{
    struct run run = {.class = CLASS_INTERRUPTED};

    (void)state;
    assert_false(run_is_uneven(&run));
    run.detail = mem_strdup("killed");
    assert_false(run_is_uneven(&run));
    free(run.detail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_speed_is_a_median_with_a_robust_sd),
        cmocka_unit_test(an_even_number_of_speeds_has_the_mean_of_the_middle_two),
        cmocka_unit_test(equal_speeds_leave_a_hundredth_of_room),
        cmocka_unit_test(four_speeds_call_nothing_odd),
        cmocka_unit_test(a_run_of_odd_speed_is_no_result_and_says_why),
        cmocka_unit_test(a_run_of_the_usual_speed_passes),
        cmocka_unit_test(another_config_is_compared_where_its_steps_cost_the_same),
        cmocka_unit_test(fewer_than_five_of_its_like_say_nothing),
        cmocka_unit_test(after_two_repetitions_a_run_counts_as_it_is),
        cmocka_unit_test(without_a_time_budget_speed_changes_nothing),
        cmocka_unit_test(a_run_that_was_lost_is_not_taken_for_an_uneven_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
