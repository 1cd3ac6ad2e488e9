/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimizers and schedules. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "block.h"
#include "check.h"
#include "model.h"
#include "optimizer.h"
#include "rng.h"
#include "schedule.h"

static const struct shape shape = {.dim = 64,
                                   .layers = 2,
                                   .heads = 2,
                                   .kv_heads = 1,
                                   .hidden = 96,
                                   .vocab = 1200,
                                   .seq = 8,
                                   .tied = true,
                                   .rope_theta = 10000,
                                   .norm_eps = 1e-5};
static const struct optimizer_rule plain = {
    .lr = 0.01, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8, .matrix_lr = 0.1, .momentum = 0.9};

static void fill(real *x, size_t n, uint64_t index)
{
    struct rng rng;

    rng_init(&rng, 2, "optimizer test", index);
    for (size_t i = 0; i < n; i++)
        x[i] = (real)rng_normal(&rng);
}

static void adamw_is_its_published_recurrence(void **state)
{
    struct optimizer_rule rule = plain;
    real w[37], g[37], m[37] = {0}, v[37] = {0}, *states[2] = {m, v};
    double wd[37], md[37] = {0}, vd[37] = {0};

    (void)state;
    rule.weight_decay = 0.3;
    fill(w, 37, 0);
    for (int i = 0; i < 37; i++)
        wd[i] = (double)w[i];
    for (long t = 1; t <= 5; t++) {
        fill(g, 37, (uint64_t)t);
        optimizer_find("adamw")->step(w, g, states, 37, &rule, 0.5, rule.weight_decay, t);
        for (int i = 0; i < 37; i++) {
            double gi = 0.5 * (double)g[i];
            md[i] = 0.9 * md[i] + 0.1 * gi;
            vd[i] = 0.99 * vd[i] + 0.01 * gi * gi;
            wd[i] -= 0.01 * 0.3 * wd[i];
            wd[i] -= 0.01 * (md[i] / (1 - pow(0.9, (double)t))) /
                     (sqrt(vd[i] / (1 - pow(0.99, (double)t))) + 1e-8);
            assert_close((double)w[i], wd[i], 1e-5, 1e-6);
        }
    }
}

/* f(w) = sum of curvature * (w - target)^2 / 2 */
static double quadratic(real *gradient, const real *w, const real *target, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double off = (double)w[i] - (double)target[i], curvature = 0.5 + (double)(i % 7);
        gradient[i] = (real)(curvature * off);
        sum += curvature * off * off / 2;
    }
    return sum;
}

static void every_optimizer_descends_a_quadratic(void **state)
{
    struct model model;
    struct err err = {0};
    struct pool *pool;

    (void)state;
    assert_int_equal(model_init(&model, architectures[0], &shape, &err), 0);
    assert_int_equal(pool_open(&pool, 2, &err), 0);
    for (size_t i = 0; optimizers[i] != NULL; i++) {
        struct descent *d = descent_new(optimizers[i], &model, 2);
        size_t n = model.n_weights;
        real *w = block_new(n), *g = block_new(n), *target = block_new(n);
        double first, last = 0;
        fill(target, n, 9);
        first = quadratic(g, w, target, n);
        for (int step = 0; step < 100; step++) {
            descent_step(d, w, g, &plain, 1, pool);
            last = quadratic(g, w, target, n);
        }
        assert_true(last < 0.5 * first);
        free(target);
        free(g);
        free(w);
        descent_free(d);
    }
    pool_close(pool);
    model_clear(&model);
}

static void norm_and_step_are_the_same_for_any_number_of_threads(void **state)
{
    struct model model;
    struct err err = {0};
    real *w[3], *g;

    (void)state;
    assert_int_equal(model_init(&model, architectures[0], &shape, &err), 0);
    g = block_new(model.n_weights);
    fill(g, model.n_weights, 1);
    for (size_t k = 0; optimizers[k] != NULL; k++) {
        double norm[3];
        for (size_t i = 0; i < 3; i++) {
            struct pool *pool;
            struct descent *d = descent_new(optimizers[k], &model, i + 1);
            assert_int_equal(pool_open(&pool, i + 1, &err), 0);
            w[i] = block_new(model.n_weights);
            norm[i] = descent_norm(d, g, pool);
            for (int step = 0; step < 2; step++)
                descent_step(d, w[i], g, &plain, 1 / norm[i], pool);
            assert_true(norm[i] == norm[0]);
            assert_memory_equal(w[i], w[0], model.n_weights * sizeof *g);
            pool_close(pool);
            descent_free(d);
        }
        assert_close(norm[0] * norm[0], (double)model.n_weights, 0.02, 0); /* standard normals */
        for (size_t i = 0; i < 3; i++)
            free(w[i]);
    }
    free(g);
    model_clear(&model);
}

static void a_reset_forgets_every_step(void **state)
{
    struct model model;
    struct err err = {0};
    struct pool *pool;
    real *g, *w[2];

    (void)state;
    assert_int_equal(model_init(&model, architectures[0], &shape, &err), 0);
    assert_int_equal(pool_open(&pool, 2, &err), 0);
    g = block_new(model.n_weights);
    fill(g, model.n_weights, 1);
    for (size_t k = 0; optimizers[k] != NULL; k++) {
        for (int steps = 0; steps < 2; steps++) {
            struct descent *d = descent_new(optimizers[k], &model, 2);
            real *before = block_new(model.n_weights);
            w[steps] = block_new(model.n_weights);
            for (int i = 0; i < 3 * steps; i++)
                descent_step(d, before, g, &plain, 0.5, pool);
            descent_reset(d);
            for (int i = 0; i < 2; i++)
                descent_step(d, w[steps], g, &plain, 1, pool);
            free(before);
            descent_free(d);
        }
        assert_memory_equal(w[0], w[1], model.n_weights * sizeof *g);
        free(w[1]);
        free(w[0]);
    }
    free(g);
    pool_close(pool);
    model_clear(&model);
}

/* No gradient: decay alone moves the weights, by its own learning rate where there is one. */
static void decay_takes_its_share(const struct optimizer *optimizer, bool all,
                                  const struct model *model, struct pool *pool)
{
    struct optimizer_rule rule = plain;
    struct descent *d = descent_new(optimizer, model, 1);
    real *w = block_new(model->n_weights), *g = block_new(model->n_weights);

    rule.weight_decay = 0.1;
    rule.decay_all = all;
    for (size_t i = 0; i < model->n_weights; i++)
        w[i] = 1;
    descent_step(d, w, g, &rule, 1, pool);
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct tensor *t = &model->tensors[i];
        bool hidden = t->role == ROLE_MATRIX || t->role == ROLE_RESIDUAL;
        double lr = optimizer->step_matrix != NULL && hidden ? rule.matrix_lr : rule.lr;
        double last = (double)w[t->at + tensor_size(t) - 1];
        assert_close(last, t->role != ROLE_NORM || all ? 1 - lr * 0.1 : 1, 1e-6, 0);
    }
    free(g);
    free(w);
    descent_free(d);
}

static void decay_of_matrices_leaves_gains_alone(void **state)
{
    struct model model;
    struct err err = {0};
    struct pool *pool;

    (void)state;
    assert_int_equal(model_init(&model, architectures[0], &shape, &err), 0);
    assert_int_equal(pool_open(&pool, 1, &err), 0);
    for (size_t k = 0; optimizers[k] != NULL; k++) {
        decay_takes_its_share(optimizers[k], false, &model, pool);
        decay_takes_its_share(optimizers[k], true, &model, pool);
    }
    pool_close(pool);
    model_clear(&model);
}

static void sgd_and_lion_are_their_published_recurrences(void **state)
{
    struct optimizer_rule rule = plain;
    real w[2][37], g[37], m[2][37] = {{0}};
    double wd[2][37], md[2][37] = {{0}};

    (void)state;
    for (int k = 0; k < 2; k++) {
        fill(w[k], 37, 0);
        for (int i = 0; i < 37; i++)
            wd[k][i] = (double)w[k][i];
    }
    for (long t = 1; t <= 5; t++) {
        real *states[2] = {m[0], m[1]};
        fill(g, 37, (uint64_t)t);
        optimizer_find("sgd")->step(w[0], g, &states[0], 37, &rule, 0.5, 0.3, t);
        optimizer_find("lion")->step(w[1], g, &states[1], 37, &rule, 0.5, 0.3, t);
        for (int i = 0; i < 37; i++) {
            double gi = 0.5 * (double)g[i], c = 0.9 * md[1][i] + 0.1 * gi;
            md[0][i] = 0.9 * md[0][i] + gi;
            wd[0][i] -= 0.01 * (0.3 * wd[0][i] + md[0][i]);
            wd[1][i] -= 0.01 * (0.3 * wd[1][i] + (c > 0 ? 1 : -1));
            md[1][i] = 0.99 * md[1][i] + 0.01 * gi;
            assert_close((double)w[0][i], wd[0][i], 1e-5, 1e-6);
            assert_close((double)w[1][i], wd[1][i], 1e-5, 1e-6);
        }
    }
}

#define SIDE 9

/* out = a b with b or its transpose; all [SIDE, SIDE], the unused rows and columns zero. */
static void naive_product(double out[SIDE][SIDE], double a[SIDE][SIDE], double b[SIDE][SIDE],
                          bool transposed)
{
    double sum[SIDE][SIDE] = {{0}};

    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            for (int k = 0; k < SIDE; k++)
                sum[i][j] += a[i][k] * (transposed ? b[j][k] : b[k][j]);
    memcpy(out, sum, sizeof sum);
}

/* x = 3.4445 x - 4.7750 (x x') x + 2.0315 (x x')^2 x, five times, from x of norm 1. */
static void naive_orthogonal(double x[SIDE][SIDE])
{
    double norm = 0;

    for (int i = 0; i < SIDE * SIDE; i++)
        norm += x[i / SIDE][i % SIDE] * x[i / SIDE][i % SIDE];
    for (int i = 0; i < SIDE * SIDE; i++)
        x[i / SIDE][i % SIDE] /= sqrt(norm) + 1e-7;
    for (int step = 0; step < 5; step++) {
        double gram[SIDE][SIDE], once[SIDE][SIDE], twice[SIDE][SIDE];
        naive_product(gram, x, x, true);
        naive_product(once, gram, x, false);
        naive_product(twice, gram, once, false);
        for (int i = 0; i < SIDE * SIDE; i++)
            x[i / SIDE][i % SIDE] = 3.4445 * x[i / SIDE][i % SIDE] -
                                    4.7750 * once[i / SIDE][i % SIDE] +
                                    2.0315 * twice[i / SIDE][i % SIDE];
    }
}

static void muon_is_its_published_recurrence_for(size_t rows, size_t cols)
{
    const struct optimizer *muon = optimizer_find("muon");
    real w[SIDE * SIDE], g[SIDE * SIDE], m[SIDE * SIDE] = {0}, *states[2] = {m, NULL};
    real *scratch = block_new(muon->matrix_scratch(rows, cols));
    double wd[SIDE * SIDE], md[SIDE * SIDE] = {0};
    double tall = rows > cols ? sqrt((double)rows / (double)cols) : 1;
    size_t n = rows * cols;

    fill(w, n, 0);
    for (size_t i = 0; i < n; i++)
        wd[i] = (double)w[i];
    for (uint64_t t = 1; t <= 4; t++) {
        double x[SIDE][SIDE] = {{0}};
        fill(g, n, t);
        muon->step_matrix(w, g, states, rows, cols, &plain, 0.5, 0.3, scratch);
        for (size_t i = 0; i < n; i++) {
            md[i] = 0.9 * md[i] + 0.1 * 0.5 * (double)g[i];
            x[i / cols][i % cols] = 0.9 * md[i] + 0.1 * 0.5 * (double)g[i];
        }
        naive_orthogonal(x);
        for (size_t i = 0; i < n; i++) {
            wd[i] -= 0.1 * (0.3 * wd[i] + tall * x[i / cols][i % cols]);
            /* Five steps stretch a small singular value, and its rounding, up to 3.4445^5 = 485
             * times; four such updates of weight 0.1 are summed. */
            assert_close((double)w[i], wd[i], 0, 4 * 0.1 * 485 * 1.2e-7 * 3);
        }
    }
    free(scratch);
}

static void muon_is_its_published_recurrence(void **state)
{
    (void)state;
    muon_is_its_published_recurrence_for(5, 9);
    muon_is_its_published_recurrence_for(9, 5);
    muon_is_its_published_recurrence_for(7, 7);
    muon_is_its_published_recurrence_for(1, 6);
}

/* Moves hidden matrices as muon does and all else as adamw does. */
static void muon_leaves_embeddings_and_gains_to_adamw(void **state)
{
    const char *const names[] = {"adamw", "muon"};
    struct model model;
    struct err err = {0};
    struct pool *pool;
    real *w[2], *g;

    (void)state;
    assert_int_equal(model_init(&model, architectures[0], &shape, &err), 0);
    assert_int_equal(pool_open(&pool, 1, &err), 0);
    g = block_new(model.n_weights);
    fill(g, model.n_weights, 1);
    for (size_t k = 0; k < 2; k++) {
        struct descent *d = descent_new(optimizer_find(names[k]), &model, 1);
        w[k] = block_new(model.n_weights);
        descent_step(d, w[k], g, &plain, 1, pool);
        descent_free(d);
    }
    for (size_t i = 0; i < model.n_tensors; i++) {
        const struct tensor *t = &model.tensors[i];
        bool hidden = t->role == ROLE_MATRIX || t->role == ROLE_RESIDUAL;
        bool same = memcmp(w[0] + t->at, w[1] + t->at, tensor_size(t) * sizeof *g) == 0;
        assert_true(same == !hidden);
    }
    free(w[1]);
    free(w[0]);
    free(g);
    pool_close(pool);
    model_clear(&model);
}

static double rate_of(const char *name, double warmup, double decay, double floor, long step,
                      long steps)
{
    const struct schedule_rule rule = {schedule_find(name), 1, warmup, decay, floor};

    return schedule_lr(&rule, step, steps);
}

static void schedules_rise_fall_and_end_with_the_budget(void **state)
{
    (void)state;
    for (size_t i = 0; schedules[i] != NULL; i++)
        for (long steps = 1; steps <= 1000; steps *= 10) {
            const char *name = schedules[i]->name;
            double last = rate_of(name, 0, 0.2, 0.1, steps - 1, steps);
            double before = INFINITY;
            for (long s = 0; s < steps; s++) {
                double lr = rate_of(name, 0, 0.2, 0.1, s, steps);
                assert_true(lr <= before && lr >= 0.1 && lr <= 1);
                before = lr;
            }
            if (steps == 1000 && strcmp(name, "constant") != 0) /* half a step before the end */
                assert_close(last, 0.1, 0, 0.9 * 0.0005 / 0.2 + 1e-12);
        }
}

static void warmup_is_a_share_of_the_budget(void **state)
{
    (void)state;
    assert_close(rate_of("constant", 0.5, 0, 0, 0, 100), 0.005 / 0.5, 1e-12, 0);
    assert_close(rate_of("constant", 0.5, 0, 0, 49, 100), 0.495 / 0.5, 1e-12, 0);
    assert_close(rate_of("constant", 0.5, 0, 0, 50, 100), 1, 1e-12, 0);
    assert_close(rate_of("constant", 1, 0, 0, 99, 100), 0.995, 1e-12, 0);
    assert_close(rate_of("cosine", 0, 0, 0, 499, 999), 0.5, 1e-12, 0);
    assert_null(schedule_find("cosin"));
}

static void wsd_is_flat_until_its_decay(void **state)
{
    (void)state;
    assert_close(rate_of("wsd", 0.1, 0.2, 0, 4, 100), 0.045 / 0.1, 1e-12, 0);
    assert_close(rate_of("wsd", 0.1, 0.2, 0, 10, 100), 1, 0, 0);
    assert_close(rate_of("wsd", 0.1, 0.2, 0, 79, 100), 1, 0, 0);
    assert_close(rate_of("wsd", 0.1, 0.2, 0, 80, 100), 0.195 / 0.2, 1e-12, 0);
    assert_close(rate_of("wsd", 0.1, 0.2, 0.5, 99, 100), 0.5 + 0.5 * 0.005 / 0.2, 1e-12, 0);
    /* No decay at all, and a decay that wants more than warm-up leaves: then all that is left. */
    assert_close(rate_of("wsd", 0.1, 0, 0, 99, 100), 1, 0, 0);
    assert_close(rate_of("wsd", 0.6, 0.9, 0, 79, 100), 0.205 / 0.4, 1e-12, 0);
    assert_close(rate_of("wsd", 1, 1, 0, 99, 100), 0.995, 1e-12, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adamw_is_its_published_recurrence),
        cmocka_unit_test(sgd_and_lion_are_their_published_recurrences),
        cmocka_unit_test(muon_is_its_published_recurrence),
        cmocka_unit_test(muon_leaves_embeddings_and_gains_to_adamw),
        cmocka_unit_test(every_optimizer_descends_a_quadratic),
        cmocka_unit_test(norm_and_step_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(a_reset_forgets_every_step),
        cmocka_unit_test(decay_of_matrices_leaves_gains_alone),
        cmocka_unit_test(schedules_rise_fall_and_end_with_the_budget),
        cmocka_unit_test(warmup_is_a_share_of_the_budget),
        cmocka_unit_test(wsd_is_flat_until_its_decay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
