/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every reader of data from outside on its corpus, cut off and damaged: it ends within its bounds
 * (`make check SAN=1` looks), and what it refuses it refuses with words and a code (the targets
 * look, and abort).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fuzz/replay.h"

enum { FEEDS = 6000 }; /* of each kind, for each reader */

static void each_reader_ends_whatever_it_is_given(void **state)
{
    (void)state;
    for (size_t i = 0; targets[i] != NULL; i++) {
        struct input *inputs;
        size_t n = inputs_read(&inputs, targets[i], "tests/fuzz/corpus");
        assert_true(n > 0);
        size_t each = n < FEEDS / 10 ? FEEDS / n : 10;
        assert_true(replay(targets[i], inputs, n, each, each) >= each * n);
        inputs_free(inputs, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reader_ends_whatever_it_is_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
