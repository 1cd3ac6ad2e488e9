/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is tried again, and when it is enough: retry.h, breaker.h, aside.h. */
#include "record_fixture.h"

#include "aside.h"
#include "breaker.h"
#include "needs.h"
#include "query.h"
#include "retry.h"
#include "uneven.h"

static const char timed_study[] = "name: clock\n"
                                  "metric: {name: val_loss, goal: minimize}\n"
                                  "trainer: {command: [train, \"{config}\"]}\n"
                                  "parameters:\n"
                                  "  lr: {min: 0.0, max: 1.0, start: 0.5}\n"
                                  "budget: time\n";

static const char breaker_study[] = "name: dusk\n"
                                    "metric: {name: val_loss, goal: minimize}\n"
                                    "trainer: {command: [train, \"{config}\"]}\n"
                                    "parameters:\n"
                                    "  lr: {min: 0.0, max: 1.0, start: 0.5}\n"
                                    "decision: {procedure: paired}\n"
                                    "breaker: 3\n";

/* The newest run of the record, as retry_pass() leaves it. */
static struct run *passed(struct night *night, double suspended_s, bool disk_is_full)
{
    struct run *run = &night->record.runs[night->record.n_runs - 1];
    struct outcome_facts facts = {.suspended_s = suspended_s};

    retry_pass(run, &night->record, &facts, disk_is_full);
    return run;
}

static void want_of_memory_is_tried_again_twice_and_then_counts(void **state)
{
    static const enum run_class classes[] = {CLASS_OOM, CLASS_SPAWN};
    struct night night;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        night_begin(&night, usual_study);
        night_propose(&night, 0, "");
        for (int attempt = 1; attempt <= 2; attempt++) {
            night_run(&night, 1, 11, classes[i], NAN, "why");
            struct run *run = passed(&night, 0, false);
            assert_int_equal(run->class, CLASS_INTERRUPTED);
            assert_true(run_is_passing(run) && run_is_set_aside(run) && !run_is_uneven(run));
            assert_false(run_is_final(run));
            assert_non_null(strstr(run->detail, class_names[classes[i]]));
            assert_non_null(strstr(run->detail, "why"));
        }
        night_run(&night, 1, 11, classes[i], NAN, "why");
        struct run *run = passed(&night, 0, false);
        assert_int_equal(run->class, classes[i]);
        assert_true(run_is_final(run));
        night_run(&night, 1, 12, classes[i], NAN, NULL); /* another seed has tries of its own */
        assert_int_equal(passed(&night, 0, false)->class, CLASS_INTERRUPTED);
        night_end(&night);
    }
}

static void attempts_that_were_lost_use_up_no_try(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_propose(&night, 0, "");
    for (int i = 0; i < 5; i++)
        night_run(&night, 1, 11, CLASS_INTERRUPTED, NAN, "the harness ended it");
    night_run(&night, 1, 11, CLASS_OOM, NAN, NULL);
    assert_int_equal(passed(&night, 0, false)->class, CLASS_INTERRUPTED);
    night_end(&night);
}

static void what_a_trainer_would_do_again_counts_at_once(void **state)
{
    static const enum run_class classes[] = {CLASS_OK,        CLASS_EXIT,     CLASS_SIGNAL,
                                             CLASS_TIMEOUT,   CLASS_PROTOCOL, CLASS_OUTPUT_FLOOD,
                                             CLASS_NONFINITE, CLASS_STOPPED};
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_propose(&night, 0, "");
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        night_run(&night, 1, (uint32_t)i, classes[i], 3.0, NULL);
        assert_int_equal(passed(&night, 0, false)->class, classes[i]);
    }
    night_end(&night);
}

static void a_failure_on_a_full_disk_is_tried_again_twice(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_propose(&night, 0, "");
    night_run(&night, 1, 11, CLASS_OK, 3.0, NULL);
    assert_int_equal(passed(&night, 0, true)->class, CLASS_OK);
    night_run(&night, 1, 12, CLASS_NONFINITE, NAN, NULL);
    assert_int_equal(passed(&night, 0, true)->class, CLASS_NONFINITE);
    for (int attempt = 1; attempt <= 3; attempt++) {
        night_run(&night, 1, 13, CLASS_EXIT, NAN, "exit 1: No space left on device");
        struct run *run = passed(&night, 0, true);
        assert_int_equal(run->class, attempt < 3 ? CLASS_INTERRUPTED : CLASS_EXIT);
        assert_true((strstr(run->detail, "the disk ran full") != NULL) == (attempt < 3));
    }
    night_end(&night);
}

static void time_that_a_machine_slept_ends_no_run_for_good(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, timed_study);
    night_propose(&night, 0, "");
    for (int i = 0; i < 5; i++) { /* without limit */
        night_run(&night, 1, 11, i % 2 ? CLASS_OK : CLASS_TIMEOUT, 3.0, NULL);
        struct run *run = passed(&night, 3600, false);
        assert_int_equal(run->class, CLASS_INTERRUPTED);
        assert_true(run_is_set_aside(run) && !run_is_passing(run));
        assert_true(isnan(run->value));
        assert_string_equal(run->detail, "machine asleep: 60 min 00 s while it ran; run again");
    }
    night_run(&night, 1, 11, CLASS_OK, 3.0, NULL);
    assert_int_equal(passed(&night, 0.5, false)->class, CLASS_OK);
    night_run(&night, 1, 12, CLASS_EXIT, NAN, NULL);
    assert_int_equal(passed(&night, 3600, false)->class, CLASS_EXIT);
    night_end(&night);
    night_begin(&night, usual_study); /* steps are steps: only the time limit was wrong */
    night_propose(&night, 0, "");
    night_run(&night, 1, 11, CLASS_OK, 3.0, NULL);
    assert_int_equal(passed(&night, 3600, false)->class, CLASS_OK);
    night_run(&night, 1, 12, CLASS_TIMEOUT, NAN, NULL);
    assert_int_equal(passed(&night, 3600, false)->class, CLASS_INTERRUPTED);
    night_end(&night);
}

/* --- the breaker ------------------------------------------------------------------------------ */

/* Events name experiments, so these must be in the store. */
static void store_newest(struct night *night)
{
    struct record *record = &night->record;
    struct err err = {0};

    assert_int_equal(store_begin(night->store, &err), 0);
    assert_int_equal(store_add_experiment(night->store, &record->study.space,
                                          &record->experiments[record->n_experiments - 1], &err),
                     0);
    assert_int_equal(store_commit(night->store, &err), 0);
}

/* A night whose baseline is kept. */
static void begin(struct night *night)
{
    night_begin(night, breaker_study);
    night_baseline(night);
    store_newest(night);
}

/* A proposal whose decision is `verdict`, of a run of that class. */
static void decide(struct night *night, enum outcome verdict, enum run_class class)
{
    struct record *record = &night->record;
    char change[32];

    snprintf(change, sizeof change, "lr=0.%03d", (int)record->n_experiments + 100);
    int64_t id = night_propose(night, 1, change);
    store_newest(night);
    struct pair pair = {.experiment = id,
                        .against = 1,
                        .seed = (uint32_t)(1000 + id),
                        .test = 2 * id,
                        .after = (int64_t)record->n_decisions};
    record_add_pair(record, &pair);
    night_run(night, id, pair.seed, class, 3.5, NULL);
    night_decide(night, id, verdict, NAN, NAN, NAN, "failed on seed 7: exit 3");
}

static int look(struct night *night)
{
    struct err err = {0};
    int tripped = breaker_look(&night->record, night->store, &err);

    if (tripped < 0)
        fail_msg("%s", err.text);
    return tripped;
}

static void so_many_failures_in_a_row_pause_a_study_once(void **state)
{
    struct night night;
    struct str why = {0};

    (void)state;
    begin(&night);
    decide(&night, OUTCOME_FAILED, CLASS_EXIT);
    decide(&night, OUTCOME_FAILED, CLASS_EXIT);
    decide(&night, OUTCOME_REVERT, CLASS_OK);
    decide(&night, OUTCOME_FAILED, CLASS_EXIT);
    decide(&night, OUTCOME_FAILED, CLASS_TIMEOUT);
    assert_int_equal(breaker_count(&night.record, 0), 2);
    assert_int_equal(look(&night), 0);
    decide(&night, OUTCOME_FAILED, CLASS_OOM);
    assert_int_equal(look(&night), 1);
    breaker_describe(&why, &night.record);
    assert_string_equal(why.at, "the last 3 experiments failed (breaker: 3), the newest, "
                                "experiment 7: failed on seed 7: exit 3");
    str_clear(&why);
    assert_int_equal(look(&night), 0); /* it is in the record */
    decide(&night, OUTCOME_FAILED, CLASS_EXIT);
    decide(&night, OUTCOME_FAILED, CLASS_EXIT);
    assert_int_equal(look(&night), 0);
    decide(&night, OUTCOME_FAILED, CLASS_EXIT);
    assert_int_equal(look(&night), 1);
    night_end(&night);
}

static void the_pause_is_an_event_of_the_record(void **state)
{
    struct night night;
    struct query q;
    struct err err = {0};

    (void)state;
    begin(&night);
    for (int i = 0; i < 3; i++)
        decide(&night, OUTCOME_FAILED, CLASS_EXIT);
    assert_int_equal(look(&night), 1);
    query_begin(&q, night.store,
                "SELECT count(*) FROM event WHERE kind = 'paused' AND experiment = 4");
    assert_int_equal(query_next(&q, &err), 1);
    assert_int_equal(query_get_int(&q), 1);
    query_end(&q);
    night_end(&night);
}

static void a_breaker_that_is_off_never_trips(void **state)
{
    struct night night;

    (void)state;
    begin(&night);
    night.record.study.policy.breaker = 0;
    for (int i = 0; i < 20; i++)
        decide(&night, OUTCOME_FAILED, CLASS_EXIT);
    assert_int_equal(look(&night), 0);
    night_end(&night);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(want_of_memory_is_tried_again_twice_and_then_counts),
        cmocka_unit_test(attempts_that_were_lost_use_up_no_try),
        cmocka_unit_test(what_a_trainer_would_do_again_counts_at_once),
        cmocka_unit_test(a_failure_on_a_full_disk_is_tried_again_twice),
        cmocka_unit_test(time_that_a_machine_slept_ends_no_run_for_good),
        cmocka_unit_test(so_many_failures_in_a_row_pause_a_study_once),
        cmocka_unit_test(the_pause_is_an_event_of_the_record),
        cmocka_unit_test(a_breaker_that_is_off_never_trips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
