/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a strategy is told of the record, from a memory that grows with it and from one made anew.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "mem.h"
#include "propose.h"
#include "record_past.h"
#include "whole_night.h"

static const char parameters[] =
    "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2, start: 1e-3}\n"
    "  depth: {distribution: int_uniform, min: 1, max: 6, start: 2}\n";

/* A bowl; one config in ten fails, the first never. */
static double truth(const void *of, const struct space *space, const struct value *config)
{
    double lr = config[space_find(space, "lr")].number, x = log10(lr) + 3;

    (void)of;
    return lr != 1e-3 && fmod(floor(lr * 1e7), 10) == 7 ? (double)NAN : 2 + x * x;
}

struct told_night {
    struct simulated_night night;
    struct past_memory memory;
};

static void begin_told(struct told_night *t, const char *study)
{
    static const struct surface surface = {.parameters = parameters, .truth = truth};
    const struct night_plan plan = {.surface = &surface,
                                    .strategy = "tpe",
                                    .procedure = PROCEDURE_TWO_LEVEL,
                                    .sigma_d = 0.1,
                                    .rho = 0.5,
                                    .seed = 7,
                                    .cap = 120,
                                    .jobs = 2,
                                    .study = study};

    *t = (struct told_night){.memory = {0}};
    run_night(&t->night, &plan);
}

static void end_told(struct told_night *t)
{
    past_memory_clear(&t->memory);
    simulated_end(&t->night);
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool same_past(const struct past *a, const struct past *b)
{
    return a->unit == b->unit && a->config == b->config && a->outcome == b->outcome &&
           same_number(a->loss, b->loss) && same_number(a->loss_se, b->loss_se) &&
           same_number(a->gain, b->gain);
}

static size_t count_settled(const struct history *history)
{
    size_t n = 0;

    while (n < history->n && history->past[n].outcome != OUTCOME_PENDING)
        n++;
    return n;
}

/* What a proposal that knows so many decisions of `record`, the night's at any of its ages, is
 * told: by the night's memory, and by one that is made for it. */
static struct history tell_known(struct told_night *t, const struct record *record, int64_t known)
{
    int64_t head = propose_against(record, (int64_t)record->n_experiments + 1);
    struct past_memory anew = {0};
    struct history grown, made;

    record_past(&grown, &t->memory, record, known, head);
    record_past(&made, &anew, record, known, head);
    assert_int_equal(grown.n, made.n);
    assert_int_equal(grown.head, made.head);
    assert_int_equal(grown.settled, made.settled);
    assert_true(grown.settled <= count_settled(&grown));
    assert_int_equal(grown.seen->n, made.seen->n);
    for (size_t i = 0; i < grown.n; i++) {
        assert_true(same_past(&grown.past[i], &made.past[i]));
        assert_true(seen_has(grown.seen, grown.past[i].config));
        assert_ptr_equal(grown.past[i].config, record->experiments[t->memory.ids[i] - 1].config);
    }
    past_memory_clear(&anew);
    return grown;
}

/* As the next proposal is. */
static struct history tell(struct told_night *t, const struct record *record)
{
    return tell_known(t, record, record_known(record, (int64_t)record->n_experiments + 1));
}

static struct record as_it_was(const struct told_night *t, size_t experiments)
{
    struct record then = t->night.record;

    then.n_experiments = experiments;
    return then;
}

static size_t count_outcome(const struct history *history, enum outcome outcome)
{
    size_t n = 0;

    for (size_t i = 0; i < history->n; i++)
        n += history->past[i].outcome == outcome;
    return n;
}

static void what_grows_with_the_record_is_what_would_be_made_anew(void **state)
{
    (void)state;
    const char *const studies[] = {"", "lookahead: 5\n", "placebo: 4\nlookahead: 3\n",
                                   "lookahead: 20\n"};

    for (size_t s = 0; s < sizeof studies / sizeof studies[0]; s++) {
        struct told_night t;
        size_t pending = 0, failed = 0;
        begin_told(&t, studies[s]);
        for (size_t n = 1; n <= t.night.record.n_experiments; n++) {
            struct record then = as_it_was(&t, n);
            struct history history = tell(&t, &then);
            pending += count_outcome(&history, OUTCOME_PENDING);
            failed += count_outcome(&history, OUTCOME_FAILED);
        }
        assert_true(failed > 0);
        assert_true(s == 0 || pending > 0);
        end_told(&t);
    }
}

static void a_memory_can_be_asked_about_an_earlier_record(void **state)
{
    (void)state;
    struct told_night t;

    begin_told(&t, "lookahead: 4\n");
    for (size_t n = 100; n > 0; n -= 20) {
        struct record then = as_it_was(&t, n);
        tell(&t, &then);
        tell(&t, &t.night.record);
    }
    end_told(&t);
}

static void fewer_experiments_or_fewer_decisions_are_an_earlier_record(void **state)
{
    (void)state;
    struct told_night t;

    begin_told(&t, "lookahead: 20\n");
    struct record many = as_it_was(&t, 60), few = as_it_was(&t, 50);
    size_t n = tell_known(&t, &many, 30).n;
    assert_true(tell_known(&t, &few, 30).n < n);
    struct history history = tell_known(&t, &few, 20);
    size_t pending = count_outcome(&history, OUTCOME_PENDING);
    history = tell_known(&t, &few, 30);
    assert_true(count_outcome(&history, OUTCOME_PENDING) < pending);
    history = tell_known(&t, &few, 20);
    assert_int_equal(count_outcome(&history, OUTCOME_PENDING), pending);
    end_told(&t);
}

/* The first decisions are made those of baselines that failed: what stands before the first that is
 * kept is withdrawn, in the memory too. */
static void what_is_withdrawn_leaves_the_memory(void **state)
{
    (void)state;
    struct told_night t;

    begin_told(&t, "lookahead: 20\n");
    const struct record *whole = &t.night.record;
    struct record early = as_it_was(&t, 15);
    early.n_decisions = 0;
    assert_int_equal(tell(&t, &early).n, 15);
    struct decision *decisions = mem_new(whole->n_decisions, sizeof *decisions);
    memcpy(decisions, whole->decisions, whole->n_decisions * sizeof *decisions);
    struct record then = as_it_was(&t, 40);
    then.decisions = decisions;
    for (size_t i = 0; i < 10; i++)
        decisions[i].incumbent = 0;
    decisions[10].incumbent = 11;
    struct history history = tell(&t, &then);
    size_t shown = 1; /* the first baseline, which is no proposal */
    for (size_t i = 10; i < 40; i++)
        shown += then.experiments[i].purpose != PURPOSE_PLACEBO;
    assert_int_equal(history.n, shown);
    assert_int_equal(t.memory.ids[1], 11);
    free(decisions);
    end_told(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_grows_with_the_record_is_what_would_be_made_anew),
        cmocka_unit_test(a_memory_can_be_asked_about_an_earlier_record),
        cmocka_unit_test(fewer_experiments_or_fewer_decisions_are_an_earlier_record),
        cmocka_unit_test(what_is_withdrawn_leaves_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
