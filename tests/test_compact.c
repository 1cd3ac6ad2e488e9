/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compact vocabularies: rows for the tokens that are used, and one for all others. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "block.h"
#include "check.h"
#include "compact.h"
#include "evaluate.h"
#include "json.h"
#include "mem.h"
#include "model.h"

static struct compact compact_of(const unsigned char *ids, size_t n, size_t vocab)
{
    unsigned char bytes[64] = {0};
    const struct tokens tokens = {.at = bytes, .n = n, .width = 2};
    struct compact c;

    for (size_t i = 0; i < n; i++)
        bytes[2 * i] = ids[i];
    compact_from_tokens(&c, &tokens, vocab);
    return c;
}

static const unsigned char gaps[] = {7, 2, 3, 2, 7, 9};

static void used_tokens_have_rows_in_order_and_the_rest_share_the_last(void **state)
{
    const uint32_t rows[] = {4, 4, 0, 1, 4, 4, 4, 2, 4, 3, 4};
    struct compact c = compact_of(gaps, sizeof gaps, 11);

    (void)state;
    assert_int_equal(c.used, 4);
    assert_int_equal(c.rows, 5);
    assert_memory_equal(c.row_of, rows, sizeof rows);
    assert_true(c.rest_cost == log(7));
    compact_clear(&c);
}

static void a_vocabulary_that_is_all_used_stays_as_it_is(void **state)
{
    const unsigned char ids[] = {2, 0, 1, 1};
    const uint32_t rows[] = {0, 1, 2};
    struct compact c = compact_of(ids, sizeof ids, 3);

    (void)state;
    assert_int_equal(c.rows, 3);
    assert_memory_equal(c.row_of, rows, sizeof rows);
    assert_true(c.rest_cost == 0);
    compact_clear(&c);
}

static void tokens_are_copied_as_rows_and_read_as_ids(void **state)
{
    const unsigned char bytes[] = {9, 0, 8, 0, 2, 0};
    struct compact c = compact_of(gaps, sizeof gaps, 11);
    const struct tokens tokens = {.at = bytes, .n = 3, .width = 2, .compact = &c};
    uint32_t out[3];

    (void)state;
    tokens_copy(out, &tokens, 0, 3);
    assert_int_equal(out[0], 3);
    assert_int_equal(out[1], 4);
    assert_int_equal(out[2], 0);
    assert_int_equal(token_at(&tokens, 1), 8);
    compact_clear(&c);
}

static void what_is_written_reads_back(void **state)
{
    struct compact a = compact_of(gaps, sizeof gaps, 11), b;
    json_t *value = compact_write(&a);
    struct err err = {0};
    struct str text = {0};

    (void)state;
    json_write(&text, value);
    assert_string_equal(str_text(&text), "{\"used\":[[2,2],[7,1],[9,1]],\"vocab\":11}");
    assert_int_equal(compact_read(&b, value, 5, "m", &err), 0);
    assert_int_equal(b.used, a.used);
    assert_true(b.rest_cost == a.rest_cost);
    assert_memory_equal(b.row_of, a.row_of, 11 * sizeof *a.row_of);
    compact_clear(&b);
    assert_int_equal(compact_read(&b, value, 6, "m", &err), -1);
    assert_string_equal(err.text, "m: \"vocabulary\" is for 5 rows, and the model has 6");
    str_clear(&text);
    json_decref(value);
    compact_clear(&a);
}

static void a_damaged_one_is_refused(void **state)
{
    static const char *const cases[] = {
        "{}",
        "[]",
        "{\"vocab\": 11}",
        "{\"vocab\": 11, \"used\": []}",
        "{\"vocab\": 11, \"used\": 5}",
        "{\"vocab\": 1e9, \"used\": [[0, 5]]}",
        "{\"vocab\": 99999999999, \"used\": [[0, 5]]}",
        "{\"vocab\": -1, \"used\": [[0, 5]]}",
        "{\"vocab\": 11, \"used\": [[0, 12]]}",
        "{\"vocab\": 11, \"used\": [[11, 1]]}",
        "{\"vocab\": 11, \"used\": [[0, 0]]}",
        "{\"vocab\": 11, \"used\": [[-1, 2]]}",
        "{\"vocab\": 11, \"used\": [[2, 3], [4, 1]]}",
        "{\"vocab\": 11, \"used\": [[4, 1], [2, 1]]}",
        "{\"vocab\": 11, \"used\": [[0]]}",
        "{\"vocab\": 11, \"used\": [[\"0\", 4]]}",
        "{\"vocab\": 11, \"used\": [[1, 9223372036854775807]]}",
        "{\"vocab\": 11, \"used\": [7]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *value = json_loads(cases[i], 0, NULL);
        struct compact c;
        struct err err = {0};
        assert_non_null(value);
        if (compact_read(&c, value, 5, "m", &err) == 0)
            fail_msg("%s was taken", cases[i]);
        assert_int_equal(err.code, ERR_USAGE);
        assert_null(c.row_of);
        json_decref(value);
    }
}

/* One target at a time, every token of the vocabulary: their probabilities sum to one. */
static void losses_are_of_a_distribution_over_the_whole_vocabulary(void **state)
{
    const struct shape shape = {.dim = 8,
                                .layers = 1,
                                .heads = 2,
                                .kv_heads = 2,
                                .hidden = 12,
                                .vocab = 5,
                                .seq = 4,
                                .tied = true,
                                .rope_theta = 1e4,
                                .norm_eps = 1e-5};
    struct compact c = compact_of(gaps, sizeof gaps, 11);
    struct model model;
    struct work work = {0};
    struct pool *pool;
    struct err err = {0};
    real *weights;
    double sum = 0;

    (void)state;
    assert_int_equal(model_init(&model, architecture_find("llama"), &shape, &err), 0);
    assert_int_equal(pool_open(&pool, 1, &err), 0);
    weights = block_new(model.n_weights);
    model_start(&model, weights, 1, 0.5);
    work.block = block_new(model.arch->scratch(&model, 4, false));
    for (unsigned char id = 0; id < 11; id++) {
        const unsigned char bytes[] = {3, 0, id, 0};
        const struct tokens tokens = {.at = bytes, .n = 2, .width = 2, .compact = &c};
        struct evaluation e;
        real loss;
        assert_int_equal(evaluation_init(&e, &tokens, 0, &err), 0);
        evaluate(&loss, &e, &model, weights, &work, 4, 4, pool, NULL);
        sum += exp(-(double)loss);
        evaluation_clear(&e);
    }
    assert_close(sum, 1, 1e-5, 0); /* eleven losses in single precision */
    free(work.block);
    free(weights);
    pool_close(pool);
    model_clear(&model);
    compact_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(used_tokens_have_rows_in_order_and_the_rest_share_the_last),
        cmocka_unit_test(a_vocabulary_that_is_all_used_stays_as_it_is),
        cmocka_unit_test(tokens_are_copied_as_rows_and_read_as_ids),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_damaged_one_is_refused),
        cmocka_unit_test(losses_are_of_a_distribution_over_the_whole_vocabulary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
