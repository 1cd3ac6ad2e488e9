/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every backward pass against central differences.  The operators and the models are compiled here
 * once more, in double precision, so that the differences have eight digits.
 */
#define REAL_IS_DOUBLE

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../trainer/attention.c"
#include "../trainer/classifier.c"
#include "../trainer/gemm.c"
#include "../trainer/model.c"
#include "../trainer/model_llama.c"
#include "../trainer/ops.c"

#include "check.h"

/*
 * With step 1e-5 the truncation error of a central difference is about 1e-10 and the rounding error
 * 1e-11, for derivatives of order one.
 */
#define STEP     1e-5
#define RELATIVE 1e-6
#define ABSOLUTE 1e-8

static void draw_normal(real *x, size_t n, uint64_t index)
{
    struct rng rng;

    rng_init(&rng, 5, "gradient check", index);
    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal(&rng);
}

static real *normal_block(size_t n, uint64_t index)
{
    real *x = mem_new(n, sizeof *x);

    draw_normal(x, n, index);
    return x;
}

/* Checks each of the n derivatives `analytic` of f(arg) at x. */
static void check_gradient(const char *what, const real *analytic, real *x, size_t n,
                           double (*f)(void *), void *arg)
{
    for (size_t i = 0; i < n; i++) {
        double numeric = numeric_derivative(f, arg, &x[i], STEP);
        if (!(fabs(analytic[i] - numeric) <= RELATIVE * fabs(numeric) + ABSOLUTE))
            fail_msg("%s, element %zu: %.12g by hand, %.12g by difference", what, i, analytic[i],
                     numeric);
    }
}

static double weighted_sum(const real *y, const real *weight, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += y[i] * weight[i];
    return sum;
}

/* --- RMSNorm --- */

enum { ROWS = 3, DIM = 21 };

struct norm_case {
    real x[ROWS * DIM], gain[DIM], dy[ROWS * DIM];
};

static double norm_value(void *arg)
{
    struct norm_case *c = arg;
    real y[ROWS * DIM], rstd[ROWS];

    rmsnorm(y, rstd, c->x, c->gain, ROWS, DIM, 1e-5);
    return weighted_sum(y, c->dy, ROWS * DIM);
}

static void rmsnorm_backward_is_the_derivative(void **state)
{
    struct norm_case c;
    real y[ROWS * DIM], rstd[ROWS], dx[ROWS * DIM] = {0}, dgain[DIM] = {0};

    (void)state;
    draw_normal(c.x, ROWS * DIM, 1);
    draw_normal(c.gain, DIM, 2);
    draw_normal(c.dy, ROWS * DIM, 3);
    rmsnorm(y, rstd, c.x, c.gain, ROWS, DIM, 1e-5);
    rmsnorm_backward(dx, dgain, c.dy, c.x, rstd, c.gain, ROWS, DIM);
    check_gradient("rmsnorm x", dx, c.x, ROWS * DIM, norm_value, &c);
    check_gradient("rmsnorm gain", dgain, c.gain, DIM, norm_value, &c);
}

/* --- SwiGLU --- */

struct swiglu_case {
    real gate_up[2 * ROWS * DIM], dy[ROWS * DIM];
};

static double swiglu_value(void *arg)
{
    struct swiglu_case *c = arg;
    real y[ROWS * DIM];

    swiglu(y, c->gate_up, ROWS, DIM);
    return weighted_sum(y, c->dy, ROWS * DIM);
}

static void swiglu_backward_is_the_derivative(void **state)
{
    struct swiglu_case c;
    real d[2 * ROWS * DIM];

    (void)state;
    draw_normal(c.gate_up, 2 * ROWS * DIM, 4);
    draw_normal(c.dy, ROWS * DIM, 5);
    swiglu_backward(d, c.dy, c.gate_up, ROWS, DIM);
    check_gradient("swiglu", d, c.gate_up, 2 * ROWS * DIM, swiglu_value, &c);
    memcpy(d, c.gate_up, sizeof d); /* in place, as the header allows */
    swiglu_backward(d, c.dy, d, ROWS, DIM);
    check_gradient("swiglu in place", d, c.gate_up, 2 * ROWS * DIM, swiglu_value, &c);
}

/* --- attention, longer than one strip, grouped queries --- */

struct attention_case {
    struct attention a;
    real *qkv, *dy, *out, *lse, *scratch;
    size_t n_out;
};

static double attention_value(void *arg)
{
    struct attention_case *c = arg;

    attention(c->out, c->lse, c->scratch, c->qkv, &c->a);
    return weighted_sum(c->out, c->dy, c->n_out);
}

static void attention_backward_is_the_derivative(void **state)
{
    const struct attention shapes[] = {
        {.heads = 4, .kv_heads = 2, .width = 2, .sequences = 2, .seq = 5},
        {.heads = 2, .kv_heads = 1, .width = 4, .sequences = 1, .seq = ATTENTION_STRIP + 7},
        {.heads = 3, .kv_heads = 3, .width = 2, .sequences = 1, .seq = ATTENTION_STRIP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct attention_case c = {.a = shapes[i]};
        size_t rows = c.a.sequences * c.a.seq;
        size_t n = rows * (c.a.heads + 2 * c.a.kv_heads) * c.a.width;
        real *d = mem_new(n, sizeof *d);

        c.n_out = rows * c.a.heads * c.a.width;
        c.qkv = normal_block(n, 6);
        c.dy = normal_block(c.n_out, 7);
        c.out = mem_new(c.n_out, sizeof *c.out);
        c.lse = mem_new(c.a.heads * rows, sizeof *c.lse);
        c.scratch = mem_new(attention_scratch(c.a.seq), sizeof *c.scratch);
        attention_value(&c);
        attention_backward(d, c.scratch, c.dy, c.out, c.lse, c.qkv, &c.a);
        check_gradient("attention", d, c.qkv, n, attention_value, &c);
        free(d);
        free(c.qkv);
        free(c.dy);
        free(c.out);
        free(c.lse);
        free(c.scratch);
    }
}

/* --- classifier and cross-entropy --- */

enum { VOCAB = 11 };

struct classifier_case {
    real x[ROWS * DIM], w[VOCAB * DIM], tile[ROWS * VOCAB];
    uint32_t targets[ROWS];
};

static double classifier_value(void *arg)
{
    struct classifier_case *c = arg;
    real losses[ROWS];

    classifier(losses, c->tile, c->x, c->w, c->targets, ROWS, DIM, VOCAB);
    return (losses[0] + losses[1] + losses[2]) / 3;
}

static void classifier_gradient_is_the_derivative(void **state)
{
    struct classifier_case c = {.targets = {0, 10, 4}};
    real losses[ROWS], dx[ROWS * DIM], dw[VOCAB * DIM];

    (void)state;
    draw_normal(c.x, ROWS * DIM, 8);
    draw_normal(c.w, VOCAB * DIM, 9);
    classifier_gradient(losses, dx, dw, c.tile, c.x, c.w, c.targets, ROWS, DIM, VOCAB, 1.0 / 3);
    check_gradient("classifier x", dx, c.x, ROWS * DIM, classifier_value, &c);
    check_gradient("classifier w", dw, c.w, VOCAB * DIM, classifier_value, &c);
}

/* --- whole models --- */

struct model_case {
    struct model model;
    struct work work;
    struct batch batch;
    uint32_t inputs[12], targets[12];
    real *weights, losses[12];
};

static double model_value(void *arg)
{
    struct model_case *c = arg;
    double sum = 0;

    c->model.arch->losses(&c->model, c->losses, c->weights, &c->work, &c->batch);
    for (size_t i = 0; i < 12; i++)
        sum += c->losses[i];
    return sum / 12;
}

/* Gains and biases too: at 1 and 0 a gradient with a factor too many or too few may be right. */
static void start_anywhere(const struct model *model, real *weights)
{
    model_start(model, weights, 3, 0.3);
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct tensor *t = &model->tensors[i];
        struct rng rng;
        rng_init(&rng, 5, "gains and biases", i);
        for (size_t k = 0; !tensor_is_matrix(t) && k < tensor_size(t); k++)
            weights[t->at + k] += 0.3 * rng_normal(&rng);
    }
}

static void check_model(const struct architecture *arch, const struct shape *shape)
{
    struct model_case c = {.batch = {.sequences = 2, .seq = 6}};
    struct err err = {0};
    struct rng rng;
    real *gradient;

    assert_int_equal(model_init(&c.model, arch, shape, &err), 0);
    c.batch.inputs = c.inputs;
    c.batch.targets = c.targets;
    rng_init(&rng, 5, "tokens", 0);
    for (size_t i = 0; i < 12; i++) {
        c.inputs[i] = (uint32_t)rng_below(&rng, (uint64_t)shape->vocab);
        c.targets[i] = (uint32_t)rng_below(&rng, (uint64_t)shape->vocab);
    }
    c.weights = mem_new(c.model.n_weights, sizeof *c.weights);
    gradient = mem_new(c.model.n_weights, sizeof *gradient);
    c.work.block = mem_new(arch->scratch(&c.model, 12, true), sizeof(real));
    start_anywhere(&c.model, c.weights);
    draw_normal(gradient, c.model.n_weights, 10); /* which must not show: it is overwritten */
    arch->gradient(&c.model, c.losses, gradient, c.weights, &c.work, &c.batch, 1.0 / 12);
    check_gradient(arch->name, gradient, c.weights, c.model.n_weights, model_value, &c);
    free(c.work.block);
    free(gradient);
    free(c.weights);
    model_clear(&c.model);
}

static void every_models_gradient_is_the_derivative(void **state)
{
    struct shape shape = {.dim = 8,
                          .layers = 2,
                          .heads = 4,
                          .kv_heads = 2,
                          .hidden = 6,
                          .vocab = 9,
                          .seq = 6,
                          .rope_theta = 100,
                          .norm_eps = 1e-5};

    (void)state;
    for (size_t i = 0; architectures[i] != NULL; i++)
        for (int kind = 0; kind < 8; kind++) {
            shape.tied = (kind & 1) != 0;
            shape.deepnet = (kind & 2) != 0;
            shape.head_dim = (kind & 4) != 0 ? 6 : 0;
            check_model(architectures[i], &shape);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rmsnorm_backward_is_the_derivative),
        cmocka_unit_test(swiglu_backward_is_the_derivative),
        cmocka_unit_test(attention_backward_is_the_derivative),
        cmocka_unit_test(classifier_gradient_is_the_derivative),
        cmocka_unit_test(every_models_gradient_is_the_derivative),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
