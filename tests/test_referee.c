/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The referee's rules one by one, on records of a few experiments whose losses are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "baseline.h"
#include "mem.h"
#include "referee.h"
#include "rng.h"
#include "trial.h"

static const char study_text[] = "name: stage\n"
                                 "metric: {name: val_loss, goal: minimize}\n"
                                 "trainer: {command: [train]}\n"
                                 "parameters:\n"
                                 "  x: {distribution: uniform, min: 0, max: 10, start: 5}\n"
                                 "  y: {distribution: uniform, min: 0, max: 10, start: 5}\n";

/* What a run of a config gives; NAN: it fails. */
typedef double answer(double x, double y, double noise);

struct stage {
    struct record record;
    struct referee referee;
    answer *loss;
    double sigma;                   /* of the noise of one run; nothing is shared between configs */
    double (*flops)(double x);      /* NULL: unknown */
    int64_t fails_on;               /* runs of this experiment fail … */
    size_t first_failure, failures; /* … from this one on, so many */
    size_t runs_of_failing;
    bool in_tests_only; /* … counting runs in tests alone */
};

static void stage_open(struct stage *stage, const char *more, answer *loss, double sigma)
{
    struct err err = {0};
    char *text = mem_printf("%s%s", study_text, more);

    *stage = (struct stage){.loss = loss, .sigma = sigma};
    if (study_parse(&stage->record.study, text, strlen(text), "stage", &err) != 0)
        fail_msg("%s", err.text);
    referee_init(&stage->referee);
    free(text);
}

static void stage_close(struct stage *stage)
{
    referee_clear(&stage->referee);
    record_clear(&stage->record);
}

static int64_t propose(struct stage *stage, enum purpose purpose, double x, double y)
{
    struct record *record = &stage->record;
    struct value config[2] = {{.type = VALUE_NUMBER, .number = x},
                              {.type = VALUE_NUMBER, .number = y}};
    double unit[2] = {x / 10, y / 10};
    struct experiment e = {.id = (int64_t)record->n_experiments + 1,
                           .purpose = purpose,
                           .config = config,
                           .unit = unit,
                           .against = record_head(record)};

    trial_hash(e.sha, &record->study.space, config);
    record_add_experiment(record, &e);
    return e.id;
}

static bool must_fail(struct stage *stage, int64_t experiment, bool in_test)
{
    if (experiment != stage->fails_on || (stage->in_tests_only && !in_test))
        return false;
    size_t n = ++stage->runs_of_failing;
    return n >= stage->first_failure && n < stage->first_failure + stage->failures;
}

static void answer_run(struct stage *stage, const struct wanted *wanted, bool in_test)
{
    struct record *record = &stage->record;
    struct run run = record_next_run(record, wanted->experiment, wanted->variant, wanted->seed);
    struct value *config = run_config(record, &run);
    bool repeat = wanted->variant == RUN_REPEAT;
    struct rng rng;

    run.class = CLASS_OK;
    rng_init(&rng, record_trainer_seed(record, &run), "noise",
             (uint64_t)(wanted->experiment * 4 + (repeat ? RUN_OWN : wanted->variant)));
    run.value = stage->loss(config[0].number, config[1].number, stage->sigma * rng_normal(&rng));
    if (stage->flops != NULL)
        run.flops = stage->flops(config[0].number);
    if (!isfinite(run.value) || must_fail(stage, wanted->experiment, in_test)) {
        run.class = CLASS_EXIT;
        run.exit_code = 3;
        run.value = NAN;
    }
    record_add_run(record, &run);
    free(config);
}

/* Runs what is needed up to the next decision; NULL: nothing is left to decide. */
static const struct decision *next_decision(struct stage *stage)
{
    struct record *record = &stage->record;
    struct needs needs;
    struct err err = {0};

    for (int steps = 0; steps < 1000; steps++) {
        assert_int_equal(referee_follow(&stage->referee, record, &err), 0);
        assert_int_equal(referee_next(&needs, &stage->referee, record, false, &err), 0);
        if (needs.need == NEED_NOTHING)
            return NULL;
        if (needs.need == NEED_PAIR)
            record_add_pair(record, &needs.pair);
        for (size_t i = 0; needs.need == NEED_RUNS && i < needs.n_runs; i++) {
            const struct pair *last = &record->pairs[record->n_pairs - 1];
            answer_run(stage, &needs.runs[i], last->test > 0 && last->seed == needs.runs[i].seed);
        }
        if (needs.need == NEED_DECISION) {
            record_add_decision(record, &needs.decision);
            assert_int_equal(referee_follow(&stage->referee, record, &err), 0);
            return &record->decisions[record->n_decisions - 1];
        }
    }
    fail_msg("no decision after 1000 steps");
    return NULL;
}

static void close_night(struct stage *stage)
{
    struct closing closing = {.after = (int64_t)stage->record.n_decisions, .placebo = true};

    record_add_closing(&stage->record, &closing);
}

static void begin(struct stage *stage)
{
    propose(stage, PURPOSE_BASELINE, 5, 5);
    const struct decision *d = next_decision(stage);
    assert_int_equal(d->verdict, OUTCOME_KEEP);
    assert_int_equal(d->head, 1);
    assert_int_equal(d->incumbent, 1);
}

/* Only x matters, and less is better. */
static double by_x(double x, double y, double noise)
{
    (void)y;
    return x + noise;
}

static double flat(double x, double y, double noise)
{
    (void)x;
    (void)y;
    return 5 + noise;
}

static size_t count_runs(const struct stage *stage, int64_t experiment, enum run_variant variant)
{
    size_t n = 0;

    for (size_t i = 0; i < stage->record.n_runs; i++)
        n += stage->record.runs[i].experiment == experiment &&
             stage->record.runs[i].variant == variant;
    return n;
}

/* --- the beginning -------------------------------------------------------------------------- */

static void an_audit_runs_six_seeds_one_again_and_a_neighbour(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "", by_x, 0.1);
    begin(&stage);
    assert_int_equal(count_runs(&stage, 1, RUN_OWN), AUDIT_SEEDS);
    assert_int_equal(count_runs(&stage, 1, RUN_REPEAT), 1);
    assert_int_equal(count_runs(&stage, 1, RUN_NEIGHBOUR), AUDIT_SEEDS);
    assert_true(stage.referee.audit.repeated && stage.referee.audit.deterministic);
    assert_int_equal(stage.referee.audit.df, AUDIT_SEEDS - 1);
    stage_close(&stage);
}

static void without_an_audit_three_seeds_show_the_noise(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "audit: off\n", by_x, 0.1);
    begin(&stage);
    assert_int_equal(stage.record.n_runs, BASELINE_SEEDS);
    assert_true(stage.referee.noise.seed_variance > 0);
    stage_close(&stage);
}

static void a_neighbour_moves_down_where_up_is_not_allowed(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "constraints: [\"x <= 5.5\"]\n", by_x, 0.1);
    begin(&stage);
    assert_int_equal(stage.referee.audit.df, AUDIT_SEEDS - 1);
    const struct run *neighbour = NULL;
    for (size_t i = 0; i < stage.record.n_runs; i++)
        if (stage.record.runs[i].variant == RUN_NEIGHBOUR)
            neighbour = &stage.record.runs[i];
    struct value *config = run_config(&stage.record, neighbour);
    assert_true(fabs(config[0].number - 4) < 1e-9);
    free(config);
    stage_close(&stage);
}

/* --- the head ------------------------------------------------------------------------------- */

static void what_reaches_nothing_is_dropped_after_one_run(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "", by_x, 0);
    begin(&stage);
    propose(&stage, PURPOSE_PROPOSAL, 5, 9);
    const struct decision *d = next_decision(&stage);
    assert_int_equal(d->verdict, OUTCOME_REVERT);
    assert_non_null(strstr(d->reason, "no effect at all"));
    assert_true(d->mean == 0);
    assert_int_equal(count_runs(&stage, 2, RUN_OWN), 1);
    stage_close(&stage);
}

static void a_plain_gain_moves_the_head_and_only_a_test_the_incumbent(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "", by_x, 0.1);
    begin(&stage);
    propose(&stage, PURPOSE_PROPOSAL, 2, 5);
    const struct decision *d = next_decision(&stage);
    assert_int_equal(d->kind, DECISION_HEAD);
    assert_int_equal(d->head, 2);
    assert_int_equal(d->incumbent, 1);
    assert_false(d->verified);
    for (int64_t id = 3; id <= 2 + TEST_REST && d->kind == DECISION_HEAD; id++) {
        d = next_decision(&stage);
        if (d == NULL) {
            propose(&stage, PURPOSE_PROPOSAL, 9, (double)id / 8);
            d = next_decision(&stage);
        }
    }
    assert_int_equal(d->kind, DECISION_VERIFY);
    assert_true(d->verified);
    assert_int_equal(d->incumbent, 2);
    assert_true(fabs(d->alpha - 0.05 / 2.28576) < 1e-5); /* zeta(1.6) */
    assert_true(stage.record.experiments[1].verified);
    stage_close(&stage);
}

static double cheaper_with_less_x(double x)
{
    return 1e9 * (1 + x);
}

static void of_two_that_cannot_be_told_apart_the_cheaper_stays(void **state)
{
    int cheaper = 0, dearer = 0, undecided = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        char *more = mem_printf("search: {seed: %llu}\n", (unsigned long long)seed);
        struct stage stage;
        stage_open(&stage, more, flat, 0.1);
        stage.flops = cheaper_with_less_x;
        begin(&stage);
        propose(&stage, PURPOSE_PROPOSAL, seed % 2 == 0 ? 2 : 8, 5);
        const struct decision *d = next_decision(&stage);
        if (d->n == HEAD_SEEDS && strstr(d->reason, "not to be told") != NULL) {
            assert_int_equal(d->verdict, OUTCOME_KEEP);
            assert_non_null(strstr(d->reason, "of its FLOPs"));
            cheaper += seed % 2 == 0;
            dearer += seed % 2 != 0;
        }
        undecided += d->n == HEAD_SEEDS;
        stage_close(&stage);
        free(more);
    }
    assert_true(undecided > 3); /* the case does come up */
    assert_true(cheaper > 0);
    assert_int_equal(dearer, 0);
}

static void with_equal_cost_fewer_changes_stay(void **state)
{
    int simpler = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        char *more = mem_printf("search: {seed: %llu}\n", (unsigned long long)seed);
        struct stage stage;
        stage_open(&stage, more, by_x, 0.1);
        begin(&stage);
        propose(&stage, PURPOSE_PROPOSAL, 2, 9);
        while (next_decision(&stage) != NULL)
            continue;
        propose(&stage, PURPOSE_PROPOSAL, 2, 5); /* one change in place of two */
        const struct decision *d = next_decision(&stage);
        assert_int_equal(d->against, 2);
        if (strstr(d->reason, "1 change of the baseline instead of 2") != NULL) {
            assert_int_equal(d->verdict, OUTCOME_KEEP);
            simpler++;
        }
        stage_close(&stage);
        free(more);
    }
    assert_true(simpler > 0);
}

/* --- failures ------------------------------------------------------------------------------- */

static void two_failed_seeds_end_a_candidate_and_one_does_not(void **state)
{
    (void)state;
    for (size_t failures = 1; failures <= 2; failures++) {
        struct stage stage;
        stage_open(&stage, "", by_x, 0.1);
        begin(&stage);
        stage.fails_on = propose(&stage, PURPOSE_PROPOSAL, 2, 5);
        stage.first_failure = 1;
        stage.failures = failures;
        const struct decision *d = next_decision(&stage);
        assert_int_equal(d->verdict, failures == 2 ? OUTCOME_FAILED : OUTCOME_KEEP);
        assert_int_equal(d->head, failures == 2 ? 1 : 2);
        assert_int_equal(count_runs(&stage, 2, RUN_OWN), 2);
        stage_close(&stage);
    }
}

static void a_head_that_fails_where_the_incumbent_succeeds_is_given_up(void **state)
{
    struct stage stage;
    const struct decision *d;

    (void)state;
    stage_open(&stage, "", by_x, 0.1);
    begin(&stage);
    stage.fails_on = propose(&stage, PURPOSE_PROPOSAL, 2, 5);
    stage.in_tests_only = true;
    stage.first_failure = 1;
    stage.failures = 1000;
    next_decision(&stage);
    close_night(&stage);
    d = next_decision(&stage);
    assert_int_equal(d->kind, DECISION_VERIFY);
    assert_int_equal(d->verdict, OUTCOME_FAILED);
    assert_int_equal(d->head, 1);
    assert_int_equal(d->incumbent, 1);
    assert_non_null(strstr(d->reason, "goes back to the incumbent"));
    stage_close(&stage);
}

static void a_failed_baseline_may_be_tried_again(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "", by_x, 0.1);
    stage.fails_on = propose(&stage, PURPOSE_BASELINE, 5, 5);
    stage.first_failure = 1;
    stage.failures = 1;
    assert_int_equal(next_decision(&stage)->verdict, OUTCOME_FAILED);
    assert_null(next_decision(&stage));
    propose(&stage, PURPOSE_BASELINE, 5, 5);
    const struct decision *d = next_decision(&stage);
    assert_int_equal(d->verdict, OUTCOME_KEEP);
    assert_int_equal(d->incumbent, 2);
    assert_int_equal(record_baseline(&stage.record), 2);
    stage_close(&stage);
}

/* --- the end of a night --------------------------------------------------------------------- */

static void a_night_ends_with_test_and_confirmation_of_what_it_kept(void **state)
{
    struct stage stage;
    const struct decision *d;
    int64_t last = DECISION_HEAD;

    (void)state;
    stage_open(&stage, "decision: {confirm: 5}\n", by_x, 0.1);
    begin(&stage);
    propose(&stage, PURPOSE_PROPOSAL, 2, 5);
    next_decision(&stage);
    close_night(&stage);
    while ((d = next_decision(&stage)) != NULL)
        last = d->kind;
    assert_int_equal(last, DECISION_CONFIRM);
    d = &stage.record.decisions[stage.record.n_decisions - 1];
    assert_int_equal(d->experiment, 2);
    assert_int_equal(d->against, 1);
    assert_int_equal(d->n, 5);
    assert_true(d->low > 2.5 && d->high < 3.5 && d->low < 3 + 0.3);
    assert_int_equal(d->incumbent, 2);
    stage_close(&stage);
}

static void a_night_without_a_keep_has_nothing_to_confirm(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "", by_x, 0.1);
    begin(&stage);
    propose(&stage, PURPOSE_PROPOSAL, 9, 5);
    assert_int_equal(next_decision(&stage)->verdict, OUTCOME_REVERT);
    close_night(&stage);
    assert_null(next_decision(&stage));
    stage_close(&stage);
}

static void no_seed_serves_two_tests_or_a_test_and_the_panel(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "", by_x, 0.1);
    begin(&stage);
    for (int i = 0; i < 12; i++) {
        propose(&stage, PURPOSE_PROPOSAL, 4.5 - i / 4.0, 5 + i / 10.0);
        while (next_decision(&stage) != NULL)
            continue;
    }
    close_night(&stage);
    while (next_decision(&stage) != NULL)
        continue;
    const struct record *r = &stage.record;
    for (size_t i = 0; i < r->n_pairs; i++)
        for (size_t k = 0; k < i; k++)
            if (r->pairs[i].test > 0 || r->pairs[k].test > 0)
                assert_int_not_equal(r->pairs[i].seed, r->pairs[k].seed);
    stage_close(&stage);
}

/* --- placebos ------------------------------------------------------------------------------- */

static void a_placebo_has_the_same_config_and_other_seeds(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "", by_x, 0.1);
    begin(&stage);
    propose(&stage, PURPOSE_PLACEBO, 5, 5);
    const struct decision *d = next_decision(&stage);
    assert_int_equal(d->kind, DECISION_PLACEBO);
    assert_int_equal(d->head, 1); /* whatever the verdict */
    assert_true(isnan(d->alpha));
    const struct run *run = &stage.record.runs[stage.record.n_runs - 1];
    assert_int_equal(run->experiment, 2);
    assert_int_not_equal(record_trainer_seed(&stage.record, run), run->seed);
    assert_int_equal(record_trainer_seed(&stage.record, &stage.record.runs[0]),
                     stage.record.runs[0].seed);
    stage_close(&stage);
}

static void a_placebo_is_compared_with_its_own_like(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "", by_x, 0.1);
    begin(&stage);
    propose(&stage, PURPOSE_PROPOSAL, 2, 5);
    propose(&stage, PURPOSE_PLACEBO, 5, 5); /* proposed while 1 was the head */
    const struct decision *d;
    while ((d = next_decision(&stage)) != NULL && d->experiment != 3)
        continue;
    assert_non_null(d);
    assert_int_equal(d->against, 1);
    assert_true(fabs(d->mean) < 1);
    stage_close(&stage);
}

/* --- the forerunners' rule ------------------------------------------------------------------- */

static void greed_runs_once_and_keeps_what_is_lower(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, "decision: {procedure: greedy}\n", flat, 0.1);
    begin(&stage);
    assert_int_equal(stage.record.n_runs, 1);
    for (int i = 0; i < 20; i++) {
        double best = stage.record.runs[record_head(&stage.record) - 1].value;
        int64_t id = propose(&stage, PURPOSE_PROPOSAL, 1 + i / 4.0, 5);
        const struct decision *d = next_decision(&stage);
        double own = stage.record.runs[id - 1].value;
        assert_int_equal(d->head == id, own < best);
        assert_false(d->verified);
        assert_int_equal(d->incumbent, 1);
        assert_int_equal(stage.record.runs[id - 1].seed, stage.record.runs[0].seed);
    }
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_audit_runs_six_seeds_one_again_and_a_neighbour),
        cmocka_unit_test(without_an_audit_three_seeds_show_the_noise),
        cmocka_unit_test(a_neighbour_moves_down_where_up_is_not_allowed),
        cmocka_unit_test(what_reaches_nothing_is_dropped_after_one_run),
        cmocka_unit_test(a_plain_gain_moves_the_head_and_only_a_test_the_incumbent),
        cmocka_unit_test(of_two_that_cannot_be_told_apart_the_cheaper_stays),
        cmocka_unit_test(with_equal_cost_fewer_changes_stay),
        cmocka_unit_test(two_failed_seeds_end_a_candidate_and_one_does_not),
        cmocka_unit_test(a_head_that_fails_where_the_incumbent_succeeds_is_given_up),
        cmocka_unit_test(a_failed_baseline_may_be_tried_again),
        cmocka_unit_test(a_night_ends_with_test_and_confirmation_of_what_it_kept),
        cmocka_unit_test(a_night_without_a_keep_has_nothing_to_confirm),
        cmocka_unit_test(no_seed_serves_two_tests_or_a_test_and_the_panel),
        cmocka_unit_test(a_placebo_has_the_same_config_and_other_seeds),
        cmocka_unit_test(a_placebo_is_compared_with_its_own_like),
        cmocka_unit_test(greed_runs_once_and_keeps_what_is_lower),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
