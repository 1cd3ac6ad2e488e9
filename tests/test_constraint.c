/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "constraint.h"
#include "mem.h"
#include "rng.h"

enum { DIM, LAYERS, LR, OPTIMIZER, TIED, IDLE, MIN, PARAMS };
static const char *const names[PARAMS] = {"dim",  "layers", "lr", "optimizer",
                                          "tied", "idle",   "min"};
static const struct value config[PARAMS] = {
    [DIM] = {VALUE_NUMBER, 128, NULL},   [LAYERS] = {VALUE_NUMBER, 3, NULL},
    [LR] = {VALUE_NUMBER, 0.0006, NULL}, [OPTIMIZER] = {VALUE_TEXT, 0, "muon"},
    [TIED] = {VALUE_BOOL, 1, NULL},      [IDLE] = {VALUE_NONE, 0, NULL},
    [MIN] = {VALUE_NUMBER, 7, NULL},
};

static bool holds(const char *text)
{
    struct err err = {0};
    struct constraint *c;

    if (constraint_new(&c, text, names, PARAMS, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    assert_string_equal(constraint_text(c), text);
    bool result = constraint_holds(c, config);
    constraint_free(c);
    return result;
}

static void check_all(const char *const *texts, size_t n, bool expected)
{
    for (size_t i = 0; i < n; i++)
        if (holds(texts[i]) != expected)
            fail_msg("'%s' should be %s", texts[i], expected ? "true" : "false");
}

#define CHECK_TRUE(texts)  check_all(texts, sizeof(texts) / sizeof *(texts), true)
#define CHECK_FALSE(texts) check_all(texts, sizeof(texts) / sizeof *(texts), false)

static void what_is_true_holds(void **state)
{
    static const char *const texts[] = {
        "dim % 64 == 0",
        "dim * layers <= 1024",
        "optimizer == 'muon' or lr < 0.01",
        "optimizer != \"adamw\"",
        "lr == 6e-4",
        "lr==6E-04",
        "tied",
        "tied == true",
        "true",
        "not false",
        "(dim)==(128)",
        "abs(layers - 5) == 2",
        "log2(dim) == 7",
        "min(dim, layers) == 3",
        "max(1, 2, dim, 4) == 128",
        "min == 7", /* a parameter may have a function's name */
        "min(min, 9) == 7",
        "-layers == -3",
        "- -layers == 3",
        ".5 < 1.",
    };
    (void)state;

    CHECK_TRUE(texts);
}

static void what_is_false_does_not_hold(void **state)
{
    static const char *const texts[] = {
        "dim % 64 == 1", "dim < 128",     "dim > 128",    "optimizer == 'adamw'",
        "not tied",      "tied == false", "false",        "optimizer == 'Muon'",
        "dim == layers", "layers >= 4",   "lr != 0.0006", "optimizer == ''",
    };
    (void)state;

    CHECK_FALSE(texts);
}

static void tight_operators_bind_before_loose_ones(void **state)
{
    static const char *const texts[] = {
        "1 + 2 * 3 == 7",
        "(1 + 2) * 3 == 9",
        "10 - 4 - 3 == 3",
        "16 / 4 / 2 == 2",
        "17 % 10 % 4 == 3",
        "-2 * 3 == -6",
        "2 - -3 == 5",
        "2 * -3 == -6",
        "true or false and false",
        "not false and true",
        "not (true and false)",
        "not 1 == 2",
        "not not true",
        "1 < 2 and 2 < 3 or false",
    };
    (void)state;

    CHECK_TRUE(texts);
}

static void what_is_undefined_does_not_hold(void **state)
{
    static const char *const texts[] = {
        "dim / 0 > 1",       "dim / 0 < 1",        "dim % 0 == 0",         "not dim / 0 > 1",
        "log2(0) < 1",       "log2(-1) < 1",       "1 / (layers - 3) > 0", "optimizer > 3",
        "optimizer + 1 > 0", "tied + 1 == 2",      "dim / 0 == dim / 0",   "true and 1 / 0 > 0",
        "not optimizer",     "optimizer and true", "1e200 * 1e200 > 1",    "dim / 0 != 1",
    };
    (void)state;

    CHECK_FALSE(texts);
}

static void the_right_side_counts_only_where_the_left_has_not_decided(void **state)
{
    static const char *const texts[] = {
        "true or 1 / 0 > 0",
        "not (false and 1 / 0 > 0)",
        "layers == 3 or dim / (layers - 3) > 1",
    };
    (void)state;

    CHECK_TRUE(texts);
}

static void a_name_with_text_compared_with_a_number_is_different_not_undefined(void **state)
{
    (void)state;
    assert_false(holds("optimizer == 3"));
    assert_true(holds("optimizer != 3"));
    assert_false(holds("tied == 1"));
}

static void an_inactive_parameter_makes_it_hold(void **state)
{
    static const char *const texts[] = {"idle > 5", "idle < 5", "dim == 1 and idle == 'x'",
                                        "false and idle", "dim / 0 > idle"};
    (void)state;

    CHECK_TRUE(texts);
}

static void mistakes_are_refused_with_their_column(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "column 1: a value expected at the end"},
        {"   ", "column 4: a value expected at the end"},
        {"dim <", "column 6: a value expected at the end"},
        {"dim < * 3", "column 7: a value expected, not '*'"},
        {"dmi < 3", "column 1: unknown parameter 'dmi' (did you mean 'dim'?)"},
        {"1 < weird", "column 5: unknown parameter 'weird'"},
        {"(dim < 3", "column 9: ')' expected at the end"},
        {"dim < 3)", "column 8: an operator expected, not ')'"},
        {"dim 3", "column 5: an operator expected, not '3'"},
        {"dim = 3", "column 5: '=' is written '==' here"},
        {"tied && tied", "column 6: '&&' is written 'and' here"},
        {"tied || tied", "column 6: '||' is written 'or' here"},
        {"!tied", "column 1: '!' is written 'not' here"},
        {"dim < 3 ; 4", "column 9: this character has no meaning here"},
        {"optimizer == 'muon", "column 14: the quote is not closed"},
        {"optimizer == 'm\xc3\xbc' or ?", "column 22: this character has no meaning here"},
        {"1.2.3 < dim", "column 1: this is not a number"},
        {"1e < dim", "column 1: this is not a number"},
        {"1e999 < dim", "column 1: this is not a number"},
        {"1 < dim < 3", "column 9: comparisons do not chain: write 'a < b and b < c'"},
        {"dim == 3 == true", "column 10: comparisons do not chain: write 'a < b and b < c'"},
        {"'a' == 3", "column 5: text cannot be compared with a number"},
        {"3 != 'a'", "column 3: a number cannot be compared with text"},
        {"true == 3", "column 6: a condition cannot be compared with a number"},
        {"dim + 1 == 'x'", "column 9: a number cannot be compared with text"},
        {"dim < 'x'", "column 7: a number is needed, and this is text"},
        {"1 + 'x' < 2", "column 5: a number is needed, and this is text"},
        {"(dim < 3) + 1 < 2", "column 1: a number is needed, and this is a condition"},
        {"-'x' < 2", "column 2: a number is needed, and this is text"},
        {"dim + 1", "column 1: a condition is needed, and this is a number"},
        {"'x'", "column 1: a condition is needed, and this is text"},
        {"not 3", "column 5: a condition is needed, and this is a number"},
        {"dim < 3 and 4", "column 13: a condition is needed, and this is a number"},
        {"min(3) < 3", "column 6: ',' and a second argument expected, not ')'"},
        {"abs(3, 4) < 3", "column 6: ')' expected, not ','"},
        {"abs('x') < 3", "column 5: a number is needed, and this is text"},
        {"abs < 3", "column 1: unknown parameter 'abs'"},
        {"and < 3", "column 1: a value expected, not 'and'"},
        {"tied == not tied", "column 9: a value expected, not 'not'"},
        {"\x1b[31m", "column 1: this character has no meaning here"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        struct constraint *c;
        if (constraint_new(&c, cases[i].text, names, PARAMS, &err) == 0)
            fail_msg("'%s' was taken", cases[i].text);
        assert_null(c);
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(err.code, ERR_USAGE);
    }
}

static char *repeat(const char *text, int n, const char *end)
{
    struct str out = {NULL, 0};

    for (int i = 0; i < n; i++)
        str_add(&out, text);
    str_add(&out, end);
    return str_take(&out);
}

static void deep_and_long_texts_are_refused_not_followed(void **state)
{
    static const struct {
        const char *piece, *message;
        int n;
    } cases[] = {
        {"(", "column 101: nested too deeply", 3000},
        {"not ", "nested too deeply", 1000},
        {"-", "nested too deeply", 3000},
        {"min(", "nested too deeply", 1000},
        {"1+", "a constraint has at most 4096 characters", 3000},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = repeat(cases[i].piece, cases[i].n, "1");
        struct err err = {0};
        struct constraint *c;
        assert_int_equal(constraint_new(&c, text, names, PARAMS, &err), -1);
        if (strstr(err.text, cases[i].message) == NULL)
            fail_msg("%s: %s", cases[i].piece, err.text);
        free(text);
    }
    char *text = repeat("1+", 2000, "1 > 2000");
    assert_true(holds(text));
    free(text);
}

static void any_text_is_either_taken_or_refused_in_one_line(void **state)
{
    static const char *const pieces[] = {
        "dim", "optimizer", "3",    "0",    ".5", "'a'",  "\"", "'",    "(",  ")",
        "(",   ")",         "+",    "-",    "*",  "/",    "%",  "<",    "==", "and",
        "or",  "not",       "min(", "abs(", ",",  "true", " ",  "\xff",
    };
    struct rng rng;
    int taken = 0;
    (void)state;

    rng_init(&rng, 1, "constraint", 0);
    for (int k = 0; k < 20000; k++) {
        struct str text = {NULL, 0};
        struct err err = {0};
        struct constraint *c;
        for (uint64_t n = 1 + rng_below(&rng, 9); n > 0; n--) {
            str_add(&text, pieces[rng_below(&rng, sizeof pieces / sizeof *pieces)]);
            str_add(&text, " ");
        }
        if (constraint_new(&c, str_text(&text), names, PARAMS, &err) == 0) {
            constraint_holds(c, config);
            taken++;
        } else if (strncmp(err.text, "column ", 7) != 0 || strchr(err.text, '\n') != NULL) {
            fail_msg("%s: %s", str_text(&text), err.text);
        }
        constraint_free(c);
        str_clear(&text);
    }
    assert_in_range(taken, 100, 19000); /* both ways are walked */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_true_holds),
        cmocka_unit_test(what_is_false_does_not_hold),
        cmocka_unit_test(tight_operators_bind_before_loose_ones),
        cmocka_unit_test(what_is_undefined_does_not_hold),
        cmocka_unit_test(the_right_side_counts_only_where_the_left_has_not_decided),
        cmocka_unit_test(a_name_with_text_compared_with_a_number_is_different_not_undefined),
        cmocka_unit_test(an_inactive_parameter_makes_it_hold),
        cmocka_unit_test(mistakes_are_refused_with_their_column),
        cmocka_unit_test(deep_and_long_texts_are_refused_not_followed),
        cmocka_unit_test(any_text_is_either_taken_or_refused_in_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
