/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json.h"
#include "json_line.h"

static const char *const names[] = {"seed", "a", "sea", "\xc3\xa9", "Z", "a b", "se\"ed", ""};
enum { NAMES = sizeof names / sizeof *names };

/* The members from `first` on, and then those before it. */
static void assert_like_a_tree(struct json_line *line, size_t first)
{
    json_t *tree = json_object();
    struct str want = {0};

    json_line_begin(line);
    for (size_t i = 0; i < NAMES; i++) {
        const char *name = names[(first + i) % NAMES];
        double x = i == 3 ? (double)NAN : ldexp((double)i - 2, 2 - (int)i);
        json_write_number(json_line_add(line, name), x);
        json_object_set_new(tree, name, json_number_or_null(x));
    }
    json_write(&want, tree);
    assert_string_equal(str_text(json_line_whole(line)), str_text(&want));
    str_clear(&want);
    json_decref(tree);
}

static void an_object_is_written_as_its_tree_would_be(void **state)
{
    struct json_line line = {0};

    (void)state;
    for (size_t first = 0; first < NAMES; first++)
        assert_like_a_tree(&line, first);
    json_line_begin(&line);
    assert_string_equal(str_text(json_line_whole(&line)), "{}");
    json_line_clear(&line);
}

static void of_two_with_one_name_the_later_counts(void **state)
{
    struct json_line line = {0};
    struct str out = {0};
    size_t len;

    (void)state;
    json_write_bool(json_line_add(&line, "verified"), true);
    json_write_integer(json_line_add(&line, "id"), INT64_MIN);
    json_write_bool(json_line_add(&line, "verified"), false);
    json_line_end(&out, &line);
    assert_string_equal(str_text(&out), "{\"id\":-9223372036854775808,\"verified\":false}");
    assert_memory_equal(json_line_value(&len, &line, 0), "true", 4);
    assert_int_equal(len, 4);
    assert_memory_equal(json_line_value(&len, &line, 2), "false", 5);
    assert_int_equal(len, 5);
    str_clear(&out);
    json_line_clear(&line);
}

/* Zeros, whole numbers, and what no JSON number can be. */
static void a_number_is_written_as_in_a_tree(void **state)
{
    static const double numbers[] = {0,    -0.0, 1,    -3,   1e14, 1e15,     2e15 + 2,
                                     1e22, 0.1,  5e-9, 1e-5, NAN,  INFINITY, -INFINITY};

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct str text = {0}, want = {0};
        json_t *tree = json_number_or_null(numbers[i]);
        json_write_number(&text, numbers[i]);
        json_write(&want, tree);
        assert_string_equal(str_text(&text), str_text(&want));
        json_decref(tree);
        str_clear(&text);
        str_clear(&want);
    }
}

/* Eight bytes at a time must find what one at a time finds, wherever it stands. */
static void a_byte_is_escaped_wherever_it_stands(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++)
        for (size_t at = 0; at < 19; at++) {
            char text[20] = "abcdefghijklmnopqrs";
            struct str whole = {0}, want = {0}, alone = {0};
            text[at] = (char)byte;
            json_write_string(&whole, text);
            json_write_string(&alone, (const char[]){(char)byte, '\0'});
            str_addf(&want, "\"%.*s%.*s%s\"", (int)at, text, (int)alone.len - 2, alone.at + 1,
                     text + at + 1);
            assert_string_equal(str_text(&whole), str_text(&want));
            bool plain = byte >= 0x20 && byte != 0x7f && byte != '"' && byte != '\\';
            assert_int_equal(alone.len == 3, plain);
            str_clear(&whole);
            str_clear(&want);
            str_clear(&alone);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_written_as_its_tree_would_be),
        cmocka_unit_test(of_two_with_one_name_the_later_counts),
        cmocka_unit_test(a_number_is_written_as_in_a_tree),
        cmocka_unit_test(a_byte_is_escaped_wherever_it_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
