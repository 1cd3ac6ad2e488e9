/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole nights on landscapes whose truth is known (simulated_night.h): what the decisions may and
 * may not depend on, and that few of them are luck.  Longer: slow_referee.c; tables: simulate.c.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"
#include "shelf.h"
#include "whole_night.h"

static struct night_plan plan_of(const char *landscape, enum procedure_kind procedure)
{
    return (struct night_plan){.landscape = landscape_find(landscape),
                               .procedure = procedure,
                               .sigma_d = 0.3,
                               .seed = 1,
                               .jobs = 1,
                               .study = ""};
}

static void assert_same_number(double a, double b)
{
    if (!(isnan(a) && isnan(b)))
        assert_memory_equal(&a, &b, sizeof a);
}

static void assert_same_decision(const struct decision *a, const struct decision *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->experiment, b->experiment);
    assert_int_equal(a->against, b->against);
    assert_int_equal(a->test, b->test);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->verified, b->verified);
    assert_int_equal(a->n, b->n);
    assert_same_number(a->alpha, b->alpha);
    assert_same_number(a->mean, b->mean);
    assert_same_number(a->z, b->z);
    assert_string_equal(a->reason, b->reason);
    assert_int_equal(a->incumbent, b->incumbent);
    assert_int_equal(a->head, b->head);
}

static void assert_same_record(const struct record *a, const struct record *b)
{
    assert_int_equal(a->n_experiments, b->n_experiments);
    for (size_t i = 0; i < a->n_experiments; i++) {
        assert_int_equal(a->experiments[i].purpose, b->experiments[i].purpose);
        assert_string_equal(a->experiments[i].sha, b->experiments[i].sha);
    }
    assert_int_equal(a->n_decisions, b->n_decisions);
    for (size_t i = 0; i < a->n_decisions; i++)
        assert_same_decision(&a->decisions[i], &b->decisions[i]);
}

/* --- what decisions may not depend on -------------------------------------------------------- */

static void assert_order_is_nothing(enum procedure_kind procedure, int lookahead)
{
    char study[64];
    struct night_plan plan = plan_of("quadratic", procedure);
    struct simulated_night calm, wild;

    snprintf(study, sizeof study, "lookahead: %d\nplacebo: 5\n", lookahead);
    plan.study = study;
    plan.cap = 40;
    plan.rho = 0.6;
    run_night(&calm, &plan);
    assert_true(calm.record.n_experiments == 40 && calm.record.n_decisions >= 40);
    plan.any_order = true;
    for (plan.jobs = 1; plan.jobs <= 5; plan.jobs++) {
        plan.order++;
        run_night(&wild, &plan);
        assert_same_record(&calm.record, &wild.record);
        simulated_end(&wild);
    }
    simulated_end(&calm);
}

static void decisions_are_the_same_for_any_number_of_jobs_and_any_finishing_order(void **state)
{
    (void)state;
    for (int procedure = PROCEDURE_TWO_LEVEL; procedure <= PROCEDURE_GREEDY; procedure++)
        for (int lookahead = 1; lookahead <= LOOKAHEAD_WIDE; lookahead *= lookahead < 4 ? 2 : 4)
            assert_order_is_nothing((enum procedure_kind)procedure, lookahead);
}

static void assert_survives_every_kill(struct night_plan plan)
{
    struct simulated_night whole, again;

    run_night(&whole, &plan);
    assert_true(whole.n_events > 100);
    for (size_t n = 0; n <= whole.n_events; n++) {
        run_killed_night(&again, &whole, n);
        assert_same_record(&whole.record, &again.record);
        simulated_end(&again);
    }
    simulated_end(&whole);
}

/* The night has all there is: audit, placebos, tests of the head and their end, a closing, the
 * placebo's test and the confirmation; with runs under way that the kill takes along. */
static void a_kill_after_any_event_changes_no_decision(void **state)
{
    struct night_plan plan = plan_of("quadratic", PROCEDURE_TWO_LEVEL);

    (void)state;
    plan.cap = 20;
    plan.jobs = 2;
    plan.any_order = true;
    plan.study = "placebo: 4\n";
    assert_survives_every_kill(plan);
    plan.procedure = PROCEDURE_PAIRED;
    assert_survives_every_kill(plan);
}

static size_t count_kind(const struct record *record, enum decision_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_decisions; i++)
        n += record->decisions[i].kind == kind;
    return n;
}

static void a_night_ends_with_its_test_a_placebo_s_and_a_confirmation(void **state)
{
    struct night_plan plan = plan_of("quadratic", PROCEDURE_TWO_LEVEL);
    struct simulated_night night;

    (void)state;
    plan.cap = 20;
    run_night(&night, &plan);
    const struct record *record = &night.record;
    assert_int_equal(record->n_closings, 1);
    assert_true(count_kind(record, DECISION_VERIFY) >= 1);
    assert_true(count_kind(record, DECISION_PLACEBO) >= 1);
    assert_int_equal(count_kind(record, DECISION_CONFIRM), 1);
    assert_int_equal(record->decisions[record->n_decisions - 1].kind, DECISION_CONFIRM);
    simulated_end(&night);
}

/* A bowl that lets the shelf rest whenever a run is asked for. */
static double restless_truth(const void *of, const struct space *space, const struct value *config)
{
    struct shelf *const *shelf = of;
    double x = log10(config[space_find(space, "lr")].number) + 3;
    struct err err = {0};

    shelf_rest(*shelf);
    assert_int_equal(shelf_check(*shelf, &err), 0);
    return 2 + x * x;
}

static void run_on_shelf(struct simulated_night *out, enum procedure_kind procedure,
                         struct shelf *const *shelf)
{
    const struct surface surface = {
        .parameters = "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2, start: "
                      "2e-4}\n  wd: {distribution: uniform, min: 0, max: 1, start: 0.5}\n",
        .of = shelf,
        .truth = restless_truth};
    const struct night_plan plan = {.surface = &surface,
                                    .strategy = "tpe",
                                    .procedure = procedure,
                                    .sigma_d = 0.3,
                                    .rho = 0.6,
                                    .seed = 1,
                                    .cap = 300,
                                    .jobs = 2,
                                    .study = "placebo: 5\n"};
    struct err err = {0};

    assert_int_equal(simulated_begin(out, &plan, &err), 0);
    out->record.shelf = out->past.shelf = *shelf;
    assert_int_equal(simulated_run(out, &err), 0);
}

static void a_night_whose_rows_are_put_aside_decides_the_same(void **state)
{
    const enum procedure_kind procedures[] = {PROCEDURE_TWO_LEVEL, PROCEDURE_PAIRED};
    struct shelf *const none = NULL;
    char *dir = scratch_new();

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct shelf *shelf = shelf_open(dir, 256);
        struct simulated_night plain, aside;
        run_on_shelf(&plain, procedures[i], &none);
        run_on_shelf(&aside, procedures[i], &shelf);
        assert_int_equal(plain.record.n_experiments, 300);
        assert_same_record(&plain.record, &aside.record);
        simulated_end(&plain);
        simulated_end(&aside);
        shelf_close(shelf);
    }
    scratch_remove(dir);
}

/* --- seeds ----------------------------------------------------------------------------------- */

static void no_seed_serves_two_tests_or_a_test_and_the_search(void **state)
{
    struct night_plan plan = plan_of("quadratic", PROCEDURE_TWO_LEVEL);
    struct simulated_night night;
    size_t shared = 0, tests = 0;

    (void)state;
    plan.runs = 300;
    run_night(&night, &plan);
    for (size_t i = 0; i < night.record.n_pairs; i++)
        for (size_t k = 0; k < i; k++) {
            const struct pair *a = &night.record.pairs[i], *b = &night.record.pairs[k];
            tests += a->test > 0;
            shared += a->seed == b->seed && (a->test > 0 || b->test > 0);
        }
    assert_true(tests > 0);
    assert_int_equal(shared, 0);
    simulated_end(&night);
}

/* --- luck ------------------------------------------------------------------------------------ */

static void nights(struct tally out[MEASURES], const struct night_plan *plan, size_t n)
{
    struct err err = {0};

    if (simulate_nights(out, plan, n, &err) != 0)
        fail_msg("%s", err.text);
}

static void assert_at_most(const struct tally *tally, double most, double errors, const char *what)
{
    double se = sqrt(most * (1 - most) / tally->n);

    if (!(tally_mean(tally) <= most + errors * se))
        fail_msg("%s: %.4f is above %g + %.4f", what, tally_mean(tally), most, errors * se);
}

static void few_nights_without_anything_to_find_end_with_a_keep(void **state)
{
    static const char *const names[] = {"flat", "worse"};
    struct tally out[MEASURES];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct night_plan plan = plan_of(names[i], PROCEDURE_TWO_LEVEL);
        plan.runs = 100;
        nights(out, &plan, 150);
        assert_at_most(&out[MEASURE_ANY], 0.05, 2, names[i]);
        assert_true(tally_mean(&out[MEASURE_TESTS]) >= 0.5);
    }
}

static void the_confirmed_gain_is_the_true_one(void **state)
{
    struct night_plan plan = plan_of("quadratic", PROCEDURE_TWO_LEVEL);
    struct tally out[MEASURES];

    (void)state;
    plan.runs = 100;
    nights(out, &plan, 200);
    const struct tally *bias = &out[MEASURE_BIAS];
    assert_true(bias->n >= 180);
    if (!(fabs(tally_mean(bias)) <= 3 * tally_se(bias)))
        fail_msg("bias %.4f, standard error %.4f", tally_mean(bias), tally_se(bias));
}

static void greedy_claims_what_is_not_there(void **state)
{
    struct night_plan plan = plan_of("flat", PROCEDURE_GREEDY);
    struct tally out[MEASURES];

    (void)state;
    plan.runs = 100;
    nights(out, &plan, 20);
    assert_true(tally_mean(&out[MEASURE_BIAS]) >= 0.3);
    assert_true(tally_mean(&out[MEASURE_ANY]) >= 0.95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_are_the_same_for_any_number_of_jobs_and_any_finishing_order),
        cmocka_unit_test(a_kill_after_any_event_changes_no_decision),
        cmocka_unit_test(a_night_whose_rows_are_put_aside_decides_the_same),
        cmocka_unit_test(a_night_ends_with_its_test_a_placebo_s_and_a_confirmation),
        cmocka_unit_test(no_seed_serves_two_tests_or_a_test_and_the_search),
        cmocka_unit_test(few_nights_without_anything_to_find_end_with_a_keep),
        cmocka_unit_test(the_confirmed_gain_is_the_true_one),
        cmocka_unit_test(greedy_claims_what_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
