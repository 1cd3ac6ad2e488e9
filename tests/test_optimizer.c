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
static const struct optimizer_rule plain = {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8};

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
        struct descent *d = descent_new(optimizers[i], &model);
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
    double norm[3];

    (void)state;
    assert_int_equal(model_init(&model, architectures[0], &shape, &err), 0);
    g = block_new(model.n_weights);
    fill(g, model.n_weights, 1);
    for (size_t i = 0; i < 3; i++) {
        struct pool *pool;
        struct descent *d = descent_new(optimizers[0], &model);
        assert_int_equal(pool_open(&pool, i + 1, &err), 0);
        w[i] = block_new(model.n_weights);
        norm[i] = descent_norm(d, g, pool);
        descent_step(d, w[i], g, &plain, 1 / norm[i], pool);
        assert_true(norm[i] == norm[0]);
        assert_memory_equal(w[i], w[0], model.n_weights * sizeof *g);
        pool_close(pool);
        descent_free(d);
    }
    assert_close(norm[0] * norm[0], (double)model.n_weights, 0.02, 0); /* of standard normals */
    for (size_t i = 0; i < 3; i++)
        free(w[i]);
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
    for (int steps = 0; steps < 2; steps++) {
        struct descent *d = descent_new(optimizers[0], &model);
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
    free(g);
    pool_close(pool);
    model_clear(&model);
}

static void decay_of_matrices_leaves_gains_alone(void **state)
{
    struct model model;
    struct err err = {0};
    struct pool *pool;

    (void)state;
    assert_int_equal(model_init(&model, architectures[0], &shape, &err), 0);
    assert_int_equal(pool_open(&pool, 1, &err), 0);
    for (int all = 0; all < 2; all++) {
        struct optimizer_rule rule = plain;
        struct descent *d = descent_new(optimizers[0], &model);
        real *w = block_new(model.n_weights), *g = block_new(model.n_weights);
        rule.weight_decay = 0.1;
        rule.decay_all = all == 1;
        for (size_t i = 0; i < model.n_weights; i++)
            w[i] = 1;
        descent_step(d, w, g, &rule, 1, pool); /* no gradient: decay alone moves the weights */
        for (size_t i = 0; i < model.n_tensors; i++) {
            const struct tensor *t = &model.tensors[i];
            bool decays = t->role != ROLE_NORM || all == 1;
            assert_close((double)w[t->at], decays ? 1 - 0.01 * 0.1 : 1, 1e-7, 0);
        }
        free(g);
        free(w);
        descent_free(d);
    }
    pool_close(pool);
    model_clear(&model);
}

static void schedules_rise_fall_and_end_with_the_budget(void **state)
{
    (void)state;
    for (size_t i = 0; schedules[i] != NULL; i++)
        for (long steps = 1; steps <= 1000; steps *= 10) {
            double last = schedule_lr(schedules[i], 1, 0, 0.1, steps - 1, steps);
            double before = INFINITY;
            for (long s = 0; s < steps; s++) {
                double lr = schedule_lr(schedules[i], 1, 0, 0.1, s, steps);
                assert_true(lr <= before && lr >= 0.1 && lr <= 1);
                before = lr;
            }
            if (steps == 1000 && strcmp(schedules[i]->name, "constant") != 0)
                assert_close(last, 0.1, 0, 1e-3);
        }
}

static void warmup_is_a_share_of_the_budget(void **state)
{
    const struct schedule *s = schedule_find("constant");

    (void)state;
    assert_close(schedule_lr(s, 2, 0.5, 0, 0, 100), 2 * 0.005 / 0.5, 1e-12, 0);
    assert_close(schedule_lr(s, 2, 0.5, 0, 49, 100), 2 * 0.495 / 0.5, 1e-12, 0);
    assert_close(schedule_lr(s, 2, 0.5, 0, 50, 100), 2, 1e-12, 0);
    assert_close(schedule_lr(s, 2, 1, 0, 99, 100), 2 * 0.995, 1e-12, 0);
    assert_close(schedule_lr(schedule_find("cosine"), 1, 0, 0, 499, 999), 0.5, 1e-12, 0);
    assert_null(schedule_find("cosin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adamw_is_its_published_recurrence),
        cmocka_unit_test(every_optimizer_descends_a_quadratic),
        cmocka_unit_test(norm_and_step_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(a_reset_forgets_every_step),
        cmocka_unit_test(decay_of_matrices_leaves_gains_alone),
        cmocka_unit_test(schedules_rise_fall_and_end_with_the_budget),
        cmocka_unit_test(warmup_is_a_share_of_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
