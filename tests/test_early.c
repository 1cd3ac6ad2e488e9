/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs that are ended before their end: the curves, both rules on curves whose truth is known, and
 * whole simulated nights, whose decisions may depend on nothing but the record.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "curve_reader.h"
#include "early.h"
#include "executor.h"
#include "file.h"
#include "mem.h"
#include "record_early.h"
#include "rng.h"
#include "whole_night.h"

/* --- curves ---------------------------------------------------------------------------------- */

static void add_train(struct run_curves *curves, double progress, double step, double value)
{
    struct curve_record record = {
        .progress = progress, .step = step, .metric = NAN, .train = value};

    run_curves_add(curves, &record);
}

static void a_curve_is_a_line_between_its_points_and_unknown_outside(void **state)
{
    struct run_curves c = {.kind = PLACE_NONE};

    (void)state;
    add_train(&c, NAN, 10, 3);
    add_train(&c, NAN, 20, 1);
    assert_true(curve_at(&c.train, 10) == 3 && curve_at(&c.train, 20) == 1);
    assert_true(curve_at(&c.train, 15) == 2);
    assert_true(isnan(curve_at(&c.train, 9.9)) && isnan(curve_at(&c.train, 20.1)));
    assert_true(isnan(curve_at(&c.metric, 15)));
    run_curves_clear(&c);
}

static void what_is_told_again_or_at_no_place_is_left_out(void **state)
{
    struct run_curves c = {.kind = PLACE_NONE};

    (void)state;
    add_train(&c, NAN, NAN, 9);
    assert_int_equal(c.kind, PLACE_NONE);
    add_train(&c, 0.1, 10, 3);
    add_train(&c, 0.2, 20, 2);
    add_train(&c, 0.1, 10, 7);
    add_train(&c, NAN, 30, 7); /* steps do not count where the first point has a progress */
    add_train(&c, 0.3, 30, NAN);
    add_train(&c, 0.2 + CURVE_SPACING / 2, 21, 7);
    add_train(&c, 0.4, 40, 1);
    assert_int_equal(c.kind, PLACE_PROGRESS);
    assert_int_equal(c.train.n, 3);
    assert_true(run_curves_end(&c) == 0.4);
    run_curves_cut(&c, 0.2);
    assert_int_equal(c.train.n, 2);
    run_curves_clear(&c);
}

static void append(const char *dir, const char *text)
{
    char *path = path_join(dir, RUN_STREAM);
    FILE *out = fopen(path, "ae");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    free(path);
}

/* A trainer may be in the middle of a line when it is looked at. */
static void a_stream_that_grows_is_read_line_by_line_and_none_twice(void **state)
{
    char dir[] = "/tmp/nightshift-early-XXXXXX";
    const struct study study = {.metric = (char[]){"val_loss"}, .maximize = true};
    struct curve_reader reader;
    struct err err = {0};

    (void)state;
    assert_non_null(mkdtemp(dir));
    curve_reader_init(&reader, &study);
    assert_int_equal(curve_reader_read(&reader, dir, &err), 0); /* nothing is there yet */
    append(dir, "hello\n{\"step\": 1, \"val_loss\": 3, \"train_loss\": 4}\n{\"step\": 2, \"tra");
    assert_int_equal(curve_reader_read(&reader, dir, &err), 0);
    assert_int_equal(reader.lines, 2);
    assert_int_equal(reader.curves.train.n, 1);
    append(dir, "in_loss\": 2}");
    assert_int_equal(curve_reader_read(&reader, dir, &err), 0);
    assert_int_equal(reader.curves.train.n, 1);
    append(dir, "\n");
    assert_int_equal(curve_reader_read(&reader, dir, &err), 0);
    assert_int_equal(reader.curves.train.n, 2);
    assert_true(curve_at(&reader.curves.train, 2) == 2);
    assert_int_equal(reader.curves.train.points[1].line, 3);
    assert_true(curve_at(&reader.curves.metric, 1) == -3); /* more is better: a loss is less */
    curve_reader_clear(&reader);
    assert_int_equal(file_remove(dir, &err), 0);
}

/* --- a candidate beside the head -------------------------------------------------------------- */

enum { LOOKS = 16, AUDIT = 6 };

/* A study's worth of curves: the audit's pairs, the head's and a candidate's. */
struct trial {
    struct run_curves audit[2 * AUDIT], head, own;
    const struct curve *a[AUDIT], *b[AUDIT];
    struct curve_pairs noise;
    struct early_case c;
};

/* Points at LOOKS + 1 places, the last the end.  `shared`: correlation between places. */
static void draw(struct run_curves *out, struct rng *rng, double mean, double shared)
{
    double all = rng_normal(rng);

    *out = (struct run_curves){.kind = PLACE_NONE};
    for (int i = 1; i <= LOOKS + 1; i++)
        add_train(out, (double)i / (LOOKS + 1), NAN,
                  mean + sqrt(shared) * all + sqrt(1 - shared) * rng_normal(rng));
}

static void trial_begin(struct trial *t, struct rng *rng, double behind, double shared)
{
    *t = (struct trial){.c = {.end = 1, .n_noise = 1, .first_rung = NAN}};
    for (int i = 0; i < AUDIT; i++) {
        draw(&t->audit[2 * i], rng, 0, shared);
        draw(&t->audit[2 * i + 1], rng, 0.7, shared); /* the neighbour is another config */
        t->a[i] = &t->audit[2 * i].train;
        t->b[i] = &t->audit[2 * i + 1].train;
    }
    draw(&t->head, rng, 0, shared);
    draw(&t->own, rng, behind, shared);
    t->noise = (struct curve_pairs){t->a, t->b, AUDIT};
    t->c.noise = &t->noise;
    t->c.rival = &t->head.train;
    t->c.own = &t->own.train;
}

static void trial_end(struct trial *t)
{
    for (int i = 0; i < 2 * AUDIT; i++)
        run_curves_clear(&t->audit[i]);
    run_curves_clear(&t->head);
    run_curves_clear(&t->own);
}

/* The share of candidates, so far behind [SD of a difference], that the rule ends. */
static double share_ended(double behind, double shared, double min_progress)
{
    enum { TRIALS = 4000 };
    struct early_rule rule = {
        .kind = early_kind_find("paired_curves"), .z = EARLY_Z, .min_progress = min_progress};
    struct rng rng;
    int ended = 0;

    rng_init(&rng, 5, "early", (uint64_t)(1000 * behind));
    for (int i = 0; i < TRIALS; i++) {
        struct early_end end;
        struct trial t;
        trial_begin(&t, &rng, behind * sqrt(2), shared);
        ended += rule.kind->fires(&end, &rule, &t.c);
        trial_end(&t);
    }
    return (double)ended / TRIALS;
}

/*
 * P(Z <= -2.5) = 0.00621, whatever little is known of the noise: the t of the audit's five degrees
 * of freedom is mapped to a z.  Tolerance 4 standard errors of 4,000 trials, 0.005.
 */
static void one_look_ends_an_equal_candidate_as_often_as_z_says(void **state)
{
    double equal = share_ended(0, 0.6, 15.5 / 17);

    (void)state;
    print_message("# one look: %.4f of equal candidates ended\n", equal);
    assert_true(fabs(equal - 0.0062) < 0.005);
}

/* 16 looks: at most 16 x 0.0062 = 0.099 by the union bound, and clearly less where the differences
 * at the places are correlated (0.6 here: 0.0585, of which 0.09 is eight standard errors away). */
static void many_looks_end_an_equal_candidate_less_often_than_the_union_bound(void **state)
{
    double equal = share_ended(0, 0.6, 0);

    (void)state;
    print_message("# %d looks: %.4f of equal candidates ended\n", LOOKS, equal);
    assert_true(equal > 0.0062 && equal < 0.09);
}

/* With five degrees of freedom z = -2.5 is t = -3.8: the noise is hardly known. */
static void the_further_behind_the_surer_it_is_ended(void **state)
{
    double better = share_ended(-2, 0.6, 0.2), three = share_ended(3, 0.6, 0.2),
           six = share_ended(6, 0.6, 0.2);

    (void)state;
    print_message("# ended: 2 SD ahead %.4f, 3 behind %.3f, 6 behind %.3f\n", better, three, six);
    assert_true(better < 0.01);
    assert_true(three > 0.5 && three < six);
    assert_true(six > 0.95);
}

static void nothing_is_ended_before_min_progress_or_at_the_end(void **state)
{
    struct early_rule rule = {
        .kind = early_kind_find("paired_curves"), .z = EARLY_Z, .min_progress = 0.5};
    struct early_end end;
    struct trial t;
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, "early", 0);
    trial_begin(&t, &rng, 50, 0.6);
    assert_true(rule.kind->fires(&end, &rule, &t.c));
    assert_true(end.progress >= 0.5 && end.progress < 0.6 && end.z < -2.5 && end.gap > 40);
    rule.min_progress = 0.99;
    assert_false(rule.kind->fires(&end, &rule, &t.c));
    trial_end(&t);
}

/* The rule sees the same whether it looks at the beginning of a run or back from its end. */
static void a_rule_fires_at_the_same_point_of_a_run_and_of_its_beginning(void **state)
{
    struct early_rule rule = {
        .kind = early_kind_find("paired_curves"), .z = EARLY_Z, .min_progress = 0.2};
    struct rng rng;
    int fired = 0;

    (void)state;
    rng_init(&rng, 2, "early", 0);
    for (int i = 0; i < 200; i++) {
        struct early_end whole, part;
        struct trial t;
        trial_begin(&t, &rng, 2, 0.6);
        bool fires = rule.kind->fires(&whole, &rule, &t.c), before = false;
        for (size_t n = 1; n <= LOOKS + 1 && !before; n++) {
            struct curve beginning = {t.own.train.points, n};
            t.c.own = &beginning;
            before = rule.kind->fires(&part, &rule, &t.c);
        }
        assert_int_equal(fires, before);
        fired += fires;
        if (fires)
            assert_true(whole.place == part.place && whole.z == part.z);
        trial_end(&t);
    }
    assert_in_range(fired, 20, 180);
}

static void without_known_noise_nothing_is_ended(void **state)
{
    struct early_rule rule = {.kind = early_kind_find("paired_curves"), .z = EARLY_Z};
    struct early_end end;
    struct trial t;
    struct rng rng;

    (void)state;
    rng_init(&rng, 3, "early", 0);
    trial_begin(&t, &rng, 50, 0.6);
    t.noise.n = 1;
    assert_false(rule.kind->fires(&end, &rule, &t.c));
    trial_end(&t);
}

/* --- rungs ------------------------------------------------------------------------------------ */

static void of_n_that_came_to_a_rung_the_best_one_in_eta_go_on(void **state)
{
    enum { OTHERS = 8 };
    struct early_rule rule = {.kind = early_kind_find("hyperband"), .eta = 3, .s = 2};
    struct run_curves others[OTHERS];
    const struct curve *list[OTHERS];
    struct early_end end;
    struct trial t;
    struct rng rng;

    (void)state;
    rng_init(&rng, 4, "early", 0);
    trial_begin(&t, &rng, 100, 0.6);
    for (int i = 0; i < OTHERS; i++) {
        draw(&others[i], &rng, i < 2 ? 0 : 1000, 0.6);
        list[i] = &others[i].train;
    }
    t.c.others = list;
    assert_false(rule.kind->fires(&end, &rule, &t.c)); /* the only one so far */
    t.c.n_others = 1;
    assert_true(rule.kind->fires(&end, &rule, &t.c)); /* one of two may go on */
    assert_true(end.rank == 2 && end.of == 2 && end.go_on == 1);
    assert_true(end.progress >= 1.0 / 9 && end.progress < 1.0 / 9 + 1.0 / 17);
    t.c.n_others = OTHERS; /* third of nine, of which three may go on */
    assert_false(rule.kind->fires(&end, &rule, &t.c));
    run_curves_cut(&others[7], 0.2); /* it ended before the rung at 1/3: third of eight there */
    assert_true(rule.kind->fires(&end, &rule, &t.c));
    assert_true(end.rank == 3 && end.of == 8 && end.go_on == 2);
    assert_true(end.progress >= 1.0 / 3 && end.progress < 1.0 / 3 + 1.0 / 17);
    for (int i = 0; i < OTHERS; i++)
        run_curves_clear(&others[i]);
    trial_end(&t);
}

static void rungs_can_begin_at_a_value_of_the_baseline(void **state)
{
    struct early_rule rule = {.kind = early_kind_find("hyperband"), .eta = 2, .min_iter = 3};
    struct run_curves other;
    const struct curve *list[1] = {&other.train};
    struct early_end end;
    struct trial t;
    struct rng rng;

    (void)state;
    rng_init(&rng, 4, "early", 1);
    trial_begin(&t, &rng, 100, 0.6);
    draw(&other, &rng, 0, 0.6);
    t.c.others = list;
    t.c.n_others = 1;
    assert_false(rule.kind->fires(&end, &rule, &t.c)); /* not known where that is */
    t.c.first_rung = 3.0 / 17;
    assert_true(rule.kind->fires(&end, &rule, &t.c));
    assert_true(fabs(end.progress - 3.0 / 17) < 1e-9);
    run_curves_clear(&other);
    trial_end(&t);
}

/* --- nights ----------------------------------------------------------------------------------- */

static struct night_plan plan_with(const char *study)
{
    return (struct night_plan){.landscape = landscape_find("quadratic"),
                               .procedure = PROCEDURE_TWO_LEVEL,
                               .sigma_d = 0.1,
                               .rho = 0.5,
                               .seed = 3,
                               .jobs = 1,
                               .cap = 60,
                               .study = study};
}

static void assert_same_decisions(const struct record *a, const struct record *b)
{
    assert_int_equal(a->n_decisions, b->n_decisions);
    for (size_t i = 0; i < a->n_decisions; i++) {
        assert_int_equal(a->decisions[i].experiment, b->decisions[i].experiment);
        assert_int_equal(a->decisions[i].verdict, b->decisions[i].verdict);
        assert_int_equal(a->decisions[i].head, b->decisions[i].head);
        assert_string_equal(a->decisions[i].reason, b->decisions[i].reason);
    }
    assert_int_equal(a->n_experiments, b->n_experiments);
    for (size_t i = 0; i < a->n_experiments; i++)
        assert_string_equal(a->experiments[i].sha, b->experiments[i].sha);
}

static size_t count_class(const struct record *record, enum run_class class)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        n += record->runs[i].class == class;
    return n;
}

static const char *const rules[] = {
    "placebo: 5\nearly_terminate: {type: paired_curves}\n",
    "placebo: 5\nlookahead: 4\nearly_terminate: {type: hyperband, s: 2}\n",
};

static void jobs_and_order_of_ends_change_no_decision(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct night_plan plan = plan_with(rules[i]);
        struct simulated_night calm, wild;
        run_night(&calm, &plan);
        assert_true(count_class(&calm.record, CLASS_STOPPED) >= 10);
        plan.any_order = true;
        for (plan.jobs = 1; plan.jobs <= 4; plan.jobs++) {
            plan.order++;
            run_night(&wild, &plan);
            assert_same_decisions(&calm.record, &wild.record);
            simulated_end(&wild);
        }
        simulated_end(&calm);
    }
}

static void a_kill_after_any_event_changes_no_decision(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct night_plan plan = plan_with(rules[i]);
        struct simulated_night whole, again;
        plan.cap = 16;
        plan.jobs = 2;
        plan.any_order = true;
        run_night(&whole, &plan);
        assert_true(count_class(&whole.record, CLASS_STOPPED) >= 3);
        for (size_t n = 0; n <= whole.n_events; n += 3) {
            run_killed_night(&again, &whole, n);
            assert_same_decisions(&whole.record, &again.record);
            simulated_end(&again);
        }
        simulated_end(&whole);
    }
}

/* Only candidates of the search, on the selection panel; a run of a test is never ended. */
static void only_undecided_candidates_are_ended(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct night_plan plan = plan_with(rules[i]);
        struct simulated_night night;
        run_night(&night, &plan);
        const struct record *r = &night.record;
        for (size_t k = 0; k < r->n_runs; k++) {
            const struct run *run = &r->runs[k];
            if (run->class != CLASS_STOPPED)
                continue;
            const struct decision *d = record_decision(r, run->experiment);
            assert_int_equal(run->variant, RUN_OWN);
            assert_int_equal(r->experiments[run->experiment - 1].purpose, PURPOSE_PROPOSAL);
            assert_false(record_is_spared(r, run->experiment));
            assert_true(isnan(run->value));
            assert_int_equal(d->verdict, OUTCOME_REVERT);
            assert_true(isnan(d->mean) && d->head != run->experiment);
        }
        for (size_t k = 0; k < r->n_pairs; k++)
            if (r->pairs[k].test > 0)
                assert_int_equal(record_candidate(r, &r->pairs[k])->class, CLASS_OK);
        simulated_end(&night);
    }
}

static size_t count_disagreeing(const struct record *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_runs; i++)
        n += !record_early_agrees(r, &r->runs[i]);
    return n;
}

static struct run *last_stopped(const struct record *r)
{
    size_t i = r->n_runs;

    while (r->runs[i - 1].class != CLASS_STOPPED)
        i--;
    return &r->runs[i - 1];
}

/* What doctor makes of it: a point that was moved, or an end that no rule asked for. */
static void ends_can_be_found_again_in_the_record_and_forged_ones_are_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct night_plan plan = plan_with(rules[i]);
        struct simulated_night night;
        run_night(&night, &plan);
        const struct record *r = &night.record;
        assert_int_equal(count_disagreeing(r), 0);
        struct run *run = last_stopped(r);
        struct curve *curve = &r->curves[run->id - 1].train;
        curve->points[curve->n - 1].value -= 1000;
        assert_int_equal(count_disagreeing(r), 1);
        curve->points[curve->n - 1].value += 1000;
        run->class = CLASS_OK;
        assert_true(count_disagreeing(r) >= 1);
        simulated_end(&night);
    }
}

/* 20 nights of 60 experiments: what was measured, as the account tells it. */
static void nights_save_a_share_and_measure_what_it_missed(void **state)
{
    struct early_account sum = {0};
    double early = 0, whole = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct night_plan plan = plan_with("early_terminate: {type: paired_curves}\n");
        struct simulated_night night;
        struct early_account account;
        plan.seed = seed;
        run_night(&night, &plan);
        record_early_account(&account, &night.record);
        sum.runs += account.runs;
        sum.ended += account.ended;
        sum.saved += account.saved;
        sum.spared += account.spared;
        sum.missed += account.missed;
        early += simulated_truth(&night, record_head(&night.record));
        simulated_end(&night);
        plan.study = "";
        run_night(&night, &plan);
        whole += simulated_truth(&night, record_head(&night.record));
        simulated_end(&night);
    }
    print_message("# ended %d of %d runs, saved %.1f %%; %d of %d spared were kept; "
                  "head's excess %.3f, without the rule %.3f\n",
                  (int)sum.ended, (int)sum.runs, 100 * early_share_saved(&sum), (int)sum.missed,
                  (int)sum.spared, early / 20, whole / 20);
    assert_true(early_share_saved(&sum) > 0.1);
    assert_true(sum.spared >= 20);
    assert_true((double)sum.missed <= 0.1 * (double)sum.spared);
    assert_true(early < 1.2 * whole); /* the search is no worse for it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_is_a_line_between_its_points_and_unknown_outside),
        cmocka_unit_test(what_is_told_again_or_at_no_place_is_left_out),
        cmocka_unit_test(a_stream_that_grows_is_read_line_by_line_and_none_twice),
        cmocka_unit_test(one_look_ends_an_equal_candidate_as_often_as_z_says),
        cmocka_unit_test(many_looks_end_an_equal_candidate_less_often_than_the_union_bound),
        cmocka_unit_test(the_further_behind_the_surer_it_is_ended),
        cmocka_unit_test(nothing_is_ended_before_min_progress_or_at_the_end),
        cmocka_unit_test(a_rule_fires_at_the_same_point_of_a_run_and_of_its_beginning),
        cmocka_unit_test(without_known_noise_nothing_is_ended),
        cmocka_unit_test(of_n_that_came_to_a_rung_the_best_one_in_eta_go_on),
        cmocka_unit_test(rungs_can_begin_at_a_value_of_the_baseline),
        cmocka_unit_test(jobs_and_order_of_ends_change_no_decision),
        cmocka_unit_test(a_kill_after_any_event_changes_no_decision),
        cmocka_unit_test(only_undecided_candidates_are_ended),
        cmocka_unit_test(ends_can_be_found_again_in_the_record_and_forged_ones_are_noticed),
        cmocka_unit_test(nights_save_a_share_and_measure_what_it_missed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
