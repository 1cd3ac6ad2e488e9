/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a trainer printed, and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor.h"
#include "file.h"
#include "mem.h"
#include "stream.h"

/* --- a directory with a stream in it --- */

static char dir[64];

static int make_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(dir, sizeof dir, "%.30s/test_stream.XXXXXX", tmp != NULL ? tmp : "/tmp");
    return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
    struct err err;

    (void)state;
    return file_remove(dir, &err);
}

static void put_bytes(const void *bytes, size_t len)
{
    char *path = path_join(dir, RUN_STREAM);
    struct err err;

    assert_int_equal(file_write(path, bytes, len, &err), 0);
    free(path);
}

static struct stream read_stream(void)
{
    struct stream stream;
    struct err err = {0};

    if (stream_read(&stream, dir, &err) != 0)
        fail_msg("%s", err.text);
    return stream;
}

static struct stream stream_of(const char *text)
{
    put_bytes(text, strlen(text));
    return read_stream();
}

static double metric(const struct stream *stream, const char *name)
{
    bool found;
    double value = stream_metric(stream, name, &found);

    if (!found)
        fail_msg("'%s' was not found", name);
    return value;
}

static bool has(const struct stream *stream, const char *name)
{
    bool found;

    stream_metric(stream, name, &found);
    return found;
}

/* --- metrics --- */

static void the_last_value_of_a_name_counts_in_the_order_of_first_appearance(void **state)
{
    struct stream s = stream_of("hello\n{\"step\": 1, \"train_loss\": 3.5}\nval_loss: 4\n"
                                "{\"step\": 2, \"train_loss\": 3.25, \"val_loss\": 3.125}\nbye\n");

    (void)state;
    assert_int_equal(s.lines, 5);
    assert_int_equal(s.records, 2);
    assert_int_equal(s.n_metrics, 3);
    assert_string_equal(s.metrics[0].name, "step");
    assert_string_equal(s.metrics[1].name, "train_loss");
    assert_string_equal(s.metrics[2].name, "val_loss");
    assert_true(metric(&s, "step") == 2);
    assert_true(metric(&s, "train_loss") == 3.25);
    assert_true(metric(&s, "val_loss") == 3.125);
    assert_false(has(&s, "absent"));
    stream_clear(&s);
}

static void lines_of_a_name_and_a_number_are_metrics(void **state)
{
    static const struct {
        const char *line, *name;
        double value;
    } cases[] = {
        {"val_bpb:          0.997900", "val_bpb", 0.9979}, /* as autoresearch prints it */
        {"x:1", "x", 1},
        {"_a/b.c-d2 : -1e-3", "_a/b.c-d2", -1e-3},
        {"x:\t+5  ", "x", 5},
        {"x: 7\r", "x", 7},
        {"x: -inf", "x", -INFINITY},
        {"x: Infinity", "x", INFINITY},
        {"tokens: 123456789012345678901234567890", "tokens", 123456789012345678901234567890.0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = mem_printf("%s\n", cases[i].line);
        struct stream s = stream_of(text);
        assert_int_equal(s.n_metrics, 1);
        assert_true(metric(&s, cases[i].name) == cases[i].value);
        stream_clear(&s);
        free(text);
    }
    struct stream s = stream_of("x: nan\ny: -NAN\n");
    assert_true(isnan(metric(&s, "x")));
    assert_true(isnan(metric(&s, "y")));
    stream_clear(&s);
}

static void everything_else_is_log(void **state)
{
    static const char *const lines[] = {
        "",
        ":",
        "x:",
        "x: ",
        "x: 3 nats",
        "x: 1,5",
        "x 3",
        "3x: 3",
        "two words: 3",
        " x: 3",
        "x: 0x10",
        "x: nan(1)",
        "x: 1e",
        "x: true",
        "x = 3",
        "[1, 2]",
        "{\"x\": 1",
        "{\"x\": 1} tail",
        "{x: 1}",
        "{}",
        "{\"x\": 1, \"x\": 2}",
        "{\"x\": 1,}",
        "{\"x\": NaNo}",
        "\"x: 3\"",
        "x: 1 2",
        "-x: 3",
        "x: --3",
        "{\"x\": \"NaN\"}",
        "{",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char *text = mem_printf("%s\n", lines[i]);
        struct stream s = stream_of(text);
        if (s.n_metrics != 0)
            fail_msg("'%s' became a metric", lines[i]);
        assert_int_equal(s.lines, 1);
        stream_clear(&s);
        free(text);
    }
}

static void only_the_flat_numbers_of_a_record_are_metrics(void **state)
{
    struct stream s = stream_of("{\"a\": 1, \"b\": null, \"c\": \"3\", \"d\": true, \"e\": [4],"
                                "\"derived\": {\"f\": 5}, \"progress\": 0.5, \"g\": -0.25}\n"
                                "{\"a\": null}\n");

    (void)state;
    assert_int_equal(s.n_metrics, 2);
    assert_true(metric(&s, "a") == 1); /* null is not known now: what was known stays */
    assert_true(metric(&s, "g") == -0.25);
    stream_clear(&s);
}

static void python_s_nan_and_infinity_are_understood(void **state)
{
    struct stream s =
        stream_of("{\"val_loss\": NaN, \"a\": Infinity, \"b\":-Infinity, \"c\": 2,"
                  " \"note\": \"NaN, \\\"Infinity\\\"\", \"config\": {\"NaN\": 1}}\n");

    (void)state;
    assert_int_equal(s.records, 1);
    assert_true(isnan(metric(&s, "val_loss")));
    assert_true(metric(&s, "a") == (double)INFINITY);
    assert_true(metric(&s, "b") == -(double)INFINITY);
    assert_true(metric(&s, "c") == 2);
    assert_int_equal(s.n_metrics, 4);
    assert_non_null(json_object_get(s.config, "NaN"));
    stream_clear(&s);
}

static void whole_numbers_of_any_size_are_read(void **state)
{
    struct stream s = stream_of("{\"a\": 9007199254740993, \"steps\": 9007199254740993}\n"
                                "{\"flops\": 123456789012345678901234567890}\n");

    (void)state;
    assert_true(metric(&s, "a") == 9007199254740992.0);
    assert_true(metric(&s, "flops") == 123456789012345678901234567890.0);
    stream_clear(&s);
}

static void counts_have_their_places(void **state)
{
    struct stream s = stream_of("{\"calibrated_steps\": 120}\nsteps: 119\n");

    (void)state;
    assert_int_equal(s.calibrated_steps, 120);
    assert_int_equal(s.steps, 119);
    stream_clear(&s);
    s = stream_of("{\"calibrated_steps\": -1, \"steps\": 1.5}\n");
    assert_int_equal(s.calibrated_steps, -1);
    assert_int_equal(s.steps, -1);
    stream_clear(&s);
}

static void a_record_that_says_nonfinite_is_remembered(void **state)
{
    static const struct {
        const char *text;
        bool nonfinite;
    } cases[] = {
        {"{\"nonfinite\": \"train_loss\"}\n", true},
        {"{\"nonfinite\": true}\n", true},
        {"{\"nonfinite\": 7}\n", true},
        {"{\"nonfinite\": false}\n", false},
        {"{\"nonfinite\": null}\n", false},
        {"{\"x\": 1}\n", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stream s = stream_of(cases[i].text);
        assert_int_equal(s.nonfinite, cases[i].nonfinite);
        stream_clear(&s);
    }
}

/* --- bad bytes --- */

static void bytes_that_are_no_text_are_log_and_do_no_harm(void **state)
{
    static const char bytes[] =
        "{\"a\": 1, \"b\": \"\xff\"}\nx\xc3: 3\nd: 4\0: 5\n\0\n\x80\n{\"c\": 6}\n";
    struct stream s;

    (void)state;
    put_bytes(bytes, sizeof bytes - 1);
    s = read_stream();
    assert_int_equal(s.lines, 6);
    assert_int_equal(s.n_metrics, 1);
    assert_true(metric(&s, "c") == 6);
    stream_clear(&s);
}

/* 64 KiB are read, one byte more is log; the line behind it is read as if nothing had been. */
static void a_line_that_is_too_long_is_log(void **state)
{
    enum { LIMIT = 1 << 16 };
    char *text = mem_new(3 * LIMIT, 1);
    static const char head[] = "{\"x\": 1, \"pad\": \"";

    (void)state;
    for (size_t len = LIMIT; len <= LIMIT + 1; len++) {
        memset(text, 'p', len);
        memcpy(text, head, sizeof head - 1);
        memcpy(text + len - 2, "\"}\ny: 2\n", 9);
        struct stream s = stream_of(text);
        assert_int_equal(s.lines, 2);
        assert_int_equal(has(&s, "x"), len == LIMIT);
        assert_true(metric(&s, "y") == 2);
        stream_clear(&s);
    }
    free(text);
}

static void a_last_line_without_its_end_is_log(void **state)
{
    struct stream s = stream_of("x: 1\nx: 23");

    (void)state;
    assert_int_equal(s.lines, 2);
    assert_true(metric(&s, "x") == 1);
    stream_clear(&s);
}

static void a_stream_that_is_empty_or_missing_holds_nothing(void **state)
{
    struct stream s = stream_of("");
    char *path = path_join(dir, RUN_STREAM);
    struct err err = {0};

    (void)state;
    assert_int_equal(s.lines, 0);
    stream_clear(&s);
    assert_int_equal(unlink(path), 0);
    s = read_stream();
    assert_int_equal(s.lines, 0);
    stream_clear(&s);
    assert_int_equal(mkfifo(path, 0600), 0); /* a trainer works in this directory */
    assert_int_equal(stream_read(&s, dir, &err), -1);
    assert_non_null(strstr(err.text, "no regular file"));
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void no_more_than_4096_names_are_kept(void **state)
{
    struct str text = {NULL, 0};

    (void)state;
    for (int i = 0; i < 5000; i++)
        str_addf(&text, "m%d: %d\n", i, i);
    str_add(&text, "m7: 8\n");
    struct stream s = stream_of(text.at);
    assert_int_equal(s.n_metrics, 4096);
    assert_true(metric(&s, "m7") == 8);
    stream_clear(&s);
    str_clear(&text);
}

/* --- the effective config --- */

static void a_config_agrees_when_every_value_asked_for_is_there(void **state)
{
    static char lr[] = "lr", optimizer[] = "optimizer", tied[] = "tied", dim[] = "dim",
                gone[] = "gone";
    struct param params[] = {
        {.name = lr}, {.name = optimizer}, {.name = tied}, {.name = dim}, {.name = gone}};
    const struct space space = {.params = params, .n = 5};
    const struct value asked[] = {
        {.type = VALUE_NUMBER, .number = 6e-4},
        {.type = VALUE_TEXT, .text = "adamw"},
        {.type = VALUE_BOOL, .number = 1},
        {.type = VALUE_NUMBER, .number = 16777217},
        {.type = VALUE_NONE},
    };
    static const struct {
        const char *config, *why; /* why NULL: agrees */
    } cases[] = {
        {"{\"lr\":0.0006,\"optimizer\":\"adamw\",\"tied\":true,\"dim\":16777217,\"more\":1}", NULL},
        {"{\"lr\":6e-4,\"optimizer\":\"adamw\",\"tied\":1,\"dim\":16777217.0,\"gone\":5}", NULL},
        {"{\"lr\":0.0006000000284984708,\"optimizer\":\"adamw\",\"tied\":true,\"dim\":16777217}",
         NULL},
        {"{\"lr\":0.000601,\"optimizer\":\"adamw\",\"tied\":true,\"dim\":16777217}",
         "'lr' is not what was asked for: 0.0006 became 0.000601"},
        {"{\"lr\":\"0.0006\",\"optimizer\":\"adamw\",\"tied\":true,\"dim\":16777217}", "'lr'"},
        {"{\"optimizer\":\"adamw\",\"tied\":true,\"dim\":16777217}",
         "'lr' is not what was asked for: 0.0006 is not in the effective config"},
        {"{\"lr\":0.0006,\"optimizer\":\"muon\",\"tied\":true,\"dim\":16777217}",
         "\"adamw\" became \"muon\""},
        {"{\"lr\":0.0006,\"optimizer\":\"adamw\",\"tied\":false,\"dim\":16777217}", "'tied'"},
        {"{\"lr\":0.0006,\"optimizer\":\"adamw\",\"tied\":\"true\",\"dim\":16777217}", "'tied'"},
        {"{\"lr\":0.0006,\"optimizer\":\"adamw\",\"tied\":true,\"dim\":16777216}", "'dim'"},
        {"{\"lr\":NaN,\"optimizer\":\"adamw\",\"tied\":true,\"dim\":16777217}", "'lr'"},
        {"{}", "'lr'"},
    };
    char why[256];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = mem_printf("{\"config\": %s}\n", cases[i].config);
        struct stream s = stream_of(text);
        bool agrees = stream_config_agrees(&s, &space, asked, why, sizeof why);
        if (agrees != (cases[i].why == NULL))
            fail_msg("%s: %s", cases[i].config, agrees ? "agrees" : why);
        if (!agrees && strstr(why, cases[i].why) == NULL)
            fail_msg("'%s' is not in '%s'", cases[i].why, why);
        stream_clear(&s);
        free(text);
    }
    struct stream s = stream_of("config: 3\n{\"config\": 7}\n");
    assert_null(s.config);
    assert_true(stream_config_agrees(&s, &space, asked, why, sizeof why));
    stream_clear(&s);
}

static void the_last_config_counts(void **state)
{
    struct stream s = stream_of("{\"config\": {\"a\": 1}}\n{\"config\": {\"a\": 2}}\n");

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(s.config, "a")), 2);
    stream_clear(&s);
}

/* --- progress and repetition --- */

static void progress_is_the_last_whole_line_that_tells_it(void **state)
{
    static const struct {
        const char *text;
        double progress;
    } cases[] = {
        {"{\"progress\": 0.25}\n{\"progress\": 0.5, \"x\": NaN}\nlog\n", 0.5},
        {"{\"progress\": 0.25}\n{\"progress\": 0.5}", 0.25},
        {"{\"progress\": 0.25}\n{\"progress\": \"much\"}\n", 0.25},
        {"{\"progress\": 1.5}\n", 1},
        {"{\"progress\": -1}\n", 0},
    };
    struct str text = {NULL, 0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_bytes(cases[i].text, strlen(cases[i].text));
        assert_true(stream_progress(dir) == cases[i].progress);
    }
    put_bytes("x: 1\n", 5);
    assert_true(isnan(stream_progress(dir)));
    assert_true(isnan(stream_progress("/nonexistent")));
    for (int i = 0; i < 100000; i++)
        str_add(&text, "a line of log\n");
    str_add(&text, "{\"progress\": 0.75}\n");
    put_bytes(text.at, text.len);
    assert_true(stream_progress(dir) == 0.75);
    str_clear(&text);
}

static void the_canonical_text_holds_what_a_repetition_must_give_again(void **state)
{
    static const char printed[] =
        "{\"val_loss\": 1.50, \"step\": 2, \"tokens_per_s\": 7, \"note\": \"x\"}\n"
        "talk\n{\"progress\": 0.1, \"wall_s\": 3}\n{\"config\": {\"lr\": 1}}\n"
        "{\"calibrated_steps\": 9, \"a\": NaN, \"b\": -Infinity, \"n\": 12345}\n"
        "training_seconds: 0.1\npeak_vram_mb: 45060.2\nmfu_percent: 39.8\nval_bpb:   0.997900\n"
        "seconds: 1\nloss: inf\nitems: 3\n";
    struct str text = {NULL, 0};
    struct err err = {0};

    (void)state;
    put_bytes(printed, sizeof printed - 1);
    assert_int_equal(stream_canonical(&text, dir, &err), 0);
    assert_string_equal(text.at, "{\"step\":2,\"val_loss\":1.5}\n"
                                 "{\"a\":\"nan\",\"b\":\"-inf\",\"n\":12345}\n"
                                 "val_bpb: 0.9979\nloss: inf\nitems: 3\n");
    str_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_value_of_a_name_counts_in_the_order_of_first_appearance),
        cmocka_unit_test(lines_of_a_name_and_a_number_are_metrics),
        cmocka_unit_test(everything_else_is_log),
        cmocka_unit_test(only_the_flat_numbers_of_a_record_are_metrics),
        cmocka_unit_test(python_s_nan_and_infinity_are_understood),
        cmocka_unit_test(whole_numbers_of_any_size_are_read),
        cmocka_unit_test(counts_have_their_places),
        cmocka_unit_test(a_record_that_says_nonfinite_is_remembered),
        cmocka_unit_test(bytes_that_are_no_text_are_log_and_do_no_harm),
        cmocka_unit_test(a_line_that_is_too_long_is_log),
        cmocka_unit_test(a_last_line_without_its_end_is_log),
        cmocka_unit_test(a_stream_that_is_empty_or_missing_holds_nothing),
        cmocka_unit_test(no_more_than_4096_names_are_kept),
        cmocka_unit_test(a_config_agrees_when_every_value_asked_for_is_there),
        cmocka_unit_test(the_last_config_counts),
        cmocka_unit_test(progress_is_the_last_whole_line_that_tells_it),
        cmocka_unit_test(the_canonical_text_holds_what_a_repetition_must_give_again),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
