/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading on with kept keys and values, against the whole forward pass and reference values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "block.h"
#include "check.h"
#include "decoder.h"
#include "file.h"
#include "format.h"
#include "gemm.h"
#include "json.h"
#include "mem.h"
#include "product.h"
#include "rng.h"

static const char *const cases[] = {"llama-gqa", "llama-tied-mha", "qwen2-bias", "qwen3-qknorm"};
#define CASES (sizeof cases / sizeof *cases)

struct golden {
    struct model_file file;
    struct weights weights;
    json_t *root;
};

static void golden_open(struct golden *g, const char *name)
{
    const struct format_hints hints = {0};
    char *dir = mem_printf("tests/golden/%s", name), *path = path_join(dir, "case.json"), *text;
    struct err err = {0};
    size_t len;

    if (file_read(&text, &len, path, 1 << 20, &err) != 0 ||
        json_read(&g->root, text, len, path, &err) != 0 ||
        model_file_open(&g->file, dir, &hints, &err) != 0 ||
        model_file_view(&g->weights, &g->file, &err) != 0)
        fail_msg("%s", err.text);
    model_positions(&g->file.model);
    free(text);
    free(path);
    free(dir);
}

static void golden_close(struct golden *g)
{
    json_decref(g->root);
    weights_clear(&g->weights);
    model_file_close(&g->file);
}

static struct decoder *open_decoder(const struct golden *g, size_t length, size_t threads)
{
    struct decoder *d;
    struct err err = {0};

    if (decoder_open(&d, &g->file.model, &g->weights, length, threads, &err) != 0)
        fail_msg("%s", err.text);
    return d;
}

static size_t read_ids(uint32_t *out, const json_t *list, size_t most)
{
    size_t n = json_array_size(list) < most ? json_array_size(list) : most;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint32_t)json_integer_value(json_array_get(list, i));
    return n;
}

static uint32_t largest(const real *x, size_t n)
{
    uint32_t at = 0;

    for (size_t i = 1; i < n; i++)
        at = x[i] > x[at] ? (uint32_t)i : at;
    return at;
}

/* 1e-5 of the largest logit: what float32 leaves of float64 through two layers. */
static void compare(const real *logits, const json_t *want)
{
    double most = 0;

    for (size_t i = 0; i < json_array_size(want); i++)
        most = fmax(most, fabs(json_number_value(json_array_get(want, i))));
    for (size_t i = 0; i < json_array_size(want); i++)
        assert_close((double)logits[i], json_number_value(json_array_get(want, i)), 1e-5,
                     1e-5 * most);
}

static void logits_are_the_reference_implementations(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct golden g = {0};
        uint32_t ids[64];
        golden_open(&g, cases[i]);
        const json_t *rows = json_object_get(g.root, "ids");
        struct decoder *d = open_decoder(&g, 64, 2);
        size_t n = read_ids(ids, json_array_get(rows, 0), 64) - 1; /* the last is a target alone */
        compare(decoder_read(d, ids, 1), json_object_get(g.root, "logits_first_pos"));
        decoder_back(d, 0);
        n = read_ids(ids, json_array_get(rows, json_array_size(rows) - 1), 64) - 1;
        compare(decoder_read(d, ids, n), json_object_get(g.root, "logits_last_pos"));
        decoder_back(d, 0);
        for (size_t k = 0; k + 1 < n; k++) /* one by one: the same */
            decoder_read(d, ids + k, 1);
        compare(decoder_read(d, ids + n - 1, 1), json_object_get(g.root, "logits_last_pos"));
        assert_int_equal(decoder_length(d), n);
        decoder_close(d);
        golden_close(&g);
    }
}

static void greedy_tokens_are_the_reference_implementations(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct golden g = {0};
        uint32_t ids[64];
        golden_open(&g, cases[i]);
        struct decoder *d = open_decoder(&g, 64, 1);
        size_t n = read_ids(ids, json_object_get(g.root, "greedy_ids"), 64);
        size_t vocab = (size_t)g.file.model.shape.vocab;
        const real *logits = decoder_read(d, ids, 8);
        for (size_t k = 8; k < n; k++) {
            assert_int_equal(largest(logits, vocab), ids[k]);
            logits = decoder_read(d, ids + k, 1);
        }
        decoder_close(d);
        golden_close(&g);
    }
}

/* 256 tokens: over the borders of strips and of chunks, in parts of every kind. */
static void parts_of_any_size_and_threads_give_the_same(void **state)
{
    static const size_t parts[] = {1, 63, 64, 65, 1, 2, 60};
    struct golden g = {0};
    struct rng rng;
    uint32_t ids[256];
    size_t vocab, at = 0;

    (void)state;
    golden_open(&g, "qwen3-qknorm");
    vocab = (size_t)g.file.model.shape.vocab;
    rng_init(&rng, 1, "tokens", 0);
    for (size_t i = 0; i < 256; i++)
        ids[i] = (uint32_t)rng_below(&rng, vocab);
    struct decoder *whole = open_decoder(&g, 256, 1), *three = open_decoder(&g, 256, 3);
    const real *a = decoder_read(whole, ids, 256), *b = decoder_read(three, ids, 256);
    assert_memory_equal(a, b, vocab * sizeof *a);
    decoder_back(three, 0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; at += parts[i++])
        b = decoder_read(three, ids + at, parts[i]);
    assert_int_equal(at, 256);
    for (size_t i = 0; i < vocab; i++)
        assert_close((double)b[i], (double)a[i], 1e-4, 1e-5);
    decoder_close(whole);
    decoder_close(three);
    golden_close(&g);
}

static void a_text_longer_than_the_model_reads_is_refused(void **state)
{
    struct golden g = {0};
    struct decoder *d;
    struct err err = {0};

    (void)state;
    golden_open(&g, "llama-gqa");
    assert_int_equal(decoder_open(&d, &g.file.model, &g.weights, 257, 1, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "257"));
    golden_close(&g);
}

/* Against a plain sum, for sizes around the blocks that the kernel works in. */
static void a_product_of_one_row_is_the_plain_sum(void **state)
{
    static const size_t sizes[] = {1, 3, 4, 5, 15, 16, 17, 31, 64, 70};
    real x[70], w[70 * 70], y[70];
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, "product", 0);
    for (size_t i = 0; i < 70 * 70; i++)
        w[i] = (real)rng_normal(&rng);
    for (size_t i = 0; i < 70; i++)
        x[i] = (real)rng_normal(&rng);
    for (size_t a = 0; a < 10; a++)
        for (size_t b = 0; b < 10; b++) {
            size_t outs = sizes[a], in = sizes[b];
            for (size_t o = 0; o < outs; o++)
                y[o] = 1;
            product(y, outs, x, w, 1, outs, in, 0.5f, 1);
            for (size_t o = 0; o < outs; o++) {
                double sum = 0;
                for (size_t i = 0; i < in; i++)
                    sum += (double)x[i] * (double)w[o * in + i];
                assert_close((double)y[o], 1 + 0.5 * sum, 1e-5, 1e-5);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_are_the_reference_implementations),
        cmocka_unit_test(greedy_tokens_are_the_reference_implementations),
        cmocka_unit_test(parts_of_any_size_and_threads_give_the_same),
        cmocka_unit_test(a_text_longer_than_the_model_reads_is_refused),
        cmocka_unit_test(a_product_of_one_row_is_the_plain_sum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
