/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which class wins, from how the process ended and from what it printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify.h"
#include "file.h"
#include "mem.h"

static void read_printed(struct stream *out, const char *text)
{
    const char *tmp = getenv("TMPDIR");
    struct err err = {0};
    char dir[64];

    snprintf(dir, sizeof dir, "%.30s/test_classify.XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
    char *path = path_join(dir, RUN_STREAM);
    assert_int_equal(file_write(path, text, strlen(text), &err), 0);
    assert_int_equal(stream_read(out, dir, &err), 0);
    assert_int_equal(file_remove(dir, &err), 0);
    free(path);
}

/* A study that measures val_loss and asks for {"x": 0.5}. */
static struct run classify(const struct outcome_facts *facts, const char *printed)
{
    static char metric[] = "val_loss", name[] = "x";
    struct param param = {.name = name, .when = -1};
    struct study study = {.metric = metric, .space = {.params = &param, .n = 1}};
    struct value config = {.type = VALUE_NUMBER, .number = 0.5};
    struct run run = {.id = 1, .class = CLASS_NONE, .detail = mem_strdup("an older one")};
    struct stream stream;

    read_printed(&stream, printed);
    run_classify(&run, facts, &stream, &study, &config);
    stream_clear(&stream);
    return run;
}

#define WELL  "{\"config\": {\"x\": 0.5}}\n{\"val_loss\": 2.5}\n"
#define SICK  "val_loss: nan\n"
#define OTHER "{\"config\": {\"x\": 0.6}}\n{\"val_loss\": 2.5}\n"

static void the_first_reason_that_holds_is_the_class(void **state)
{
    static const struct {
        enum run_class process;
        const char *printed;
        enum run_class class;
        const char *detail; /* NULL: none */
    } cases[] = {
        {CLASS_OK, WELL, CLASS_OK, NULL},
        {CLASS_OK, SICK, CLASS_NONFINITE, "'val_loss' is nan"},
        {CLASS_OK, SICK WELL, CLASS_OK, NULL},
        {CLASS_OK, WELL SICK, CLASS_NONFINITE, "'val_loss' is nan"},
        {CLASS_OK, OTHER, CLASS_PROTOCOL, "'x' is not what was asked for: 0.5 became 0.6"},
        {CLASS_OK, "other: 1\n", CLASS_PROTOCOL, "exit 0 but no 'val_loss' was printed"},
        {CLASS_OK, "{\"nonfinite\": 1}\n", CLASS_NONFINITE, "the trainer says"},
        {CLASS_EXIT, WELL, CLASS_EXIT, "from the process"},
        {CLASS_EXIT, SICK, CLASS_NONFINITE, "'val_loss' is nan"},
        {CLASS_EXIT, OTHER, CLASS_EXIT, "from the process"},
        {CLASS_SIGNAL, WELL, CLASS_SIGNAL, "from the process"},
        {CLASS_SIGNAL, "val_loss: -inf\n", CLASS_NONFINITE, "'val_loss' is -inf"},
        {CLASS_TIMEOUT, SICK, CLASS_TIMEOUT, "from the process"},
        {CLASS_OOM, SICK, CLASS_OOM, "from the process"},
        {CLASS_OUTPUT_FLOOD, SICK, CLASS_OUTPUT_FLOOD, "from the process"},
        {CLASS_SPAWN, "", CLASS_SPAWN, "from the process"},
        {CLASS_STOPPED, WELL, CLASS_STOPPED, "from the process"},
        {CLASS_INTERRUPTED, WELL, CLASS_INTERRUPTED, "from the process"},
        {CLASS_PROTOCOL, WELL, CLASS_PROTOCOL, "from the process"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outcome_facts facts = {.class = cases[i].process};
        if (cases[i].process != CLASS_OK)
            strcpy(facts.detail, "from the process");
        struct run run = classify(&facts, cases[i].printed);
        assert_int_equal(run.class, cases[i].class);
        if (cases[i].class == CLASS_OK)
            assert_true(run.value == 2.5);
        else
            assert_true(isnan(run.value)); /* a failed run has no value, whatever it printed */
        if (cases[i].detail == NULL)
            assert_null(run.detail);
        else
            assert_non_null(strstr(run.detail, cases[i].detail));
        free(run.detail);
    }
}

static void what_the_process_used_is_copied(void **state)
{
    struct outcome_facts facts = {
        .class = CLASS_EXIT, .exit_code = 3, .wall_s = 1.5, .cpu_s = 2.5, .peak_mib = 17};
    struct run run = classify(&facts, "");

    (void)state;
    assert_int_equal(run.exit_code, 3);
    assert_int_equal(run.signal, 0);
    assert_true(run.wall_s == 1.5 && run.cpu_s == 2.5 && run.peak_mib == 17);
    assert_int_equal(run.steps, -1);
    free(run.detail);
}

static void the_steps_are_those_printed_else_those_calibrated(void **state)
{
    struct outcome_facts facts = {.class = CLASS_OK};
    struct run run = classify(&facts, WELL "{\"calibrated_steps\": 120}\n");

    (void)state;
    assert_int_equal(run.steps, 120);
    free(run.detail);
    run = classify(&facts, WELL "{\"calibrated_steps\": 120}\n{\"steps\": 119}\n");
    assert_int_equal(run.steps, 119);
    free(run.detail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_reason_that_holds_is_the_class),
        cmocka_unit_test(what_the_process_used_is_copied),
        cmocka_unit_test(the_steps_are_those_printed_else_those_calibrated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
