/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing the next token, stopping at a text, and showing it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "sampler.h"
#include "stop_text.h"
#include "str.h"
#include "terminal.h"

/* Probabilities 0.5, 0.25, 0.125, 0.0625, 0.0625. */
#define TOKENS 5
static const real halves[TOKENS] = {5 * 0.69314718f, 4 * 0.69314718f, 3 * 0.69314718f,
                                    2 * 0.69314718f, 2 * 0.69314718f};
static const struct sampling all = {.temperature = 1, .top_p = 1, .repetition_penalty = 1};

#define DRAWS 20000

/* How often each token comes, as a share. */
static void shares_of(double share[TOKENS], const struct sampling *how, const real *logits,
                      const uint32_t *seen, size_t n_seen)
{
    struct sampler *s = sampler_new(how, TOKENS);
    struct err err = {0};
    struct rng rng;
    uint32_t id;

    memset(share, 0, TOKENS * sizeof *share);
    rng_init(&rng, 1, "test", 0);
    for (int i = 0; i < DRAWS; i++) {
        assert_int_equal(sampler_pick(&id, s, logits, seen, n_seen, &rng, &err), 0);
        share[id] += 1.0 / DRAWS;
    }
    sampler_free(s);
}

/* Five standard deviations of a share of 0.5 in DRAWS draws. */
#define SHARE_TOLERANCE 0.018

static void tokens_come_as_often_as_options_say(void **state)
{
    const uint32_t seen[] = {0, 0};
    struct {
        const char *name;
        struct sampling how;
        size_t n_seen;
        double share[TOKENS];
    } cases[] = {
        {"all", all, 0, {0.5, 0.25, 0.125, 0.0625, 0.0625}},
        {"half the temperature squares",
         all,
         0,
         {256 / 344.0, 64 / 344.0, 16 / 344.0, 4 / 344.0, 4 / 344.0}},
        {"top_k", all, 0, {4 / 7.0, 2 / 7.0, 1 / 7.0, 0, 0}},
        {"top_k of equals takes the lower id", all, 0, {8 / 15.0, 4 / 15.0, 2 / 15.0, 1 / 15.0, 0}},
        {"top_p", all, 0, {2 / 3.0, 1 / 3.0, 0, 0, 0}},
        {"top_p after top_k", all, 0, {2 / 3.0, 1 / 3.0, 0, 0, 0}},
        {"a top_p of nothing leaves the first", all, 0, {1, 0, 0, 0, 0}},
        {"min_p", all, 0, {4 / 7.0, 2 / 7.0, 1 / 7.0, 0, 0}},
        /* 5 ln 2 / 5 = ln 2: half of the least probable ones */
        {"penalty, once", all, 2, {2 / 34.0, 16 / 34.0, 8 / 34.0, 4 / 34.0, 4 / 34.0}},
    };
    double share[TOKENS];

    (void)state;
    cases[1].how.temperature = 0.5;
    cases[2].how.top_k = 3;
    cases[3].how.top_k = 4;
    cases[4].how.top_p = 0.7;
    cases[5].how.top_k = 3; /* of three, the first two have 6/7 */
    cases[5].how.top_p = 0.8;
    cases[6].how.top_p = 0;
    cases[7].how.min_p = 0.2;
    cases[8].how.repetition_penalty = 5;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        shares_of(share, &cases[i].how, halves, seen, cases[i].n_seen);
        for (size_t k = 0; k < TOKENS; k++)
            if (!(fabs(share[k] - cases[i].share[k]) <= SHARE_TOLERANCE))
                fail_msg("%s: token %zu has %g, not %g", cases[i].name, k, share[k],
                         cases[i].share[k]);
        for (size_t k = 0; k < TOKENS; k++)
            assert_true((share[k] > 0) == (cases[i].share[k] > 0));
    }
}

static void a_penalty_makes_negative_logits_more_negative(void **state)
{
    const real logits[TOKENS] = {-1, -1.5f, -3, -3, -3};
    const uint32_t seen[] = {0};
    struct sampling how = all;
    struct sampler *s;
    struct err err = {0};
    uint32_t id;

    (void)state;
    how.temperature = 0;
    how.repetition_penalty = 2;
    s = sampler_new(&how, TOKENS);
    assert_int_equal(sampler_pick(&id, s, logits, seen, 0, NULL, &err), 0);
    assert_int_equal(id, 0);
    assert_int_equal(sampler_pick(&id, s, logits, seen, 1, NULL, &err), 0);
    assert_int_equal(id, 1);
    sampler_free(s);
}

static void what_may_not_come_never_comes(void **state)
{
    const real logits[TOKENS] = {-INFINITY, 1, -INFINITY, 1, NAN};
    const real none[TOKENS] = {-INFINITY, NAN, INFINITY, NAN, -INFINITY};
    double share[TOKENS];
    struct sampler *s = sampler_new(&all, TOKENS);
    struct err err = {0};
    struct rng rng;
    uint32_t id;

    (void)state;
    shares_of(share, &all, logits, NULL, 0);
    assert_true(share[0] == 0 && share[2] == 0 && share[4] == 0);
    assert_close(share[1], 0.5, 0, SHARE_TOLERANCE);
    rng_init(&rng, 1, "test", 0);
    assert_int_equal(sampler_pick(&id, s, none, NULL, 0, &rng, &err), -1);
    assert_int_equal(err.code, ERR_FAILED);
    sampler_free(s);
}

/* Text that comes in pieces of every size ends in front of the earliest stop. */
static void a_text_ends_in_front_of_the_earliest_stop(void **state)
{
    static const char *const stops[] = {"END", "\n\n", "aab"};
    static const struct {
        const char *text, *out;
        bool stopped;
    } cases[] = {
        {"one END two", "one ", true},
        {"one\n\ntwo END", "one", true},
        {"aaab", "a", true},
        {"EN", "EN", false},
        {"ENEND", "EN", true},
        {"\nE\n", "\nE\n", false},
        {"", "", false},
        {"aaENaaEaa", "aaENaaEaa", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t step = 1; step < 6; step++) {
            struct stop_text s = {.stops = stops, .n = 3};
            struct str out = {0};
            size_t len = strlen(cases[i].text);
            bool stopped = false;
            for (size_t at = 0; at < len && !stopped; at += step)
                stopped =
                    stop_text_add(&out, &s, cases[i].text + at, len - at < step ? len - at : step);
            if (!stopped)
                stop_text_end(&out, &s);
            assert_true(stopped == cases[i].stopped);
            assert_string_equal(str_text(&out), cases[i].out);
            stop_text_clear(&s);
            str_clear(&out);
        }
}

static void what_cannot_be_a_stop_is_not_held_back(void **state)
{
    static const char *const stops[] = {"END"};
    struct stop_text s = {.stops = stops, .n = 1};
    struct str out = {0};

    (void)state;
    assert_false(stop_text_add(&out, &s, "abcE", 4));
    assert_string_equal(str_text(&out), "abc");
    assert_false(stop_text_add(&out, &s, "x", 1));
    assert_string_equal(str_text(&out), "abcEx");
    stop_text_clear(&s);
    str_clear(&out);
}

static void a_terminal_sees_no_control_characters(void **state)
{
    static const struct {
        const char *text, *shown;
        size_t used;
    } cases[] = {
        {"a\tb\nc", "a\tb\nc", 5},
        {"\x1b[2J", "\\x1b[2J", 4},
        {"caf\xc3\xa9", "caf\xc3\xa9", 5},
        {"\xc2\x9b", "\\xc2\\x9b", 2},   /* the one-character form of ESC [ */
        {"x\xff\x80", "x\\xff\\x80", 3}, /* no UTF-8 */
        {"x\xe2\x82", "x", 1},           /* may go on */
        {"\xe2\x82\xac", "\xe2\x82\xac", 3},
        {"\xe2(", "\\xe2(", 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str out = {0};
        assert_int_equal(terminal_add(&out, cases[i].text, strlen(cases[i].text)), cases[i].used);
        assert_string_equal(str_text(&out), cases[i].shown);
        str_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_as_often_as_options_say),
        cmocka_unit_test(a_penalty_makes_negative_logits_more_negative),
        cmocka_unit_test(what_may_not_come_never_comes),
        cmocka_unit_test(a_text_ends_in_front_of_the_earliest_stop),
        cmocka_unit_test(what_cannot_be_a_stop_is_not_held_back),
        cmocka_unit_test(a_terminal_sees_no_control_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
