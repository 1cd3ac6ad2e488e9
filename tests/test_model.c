/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The models against reference values: tiny random ones in tests/golden, whose loss, gradients
 * and losses after three AdamW steps were computed in float64 by Hugging Face's implementation.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "block.h"
#include "check.h"
#include "checkpoint.h"
#include "file.h"
#include "json.h"
#include "mem.h"
#include "model.h"
#include "ops.h"
#include "optimizer.h"
#include "rng.h"
#include "trainer.h"

#define THREADS 2

struct golden {
    json_t *root;
    struct model model;
    real *weights, *gradient, *losses;
    struct work work;
    uint32_t *inputs, *targets;
    struct batch batch;
};

static void read_ids(struct golden *g)
{
    const json_t *ids = json_object_get(g->root, "ids");
    size_t n = json_array_size(ids), seq = json_array_size(json_array_get(ids, 0)) - 1;

    g->inputs = mem_new(n * seq, sizeof *g->inputs);
    g->targets = mem_new(n * seq, sizeof *g->targets);
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < seq; t++) {
            const json_t *row = json_array_get(ids, i);
            g->inputs[i * seq + t] = (uint32_t)json_integer_value(json_array_get(row, t));
            g->targets[i * seq + t] = (uint32_t)json_integer_value(json_array_get(row, t + 1));
        }
    g->batch = (struct batch){g->inputs, g->targets, n, seq};
}

static void golden_open(struct golden *g, const char *name)
{
    char *dir = mem_printf("tests/golden/%s", name), *path = path_join(dir, "case.json"), *text;
    struct err err = {0};
    size_t len, rows;

    *g = (struct golden){0};
    if (file_read(&text, &len, path, 1 << 20, &err) != 0 ||
        json_read(&g->root, text, len, path, &err) != 0 ||
        checkpoint_read_shape(&g->model, dir, 0, &err) != 0 ||
        checkpoint_read_weights(&g->weights, &g->model, dir, &err) != 0)
        fail_msg("%s", err.text);
    read_ids(g);
    rows = g->batch.sequences * g->batch.seq;
    g->gradient = block_new(g->model.n_weights);
    g->losses = block_new(rows);
    g->work.block = block_new(g->model.arch->scratch(&g->model, rows, true));
    free(text);
    free(path);
    free(dir);
}

static void golden_close(struct golden *g)
{
    free(g->work.block);
    free(g->losses);
    free(g->gradient);
    free(g->targets);
    free(g->inputs);
    free(g->weights);
    model_clear(&g->model);
    json_decref(g->root);
}

static double mean_loss(const struct golden *g)
{
    size_t rows = g->batch.sequences * g->batch.seq;
    double sum = 0;

    for (size_t i = 0; i < rows; i++)
        sum += (double)g->losses[i];
    return sum / (double)rows;
}

static double loss_and_gradient(struct golden *g)
{
    size_t rows = g->batch.sequences * g->batch.seq;

    g->model.arch->gradient(&g->model, g->losses, g->gradient, g->weights, &g->work, &g->batch,
                            1 / (real)rows);
    return mean_loss(g);
}

static const char *const cases[] = {"llama-gqa", "llama-tied-mha", "qwen2-bias", "qwen3-qknorm"};
#define CASES (sizeof cases / sizeof *cases)

static void loss_is_the_reference_implementations(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct golden g;
        double expected;
        golden_open(&g, cases[i]);
        expected = json_number_value(json_object_get(g.root, "loss"));
        assert_close(loss_and_gradient(&g), expected, 1e-5, 0);
        g.model.arch->losses(&g.model, g.losses, g.weights, &g.work, &g.batch);
        assert_close(mean_loss(&g), expected, 1e-5, 0);
        golden_close(&g);
    }
}

static void compare_gradient(const struct golden *g, const struct tensor *t)
{
    const json_t *entry = json_object_get(json_object_get(g->root, "grads"), t->name);
    const json_t *first = json_object_get(entry, "first8");
    double norm = json_number_value(json_object_get(entry, "norm"));
    const real *at = g->gradient + t->at;

    assert_non_null(entry);
    assert_close(sqrt(block_square_sum(at, tensor_size(t))), norm, 1e-4, 0);
    for (size_t i = 0; i < json_array_size(first); i++)
        assert_close((double)at[i], json_number_value(json_array_get(first, i)), 1e-3, 1e-5 * norm);
}

static void every_gradient_is_the_reference_implementations(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct golden g;
        golden_open(&g, cases[i]);
        loss_and_gradient(&g);
        for (size_t k = 0; k < g.model.n_tensors; k++)
            compare_gradient(&g, &g.model.tensors[k]);
        golden_close(&g);
    }
}

static void losses_after_three_adamw_steps_are_the_reference_implementations(void **state)
{
    /* weight decay 0.1 on every parameter, clipping at 1: see the fixtures' description */
    const struct optimizer_rule rule = {.lr = 1e-3,
                                        .beta1 = 0.9,
                                        .beta2 = 0.95,
                                        .eps = 1e-8,
                                        .weight_decay = 0.1,
                                        .decay_all = true};
    struct err err = {0};
    struct pool *pool;

    (void)state;
    assert_int_equal(pool_open(&pool, THREADS, &err), 0);
    for (size_t i = 0; i < CASES; i++) {
        struct golden g;
        struct descent *descent;
        const json_t *expected;
        golden_open(&g, cases[i]);
        expected = json_object_get(g.root, "losses_after_adamw_steps");
        assert_int_equal(json_array_size(expected), 4); /* the first is before any step */
        descent = descent_new(optimizer_find("adamw"), &g.model, 4);
        for (size_t k = 0; k < 4; k++) {
            double norm;
            assert_close(loss_and_gradient(&g), json_number_value(json_array_get(expected, k)),
                         1e-4, 0);
            norm = descent_norm(descent, g.gradient, pool);
            if (k == 0)
                assert_close(norm, json_number_value(json_object_get(g.root, "grad_norm")), 1e-4,
                             0);
            descent_step(descent, g.weights, g.gradient, &rule, norm > 1 ? 1 / norm : 1, pool);
        }
        descent_free(descent);
        golden_close(&g);
    }
    pool_close(pool);
}

static const struct shape small = {.dim = 16,
                                   .layers = 2,
                                   .heads = 2,
                                   .kv_heads = 1,
                                   .hidden = 24,
                                   .vocab = 32,
                                   .seq = 8,
                                   .tied = true,
                                   .rope_theta = 10000,
                                   .norm_eps = 1e-5};

/* The draws are the same, and what writes to the residual stream takes them by 1/sqrt(2 layers). */
static void check_same_draws(const real *a, const real *b, const struct tensor *t, int layers_a,
                             int layers_b)
{
    double factor = sqrt((double)layers_b / layers_a);

    if (t->role != ROLE_RESIDUAL)
        assert_memory_equal(a, b, tensor_size(t) * sizeof *a);
    for (size_t i = 0; t->role == ROLE_RESIDUAL && i < tensor_size(t); i++)
        assert_close((double)a[i], factor * (double)b[i], 1e-6, 0);
}

static void check_start_at_another_depth(const struct architecture *arch)
{
    struct shape flat = small, deep;
    struct model a, b;
    struct err err = {0};
    real *wa, *wb;

    flat.tied = false; /* the head stands behind the layers, so another depth moves it */
    deep = flat;
    deep.layers = 3;
    assert_int_equal(model_init(&a, arch, &flat, &err), 0);
    assert_int_equal(model_init(&b, arch, &deep, &err), 0);
    wa = block_new(a.n_weights);
    wb = block_new(b.n_weights);
    model_start(&a, wa, 7, 0.02);
    model_start(&b, wb, 7, 0.02);
    for (size_t i = 0; i < a.n_tensors; i++) {
        const struct tensor *ta = &a.tensors[i], *tb = model_find(&b, ta->name);
        check_same_draws(wa + ta->at, wb + tb->at, ta, flat.layers, deep.layers);
    }
    free(wb);
    free(wa);
    model_clear(&b);
    model_clear(&a);
}

static void depth_leaves_the_start_of_the_other_tensors_untouched(void **state)
{
    (void)state;
    for (size_t i = 0; architectures[i] != NULL; i++)
        check_start_at_another_depth(architectures[i]);
}

/* Moments of n numbers, and how far their distribution is from the standard normal (Kolmogorov). */
struct sample {
    double mean, variance, kurtosis, distance;
};

static int by_size(const void *a, const void *b)
{
    real x = *(const real *)a, y = *(const real *)b;

    return (x > y) - (x < y);
}

static struct sample sample_of(real *x, size_t n, double std)
{
    struct sample s = {0};
    double fourth = 0;

    qsort(x, n, sizeof *x, by_size);
    for (size_t i = 0; i < n; i++) {
        double z = (double)x[i] / std, below = erfc(-z / sqrt(2)) / 2;
        s.mean += z / (double)n;
        s.variance += z * z / (double)n;
        fourth += z * z * z * z / (double)n;
        s.distance = fmax(s.distance, fabs(below - ((double)i + 0.5) / (double)n));
    }
    s.kurtosis = fourth / (s.variance * s.variance);
    return s;
}

static void check_start(const struct model *model, const struct tensor *t, const real *w)
{
    bool residual = t->role == ROLE_RESIDUAL && !model->shape.deepnet;
    double square = 0, asked = residual ? 0.25 : 0.5; /* 0.5 / sqrt(2 layers) of two layers */

    for (size_t i = 0; i < tensor_size(t); i++) {
        if (!tensor_is_matrix(t))
            assert_true(w[t->at + i] == (t->role == ROLE_NORM ? 1 : 0));
        square += (double)w[t->at + i] * (double)w[t->at + i];
    }
    if (tensor_is_matrix(t)) /* five standard errors of a deviation */
        assert_close(sqrt(square / (double)tensor_size(t)), asked,
                     5 / sqrt(2 * (double)tensor_size(t)), 0);
}

static void gains_start_at_one_biases_at_zero_and_residual_matrices_are_scaled_once(void **state)
{
    (void)state;
    for (size_t i = 0; architectures[i] != NULL; i++)
        for (int deepnet = 0; deepnet < 2; deepnet++) {
            struct shape shape = small;
            struct model m;
            struct err err = {0};
            real *w;
            shape.deepnet = deepnet == 1;
            assert_int_equal(model_init(&m, architectures[i], &shape, &err), 0);
            assert_close(residual_scale(&shape), deepnet == 1 ? 0.5 : 1, 1e-15, 0);
            w = block_new(m.n_weights);
            model_start(&m, w, 3, 0.5);
            for (size_t k = 0; k < m.n_tensors; k++)
                check_start(&m, &m.tensors[k], w);
            free(w);
            model_clear(&m);
        }
}

/* Five steps of training on random tokens; the caller frees. */
static real *trained(size_t *n, const char *model, size_t threads)
{
    static uint8_t bytes[2000];
    const struct tokens tokens = {.at = bytes, .n = sizeof bytes / 2, .width = 2};
    char *text = mem_printf("{\"model\": \"%s\", \"dim\": 16, \"heads\": 2, \"kv_heads\": 1,"
                            " \"head_dim\": 12, \"residual_scale\": \"deepnet\","
                            " \"seq\": 16, \"batch\": 7, \"micro_batch\": 2}",
                            model);
    struct config config;
    struct trainer *t;
    struct err err = {0};
    struct rng rng;
    json_t *object = json_loads(text, 0, NULL);
    real *weights;

    rng_init(&rng, 1, "bytes", 0);
    for (size_t i = 0; i < sizeof bytes; i += 2)
        bytes[i] = (uint8_t)rng_below(&rng, 64); /* little-endian uint16 */
    config_init(&config);
    assert_int_equal(config_take(&config, object, "test", &err), 0);
    assert_int_equal(trainer_open(&t, &config, 64, threads, 1, &err), 0);
    trainer_start(t);
    for (uint64_t step = 0; step < 5; step++)
        assert_true(isfinite(trainer_step(t, &tokens, step, 0.01).loss));
    *n = t->model.n_weights;
    weights = block_new(*n);
    memcpy(weights, t->weights, *n * sizeof *weights);
    trainer_close(t);
    json_decref(object);
    config_clear(&config);
    free(text);
    return weights;
}

static void every_models_weights_are_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    for (size_t i = 0; architectures[i] != NULL; i++) {
        size_t n;
        real *one = trained(&n, architectures[i]->name, 1);
        for (size_t threads = 2; threads <= 4; threads += 2) {
            size_t m;
            real *more = trained(&m, architectures[i]->name, threads);
            assert_int_equal(m, n);
            assert_memory_equal(more, one, n * sizeof *one);
            free(more);
        }
        free(one);
    }
}

/* A deepnet is the same model with smaller matrices in front of the residual stream. */
static void a_residual_scale_is_the_same_as_smaller_matrices(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct golden g;
        double deepnet, usual;
        golden_open(&g, cases[i]);
        usual = loss_and_gradient(&g);
        g.model.shape.deepnet = true;
        deepnet = loss_and_gradient(&g);
        g.model.shape.deepnet = false;
        for (size_t k = 0; k < g.model.n_tensors; k++) {
            const struct tensor *t = &g.model.tensors[k];
            if (t->role == ROLE_RESIDUAL) /* of two layers: a half, without rounding */
                block_scale(g.weights + t->at, (real)0.5, tensor_size(t));
        }
        assert_close(loss_and_gradient(&g), deepnet, 1e-6, 0);
        assert_true(fabs(deepnet - usual) > 1e-3);
        golden_close(&g);
    }
}

/* Bounds of five standard errors, and Kolmogorov's 0.1 % point, for n independent normals. */
static void starting_matrices_are_normal_with_the_deviation_asked_for(void **state)
{
    struct shape shape = small;
    struct model m;
    struct err err = {0};
    real *w;

    (void)state;
    shape.dim = 256;
    shape.layers = 2;
    shape.hidden = 600;
    shape.vocab = 1000;
    assert_int_equal(model_init(&m, architectures[0], &shape, &err), 0);
    w = block_new(m.n_weights);
    model_start(&m, w, 11, 0.02);
    for (size_t i = 0; i < m.n_tensors; i++) {
        const struct tensor *t = &m.tensors[i];
        size_t n = tensor_size(t);
        double root = sqrt((double)n);
        struct sample s;
        if (t->role == ROLE_NORM)
            continue;
        s = sample_of(w + t->at, n, t->role == ROLE_RESIDUAL ? 0.02 / 2 : 0.02);
        assert_close(s.mean, 0, 0, 5 / root);
        assert_close(s.variance, 1, 5 * sqrt(2) / root, 0);
        assert_close(s.kurtosis, 3, 0, 5 * sqrt(24) / root);
        assert_close(s.distance, 0, 0, 1.95 / root);
    }
    free(w);
    model_clear(&m);
}

static void neighbouring_starting_weights_are_independent(void **state)
{
    const size_t lags[] = {1, 2, 3, 64};
    struct model m;
    struct shape shape = small;
    struct err err = {0};
    real *w;

    (void)state;
    shape.vocab = 20000;
    assert_int_equal(model_init(&m, architectures[0], &shape, &err), 0);
    w = block_new(m.n_weights);
    model_start(&m, w, 5, 1);
    for (size_t k = 0; k < sizeof lags / sizeof *lags; k++) {
        size_t n = tensor_size(&m.tensors[0]) - lags[k];
        double product = 0, squares = 0;
        for (size_t i = 0; i < n; i++) {
            double a = (double)w[i], b = (double)w[i + lags[k]];
            product += a * b / (double)n;
            squares += (a * a - 1) * (b * b - 1) / (double)n;
        }
        assert_close(product, 0, 0, 5 / sqrt((double)n));
        assert_close(squares, 0, 0, 5 * 2 / sqrt((double)n));
    }
    free(w);
    model_clear(&m);
}

static void large_blocks_begin_zeroed_even_where_memory_is_used_again(void **state)
{
    size_t n = (size_t)12 << 20;

    (void)state;
    for (int round = 0; round < 3; round++) {
        real *block = block_new(n);
        for (size_t i = 0; i < n; i += 61)
            assert_true(block[i] == 0);
        for (size_t i = 0; i < n; i++)
            block[i] = 1;
        free(block);
    }
}

static void tensors_cover_the_block_without_gap_or_overlap(void **state)
{
    (void)state;
    for (size_t a = 0; architectures[a] != NULL; a++) {
        struct shape untied = small;
        struct model m;
        struct err err = {0};
        size_t at = 0;
        untied.tied = false;
        assert_int_equal(model_init(&m, architectures[a], &untied, &err), 0);
        for (size_t i = 0; i < m.n_tensors; i++) {
            assert_int_equal(m.tensors[i].at, at);
            at += tensor_size(&m.tensors[i]);
        }
        assert_int_equal(at, m.n_weights);
        model_clear(&m);
    }
}

static void shapes_that_cannot_be_built_are_refused(void **state)
{
    const struct {
        int dim, heads, kv_heads, head_dim;
        const char *words;
    } bad[] = {{16, 3, 1, 0, "divisible"},  {16, 2, 4, 0, "multiple"},
               {18, 6, 6, 0, "odd"},        {64, 8, 3, 0, "multiple"},
               {16, 3, 2, 8, "multiple"},   {16, 2, 1, 7, "head_dim 7 is odd"},
               {16, 2, 1, 1 << 24, "wider"}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct shape shape = small;
        struct model m;
        struct err err = {0};
        shape.dim = bad[i].dim;
        shape.heads = bad[i].heads;
        shape.kv_heads = bad[i].kv_heads;
        shape.head_dim = bad[i].head_dim;
        assert_int_equal(model_init(&m, architectures[0], &shape, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        assert_non_null(strstr(err.text, bad[i].words));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_is_the_reference_implementations),
        cmocka_unit_test(every_gradient_is_the_reference_implementations),
        cmocka_unit_test(losses_after_three_adamw_steps_are_the_reference_implementations),
        cmocka_unit_test(depth_leaves_the_start_of_the_other_tensors_untouched),
        cmocka_unit_test(gains_start_at_one_biases_at_zero_and_residual_matrices_are_scaled_once),
        cmocka_unit_test(every_models_weights_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(a_residual_scale_is_the_same_as_smaller_matrices),
        cmocka_unit_test(starting_matrices_are_normal_with_the_deviation_asked_for),
        cmocka_unit_test(neighbouring_starting_weights_are_independent),
        cmocka_unit_test(large_blocks_begin_zeroed_even_where_memory_is_used_again),
        cmocka_unit_test(tensors_cover_the_block_without_gap_or_overlap),
        cmocka_unit_test(shapes_that_cannot_be_built_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
