/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Token files, batches, and the fixed evaluation set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "block.h"
#include "check.h"
#include "data.h"
#include "evaluate.h"
#include "scratch.h"

static void write_text(const char *dir, const char *name, const char *text)
{
    scratch_write(dir, name, text, strlen(text));
}

static void a_folder_of_raw_files_opens_with_a_given_vocabulary(void **state)
{
    const unsigned char bytes[] = {1, 0, 2, 1, 255, 0};
    char *dir = scratch_new();
    struct data data;
    struct err err = {0};

    (void)state;
    scratch_write(dir, "train.bin", bytes, 6);
    scratch_write(dir, "val.bin", bytes, 4);
    assert_int_equal(data_open(&data, dir, 300, &err), 0);
    assert_int_equal(data.split[SPLIT_TRAIN].n, 3);
    assert_int_equal(data.split[SPLIT_VAL].n, 2);
    assert_int_equal(data.split[SPLIT_TEST].n, 0);
    assert_int_equal(token_at(&data.split[SPLIT_TRAIN], 1), 258);
    assert_true(isnan(data.bytes_per_token[SPLIT_VAL]));
    data_close(&data);
    scratch_remove(dir);
}

static void meta_json_gives_vocabulary_width_and_bytes_per_token(void **state)
{
    const unsigned char bytes[] = {1, 0, 0, 0, 0, 0, 1, 0};
    char *dir = scratch_new();
    struct data data;
    struct err err = {0};

    (void)state;
    scratch_write(dir, "train.bin", bytes, 8);
    scratch_write(dir, "val.bin", bytes, 8);
    scratch_write(dir, "test.bin", bytes, 8);
    write_text(dir, "meta.json",
               "{\"vocab\": 70000, \"token_bits\": 32, \"bytes_per_token\": {\"val\": 3.5}}");
    assert_int_equal(data_open(&data, dir, 0, &err), 0);
    assert_int_equal(data.vocab, 70000);
    assert_int_equal(data.split[SPLIT_TEST].n, 2);
    assert_int_equal(token_at(&data.split[SPLIT_TEST], 1), 65536);
    assert_true(data.bytes_per_token[SPLIT_VAL] == 3.5);
    assert_true(isnan(data.bytes_per_token[SPLIT_TRAIN]));
    data_close(&data);
    scratch_remove(dir);
}

static void a_single_file_is_split_ninety_five_five(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "tokens.bin");
    struct data data;
    struct err err = {0};

    (void)state;
    scratch_tokens(dir, "tokens.bin", 1007, 50, 0);
    assert_int_equal(data_open(&data, path, 50, &err), 0);
    assert_int_equal(data.split[SPLIT_TRAIN].n, 906);
    assert_int_equal(data.split[SPLIT_VAL].n, 50);
    assert_int_equal(data.split[SPLIT_TEST].n, 51);
    assert_ptr_equal(data.split[SPLIT_VAL].at, data.split[SPLIT_TRAIN].at + 2 * 906);
    data_close(&data);
    free(path);
    scratch_remove(dir);
}

static void bad_data_is_refused_in_one_line(void **state)
{
    const struct {
        const char *train, *meta;
        size_t bytes, vocab;
        const char *words;
    } cases[] = {
        {"\1\0\2", NULL, 3, 10, "no whole number"},
        {"\1\0\12\0", NULL, 4, 10, "token 10 at position 1"},
        {"", NULL, 0, 10, "empty"},
        {"\1\0\2\0", NULL, 4, 0, "set the option vocab"},
        {"\1\0\2\0", "{\"vocab\": 0}", 4, 0, "vocab"},
        {"\1\0\2\0", "{\"vocab\": 5, \"token_bits\": 8}", 4, 0, "token_bits"},
        {"\1\0\2\0", "{\"vocab\": 5, \"tokens\": {\"train\": 3}}", 4, 0, "meta.json says 3"},
        {"\1\0\2\0", "{\"vocab\": 5, ", 4, 0, "meta.json:1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dir = scratch_new();
        struct data data;
        struct err err = {0};
        scratch_write(dir, "train.bin", cases[i].train, cases[i].bytes);
        scratch_write(dir, "val.bin", "\1\0\2\0", 4);
        if (cases[i].meta != NULL)
            write_text(dir, "meta.json", cases[i].meta);
        assert_int_equal(data_open(&data, dir, cases[i].vocab, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        if (strstr(err.text, cases[i].words) == NULL)
            fail_msg("case %zu: '%s' lacks '%s'", i, err.text, cases[i].words);
        assert_null(strchr(err.text, '\n'));
        data_close(&data);
        scratch_remove(dir);
    }
}

static void a_fifo_is_refused_without_waiting(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "fifo");
    struct data data;
    struct err err = {0};

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(data_open(&data, path, 10, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    data_close(&data);
    free(path);
    scratch_remove(dir);
}

static void a_larger_batch_begins_with_the_smaller_ones_sequences(void **state)
{
    const struct tokens tokens = {.n = 1000, .width = 2};
    size_t few[4], many[16], other[4];

    (void)state;
    data_draw(few, 4, &tokens, 100, 7, 3);
    data_draw(many, 16, &tokens, 100, 7, 3);
    assert_memory_equal(few, many, sizeof few);
    data_draw(other, 4, &tokens, 100, 7, 4);
    assert_memory_not_equal(few, other, sizeof few);
    data_draw(other, 4, &tokens, 100, 8, 3);
    assert_memory_not_equal(few, other, sizeof few);
}

static void every_place_that_leaves_a_target_is_drawn(void **state)
{
    const struct tokens tokens = {.n = 13, .width = 2};
    size_t starts[1000];
    bool seen[3] = {false};

    (void)state;
    data_draw(starts, 1000, &tokens, 10, 1, 1);
    for (size_t i = 0; i < 1000; i++) {
        assert_true(starts[i] < 3); /* the last start reads tokens 2 … 12 */
        seen[starts[i]] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2]);
}

static void evaluation_windows_are_spread_and_never_overlap(void **state)
{
    const size_t sizes[] = {2, 100, 2049, 2050, 5000, 20000, 100001};
    const size_t wanted[] = {0, 1, 2048, 4096, 10000, 1000000};
    unsigned char *bytes = mem_new(100001, 2);

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) {
            const struct tokens tokens = {.at = bytes, .n = sizes[i], .width = 2};
            struct evaluation e;
            struct err err = {0};
            assert_int_equal(evaluation_init(&e, &tokens, wanted[k], &err), 0);
            assert_int_equal(e.n, e.n_windows * e.window);
            assert_true(e.n_windows >= 1);
            for (size_t w = 0; w < e.n_windows; w++) {
                assert_true(e.windows[w] + e.window < sizes[i]);
                assert_true(w == 0 || e.windows[w] >= e.windows[w - 1] + e.window);
            }
            evaluation_clear(&e);
        }
    free(bytes);
}

static void the_whole_split_leaves_out_fewer_targets_than_windows(void **state)
{
    const size_t sizes[] = {2, 3, 2048, 2049, 2050, 4097, 4098, 66789};
    uint8_t *bytes = mem_new(66789, 2);

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t wanted = 0; wanted <= sizes[i] - 1; wanted += sizes[i] - 1) {
            const struct tokens tokens = {.at = bytes, .n = sizes[i], .width = 2};
            struct evaluation e;
            struct err err = {0};
            assert_int_equal(evaluation_init(&e, &tokens, wanted, &err), 0);
            assert_true(e.window <= EVALUATE_WINDOW);
            assert_int_equal(e.n_windows, (sizes[i] - 2 + EVALUATE_WINDOW) / EVALUATE_WINDOW);
            assert_true(sizes[i] - 1 - e.n < e.n_windows);
            evaluation_clear(&e);
        }
    free(bytes);
}

struct evaluated {
    real *losses;
    size_t n;
    char sha256[SHA256_TEXT];
};

/* The same weights twice give the same bits, whatever is worked out in the same memory between. */
static void evaluate_once_more(const struct evaluated *was, const struct evaluation *e,
                               const struct model *model, const real *weights, struct work *works,
                               size_t rows, size_t seq, struct pool *pool)
{
    real *again = mem_new(e->n, sizeof *again), *others = block_new(model->n_weights);

    model_start(model, others, 2, 0.5);
    evaluate(again, e, model, others, works, rows, seq, pool, NULL);
    assert_memory_not_equal(again, was->losses, e->n * sizeof *again);
    evaluate(again, e, model, weights, works, rows, seq, pool, NULL);
    assert_memory_equal(again, was->losses, e->n * sizeof *again);
    free(others);
    free(again);
}

/* Losses of one small model on a fixed set, read in sequences of `seq`, `rows` tokens at once. */
static void evaluate_with(struct evaluated *out, const struct tokens *tokens, size_t seq,
                          size_t rows, size_t threads)
{
    const struct shape shape = {.dim = 8,
                                .layers = 1,
                                .heads = 2,
                                .kv_heads = 1,
                                .hidden = 8,
                                .vocab = 50,
                                .seq = 256,
                                .tied = true,
                                .rope_theta = 10000,
                                .norm_eps = 1e-5};
    struct model model;
    struct err err = {0};
    struct pool *pool;
    struct evaluation e;
    struct work works[4] = {{0}};
    real *weights;

    assert_int_equal(model_init(&model, architectures[0], &shape, &err), 0);
    assert_int_equal(pool_open(&pool, threads, &err), 0);
    assert_int_equal(evaluation_init(&e, tokens, 5000, &err), 0);
    weights = block_new(model.n_weights);
    model_start(&model, weights, 1, 0.5);
    for (size_t i = 0; i < threads; i++)
        works[i].block = block_new(model.arch->scratch(&model, rows, false));
    out->n = e.n;
    out->losses = mem_new(e.n, sizeof *out->losses);
    memcpy(out->sha256, e.sha256, sizeof out->sha256);
    evaluate(out->losses, &e, &model, weights, works, rows, seq, pool, NULL);
    evaluate_once_more(out, &e, &model, weights, works, rows, seq, pool);
    for (size_t i = 0; i < threads; i++)
        free(works[i].block);
    free(weights);
    evaluation_clear(&e);
    pool_close(pool);
    model_clear(&model);
}

static void
targets_depend_on_no_sequence_length_and_losses_on_no_thread_or_evaluation_before(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "t.bin");
    struct data data;
    struct err err = {0};
    struct evaluated a, b, c;
    size_t equal = 0;

    (void)state;
    scratch_tokens(dir, "t.bin", 20000, 50, 0);
    assert_int_equal(data_open_file(&data, path, 50, &err), 0);
    evaluate_with(&a, &data.split[SPLIT_VAL], 64, 256, 1);
    evaluate_with(&b, &data.split[SPLIT_VAL], 64, 256, 3);
    evaluate_with(&c, &data.split[SPLIT_VAL], 96, 200, 2); /* leaves a rest in each window */
    assert_int_equal(a.n, 6144);
    assert_string_equal(a.sha256, c.sha256);
    assert_memory_equal(a.losses, b.losses, a.n * sizeof *a.losses);
    assert_int_equal(a.n, c.n);
    for (size_t i = 0; i < a.n; i++) /* the first 64 of each window have the same context */
        if (i % 2048 < 64) {
            assert_close((double)c.losses[i], (double)a.losses[i], 1e-4, 1e-5);
            equal++;
        }
    assert_int_equal(equal, 3 * 64);
    assert_true(fabs((double)(a.losses[70] - c.losses[70])) > 1e-4); /* these do not */
    free(a.losses);
    free(b.losses);
    free(c.losses);
    data_close(&data);
    free(path);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_of_raw_files_opens_with_a_given_vocabulary),
        cmocka_unit_test(meta_json_gives_vocabulary_width_and_bytes_per_token),
        cmocka_unit_test(a_single_file_is_split_ninety_five_five),
        cmocka_unit_test(bad_data_is_refused_in_one_line),
        cmocka_unit_test(a_fifo_is_refused_without_waiting),
        cmocka_unit_test(a_larger_batch_begins_with_the_smaller_ones_sequences),
        cmocka_unit_test(every_place_that_leaves_a_target_is_drawn),
        cmocka_unit_test(evaluation_windows_are_spread_and_never_overlap),
        cmocka_unit_test(the_whole_split_leaves_out_fewer_targets_than_windows),
        cmocka_unit_test(
            targets_depend_on_no_sequence_length_and_losses_on_no_thread_or_evaluation_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
