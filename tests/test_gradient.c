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
#include "../trainer/lora.c"
#include "../trainer/low_rank.c"
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

/* Queries or keys: each head is a row, and the heads of all tokens share one narrow gain. */
enum { HEAD_ROWS = 8, HEAD_WIDTH = 4, HEADS_N = HEAD_ROWS * HEAD_WIDTH };

struct heads_case {
    real x[HEADS_N], gain[HEAD_WIDTH], dy[HEADS_N];
};

static double heads_value(void *arg)
{
    struct heads_case *c = arg;
    real y[HEADS_N], rstd[HEAD_ROWS];

    rmsnorm(y, rstd, c->x, c->gain, HEAD_ROWS, HEAD_WIDTH, 1e-5);
    return weighted_sum(y, c->dy, HEADS_N);
}

static void norm_of_queries_and_keys_adds_to_a_gain_that_heads_share(void **state)
{
    struct heads_case c;
    real y[HEADS_N], rstd[HEAD_ROWS], dx[HEADS_N] = {0}, dgain[HEAD_WIDTH] = {0};
    const size_t half = HEAD_ROWS / 2; /* the heads of one token */

    (void)state;
    draw_normal(c.x, HEADS_N, 19);
    draw_normal(c.gain, HEAD_WIDTH, 20);
    draw_normal(c.dy, HEADS_N, 21);
    rmsnorm(y, rstd, c.x, c.gain, HEAD_ROWS, HEAD_WIDTH, 1e-5);
    for (size_t row = 0; row < HEAD_ROWS; row += half) {
        size_t at = row * HEAD_WIDTH;
        rmsnorm_backward(dx + at, dgain, c.dy + at, c.x + at, rstd + row, c.gain, half, HEAD_WIDTH);
    }
    check_gradient("head norm x", dx, c.x, HEADS_N, heads_value, &c);
    check_gradient("head norm gain", dgain, c.gain, HEAD_WIDTH, heads_value, &c);
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

/* --- embedding: a token that comes twice, and some that do not come --- */

enum { VOCAB = 11 };

struct embedding_case {
    real w[VOCAB * DIM], dy[5 * DIM];
};
static const uint32_t embedded[5] = {3, 10, 3, 0, 7};

static double embedding_value(void *arg)
{
    struct embedding_case *c = arg;
    real y[5 * DIM];

    embedding(y, c->w, embedded, 5, DIM);
    return weighted_sum(y, c->dy, 5 * DIM);
}

static void embedding_backward_is_the_derivative(void **state)
{
    struct embedding_case c;
    real dw[VOCAB * DIM] = {0};

    (void)state;
    draw_normal(c.w, VOCAB * DIM, 11);
    draw_normal(c.dy, 5 * DIM, 12);
    embedding_backward(dw, c.dy, embedded, 5, DIM);
    check_gradient("embedding", dw, c.w, VOCAB * DIM, embedding_value, &c);
}

/* --- linear layers: plain, with a bias, and as a scaled addition to the residual stream --- */

enum { OUT = 13, IN = 7 };
enum linear_kind { PLAIN, BIAS, RESIDUAL };

struct linear_case {
    real x[ROWS * IN], w[OUT * IN], b[OUT], dy[ROWS * OUT];
    enum linear_kind kind;
};

static double linear_value(void *arg)
{
    struct linear_case *c = arg;
    real y[ROWS * OUT] = {0};

    if (c->kind == PLAIN)
        linear(y, c->x, c->w, ROWS, OUT, IN, 0);
    else if (c->kind == BIAS)
        linear_bias(y, c->x, c->w, c->b, ROWS, OUT, IN);
    else
        residual(y, c->x, c->w, ROWS, OUT, IN, 0.37);
    return weighted_sum(y, c->dy, ROWS * OUT);
}

static void start_linear(struct linear_case *c, enum linear_kind kind)
{
    c->kind = kind;
    draw_normal(c->x, ROWS * IN, 13);
    draw_normal(c->w, OUT * IN, 14);
    draw_normal(c->b, OUT, 15);
    draw_normal(c->dy, ROWS * OUT, 16);
}

static void linear_backward_is_the_derivative_with_and_without_a_bias(void **state)
{
    real dx[ROWS * IN], dw[OUT * IN], db[OUT];
    struct linear_case c;

    (void)state;
    start_linear(&c, PLAIN);
    linear_backward_input(dx, c.dy, c.w, ROWS, OUT, IN, 0);
    linear_backward_weight(dw, c.dy, c.x, ROWS, OUT, IN, 0);
    bias_backward(db, c.dy, ROWS, OUT);
    check_gradient("linear x", dx, c.x, ROWS * IN, linear_value, &c);
    check_gradient("linear w", dw, c.w, OUT * IN, linear_value, &c);
    c.kind = BIAS;
    check_gradient("linear with bias x", dx, c.x, ROWS * IN, linear_value, &c);
    check_gradient("linear with bias w", dw, c.w, OUT * IN, linear_value, &c);
    check_gradient("linear with bias b", db, c.b, OUT, linear_value, &c);
}

static void residual_backward_is_the_derivative_of_the_scaled_product(void **state)
{
    real dx[ROWS * IN], dw[OUT * IN];
    struct linear_case c;

    (void)state;
    start_linear(&c, RESIDUAL);
    residual_backward(dx, dw, c.dy, c.x, c.w, ROWS, OUT, IN, 0.37);
    check_gradient("residual x", dx, c.x, ROWS * IN, linear_value, &c);
    check_gradient("residual w", dw, c.w, OUT * IN, linear_value, &c);
}

/* --- rotary embedding: two sequences, rows wider than the heads that turn --- */

enum { SEQ = 5, WIDTH = 6, HEADS = 2, STRIDE = HEADS * WIDTH + 4 };

struct rope_case {
    real x[2 * SEQ * STRIDE], dy[2 * SEQ * STRIDE], table[SEQ * WIDTH];
};

static double rope_value(void *arg)
{
    struct rope_case *c = arg;
    real y[2 * SEQ * STRIDE];

    memcpy(y, c->x, sizeof y);
    rope(y, c->table, 2 * SEQ, SEQ, STRIDE, HEADS, WIDTH);
    return weighted_sum(y, c->dy, 2 * SEQ * STRIDE);
}

static void rope_backward_is_the_derivative(void **state)
{
    struct rope_case c;
    real dx[2 * SEQ * STRIDE];

    (void)state;
    rope_table(c.table, SEQ, WIDTH, 100);
    draw_normal(c.x, 2 * SEQ * STRIDE, 17);
    draw_normal(c.dy, 2 * SEQ * STRIDE, 18);
    memcpy(dx, c.dy, sizeof dx);
    rope_backward(dx, c.table, 2 * SEQ, SEQ, STRIDE, HEADS, WIDTH);
    check_gradient("rope", dx, c.x, 2 * SEQ * STRIDE, rope_value, &c);
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
        {.heads = 6, .kv_heads = 2, .width = 10, .sequences = 3, .seq = 3}, /* any width */
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

static void draw_tokens(struct model_case *c, const struct shape *shape)
{
    struct rng rng;

    c->batch.inputs = c->inputs;
    c->batch.targets = c->targets;
    rng_init(&rng, 5, "tokens", 0);
    for (size_t i = 0; i < 12; i++) {
        c->inputs[i] = (uint32_t)rng_below(&rng, (uint64_t)shape->vocab);
        c->targets[i] = (uint32_t)rng_below(&rng, (uint64_t)shape->vocab);
    }
}

static void check_model(const struct architecture *arch, const struct shape *shape)
{
    struct model_case c = {.batch = {.sequences = 2, .seq = 6}};
    struct err err = {0};
    real *gradient;

    assert_int_equal(model_init(&c.model, arch, shape, &err), 0);
    draw_tokens(&c, shape);
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

/* --- adapters: the same models, whose gradient is now the adapters' alone --- */

/* Neither matrix at its start, where half of the derivatives are 0. */
static void start_adapters(const struct lora *lora, real *block)
{
    draw_normal(block, lora->list.n_weights, 30);
    for (size_t i = 0; i < lora->list.n_weights; i++)
        block[i] *= 0.4;
}

static void check_adapters(const struct architecture *arch, const struct shape *shape,
                           const char *targets)
{
    struct model_case c = {.batch = {.sequences = 2, .seq = 6}};
    bool adapts[LORA_TARGETS];
    struct err err = {0};
    struct lora lora;
    real *gradient, *block;

    assert_int_equal(model_init(&c.model, arch, shape, &err), 0);
    assert_int_equal(lora_targets_read(adapts, targets, &err), 0);
    lora_init(&lora, &c.model.shape, adapts, 3, 5);
    block = mem_new(lora.list.n_weights, sizeof *block);
    start_adapters(&lora, block);
    lora.weights = block;
    c.model.lora = &lora;
    draw_tokens(&c, shape);
    c.weights = mem_new(c.model.n_weights, sizeof *c.weights);
    start_anywhere(&c.model, c.weights);
    gradient = normal_block(lora.list.n_weights, 10); /* which must not show */
    c.work.block = mem_new(arch->scratch(&c.model, 12, true), sizeof(real));
    arch->gradient(&c.model, c.losses, gradient, c.weights, &c.work, &c.batch, 1.0 / 12);
    check_gradient(targets, gradient, block, lora.list.n_weights, model_value, &c);
    free(c.work.block);
    free(gradient);
    free(c.weights);
    free(block);
    lora_clear(&lora);
    model_clear(&c.model);
}

static void every_models_adapters_have_the_derivative(void **state)
{
    static const char *const targets[] = {"q,k,v,o,gate,up,down", "q,v", "down", "k", "o,up"};
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
        for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
            shape.tied = k % 2 == 0;
            shape.deepnet = k != 1;
            shape.head_dim = k == 0 ? 6 : 0;
            check_adapters(architectures[i], &shape, targets[k]);
        }
}

/* --- Forward-Forward: each adapted matrix's goodness by its own adapters --- */

enum { MATRICES = 2 * LORA_TARGETS };

struct goodness_case {
    struct model_case *c;
    real goodness[MATRICES], *spare; /* a gradient that nobody reads */
    size_t which;
};

static double goodness_value(void *arg)
{
    struct goodness_case *g = arg;
    struct model_case *c = g->c;

    c->model.arch->goodness(&c->model, c->losses, g->goodness, g->spare, c->weights, &c->work,
                            &c->batch, 1.0 / 12);
    return g->goodness[g->which];
}

static void check_goodness(struct model_case *c, const struct lora *lora, real *block)
{
    struct goodness_case g = {.c = c};
    real *gradient = normal_block(lora->list.n_weights, 10);
    size_t outputs = 0;

    g.spare = gradient;
    goodness_value(&g);
    g.spare = mem_new(lora->list.n_weights, sizeof(real));
    for (; g.which < lora->list.n_tensors / 2; g.which++) {
        const struct tensor *a = &lora->list.tensors[2 * g.which];
        size_t n = tensor_size(a) + tensor_size(a + 1);
        check_gradient(a->name, gradient + a->at, block + a->at, n, goodness_value, &g);
        outputs += g.goodness[g.which] > 0;
    }
    assert_int_equal(outputs, MATRICES);
    g.which = 0;
    goodness_value(&g); /* the losses that are compared are of the adapters as they are */
    free(g.spare);
    free(gradient);
}

static void goodness_has_the_derivative_of_each_matrix_by_its_own_adapters(void **state)
{
    const struct shape shape = {.dim = 8,
                                .layers = 2,
                                .heads = 4,
                                .kv_heads = 2,
                                .hidden = 6,
                                .vocab = 9,
                                .seq = 6,
                                .deepnet = true,
                                .rope_theta = 100,
                                .norm_eps = 1e-5};
    bool adapts[LORA_TARGETS];

    (void)state;
    for (size_t i = 0; architectures[i] != NULL; i++) {
        struct model_case c = {.batch = {.sequences = 2, .seq = 6}};
        const struct architecture *arch = architectures[i];
        struct err err = {0};
        struct lora lora;
        real *block;
        double beside;
        assert_int_equal(model_init(&c.model, arch, &shape, &err), 0);
        assert_int_equal(lora_targets_read(adapts, "q,k,v,o,gate,up,down", &err), 0);
        lora_init(&lora, &c.model.shape, adapts, 3, 5);
        block = mem_new(lora.list.n_weights, sizeof *block);
        start_adapters(&lora, block);
        lora.weights = block;
        c.model.lora = &lora;
        draw_tokens(&c, &shape);
        c.weights = mem_new(c.model.n_weights, sizeof *c.weights);
        start_anywhere(&c.model, c.weights);
        c.work.block = mem_new(
            arch->scratch(&c.model, 12, true) + arch->local_scratch(&c.model, 12), sizeof(real));
        check_goodness(&c, &lora, block);
        beside = c.losses[5]; /* the model's losses are those of any forward pass */
        model_value(&c);
        assert_close(beside, c.losses[5], 1e-12, 0);
        free(c.work.block);
        free(c.weights);
        free(block);
        lora_clear(&lora);
        model_clear(&c.model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rmsnorm_backward_is_the_derivative),
        cmocka_unit_test(norm_of_queries_and_keys_adds_to_a_gain_that_heads_share),
        cmocka_unit_test(swiglu_backward_is_the_derivative),
        cmocka_unit_test(embedding_backward_is_the_derivative),
        cmocka_unit_test(linear_backward_is_the_derivative_with_and_without_a_bias),
        cmocka_unit_test(residual_backward_is_the_derivative_of_the_scaled_product),
        cmocka_unit_test(rope_backward_is_the_derivative),
        cmocka_unit_test(attention_backward_is_the_derivative),
        cmocka_unit_test(classifier_gradient_is_the_derivative),
        cmocka_unit_test(every_models_gradient_is_the_derivative),
        cmocka_unit_test(every_models_adapters_have_the_derivative),
        cmocka_unit_test(goodness_has_the_derivative_of_each_matrix_by_its_own_adapters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
