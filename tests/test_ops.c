/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The float operators against plain loops in double.  Their gradients: test_gradient.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attention.h"
#include "check.h"
#include "classifier.h"
#include "mem.h"
#include "ops.h"
#include "rng.h"

static real *normal_block(size_t n, uint64_t index)
{
    struct rng rng;
    real *x = mem_new(n, sizeof *x);

    rng_init(&rng, 11, "operators", index);
    for (size_t i = 0; i < n; i++)
        x[i] = (real)rng_normal(&rng);
    return x;
}

static void exp_is_within_two_ulp_of_libm(void **state)
{
    double worst = 0;

    (void)state;
    for (int i = -870000; i <= 880000; i++) {
        float x = (float)i * 1e-4f;
        double right = exp((double)x);
        worst = fmax(worst, fabs((double)real_exp(x) - right) / right);
    }
    if (!(worst < 2e-7)) /* float's unit in the last place is 6e-8 to 1.2e-7, relative */
        fail_msg("worst relative error %g", worst);
}

static void exp_saturates_and_keeps_nan(void **state)
{
    (void)state;
    assert_true(real_exp(-1e30f) < 2e-38f && real_exp(-1e30f) >= 0);
    assert_true(isfinite(real_exp(1e30f)) && real_exp(1e30f) > 1e38f);
    assert_true(real_exp(-INFINITY) < 2e-38f);
    assert_true(isnan(real_exp(NAN)));
    assert_true(real_exp(0) == 1);
}

static void linear_and_its_backward_are_the_plain_sums(void **state)
{
    enum { ROWS = 7, OUT = 5, IN = 19 };
    real *x = normal_block(ROWS * IN, 1), *w = normal_block(OUT * IN, 2);
    real *dy = normal_block(ROWS * OUT, 3), y[ROWS * OUT], dx[ROWS * IN], dw[OUT * IN];

    (void)state;
    linear(y, x, w, ROWS, OUT, IN, 0);
    linear_backward_input(dx, dy, w, ROWS, OUT, IN, 0);
    linear_backward_weight(dw, dy, x, ROWS, OUT, IN, 0);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t o = 0; o < OUT; o++) {
            double sum = 0;
            for (size_t i = 0; i < IN; i++)
                sum += (double)x[r * IN + i] * (double)w[o * IN + i];
            assert_close((double)y[r * OUT + o], sum, 1e-5, 1e-5);
        }
    for (size_t i = 0; i < IN; i++) {
        double at_input = 0, at_weight = 0;
        for (size_t o = 0; o < OUT; o++)
            at_input += (double)dy[2 * OUT + o] * (double)w[o * IN + i];
        for (size_t r = 0; r < ROWS; r++)
            at_weight += (double)dy[r * OUT + 3] * (double)x[r * IN + i];
        assert_close((double)dx[2 * IN + i], at_input, 1e-5, 1e-5);
        assert_close((double)dw[3 * IN + i], at_weight, 1e-5, 1e-5);
    }
    free(x);
    free(w);
    free(dy);
}

static void linear_with_beta_one_adds(void **state)
{
    const real x[2] = {1, 2}, w[2] = {3, 4};
    real y[1] = {100};

    (void)state;
    linear(y, x, w, 1, 1, 2, 1);
    assert_true(y[0] == 111);
}

static void a_bias_is_added_to_every_row_and_its_gradient_is_the_sum_of_the_rows(void **state)
{
    const real x[6] = {1, 2, 3, 4, 5, 6}, w[4] = {1, 0, 0, 2}, b[2] = {100, 200};
    real y[6], db[2] = {7, 7};

    (void)state;
    linear_bias(y, x, w, b, 3, 2, 2);
    for (size_t i = 0; i < 3; i++) {
        assert_true(y[2 * i] == x[2 * i] + 100);
        assert_true(y[2 * i + 1] == 2 * x[2 * i + 1] + 200);
    }
    bias_backward(db, x, 3, 2);
    assert_true(db[0] == 9 && db[1] == 12);
}

static void a_residual_adds_its_scaled_product(void **state)
{
    const real x[2] = {1, 2}, w[2] = {3, 4}, dy[1] = {10};
    real y[1] = {100}, dx[2] = {7, 7}, dw[2] = {7, 7};

    (void)state;
    residual(y, x, w, 1, 1, 2, (real)0.5);
    assert_true(y[0] == (real)105.5);
    residual_backward(dx, dw, dy, x, w, 1, 1, 2, (real)0.5);
    assert_true(dx[0] == 15 && dx[1] == 20);
    assert_true(dw[0] == 5 && dw[1] == 10);
}

static void rmsnorm_is_its_formula_at_any_width(void **state)
{
    (void)state;
    for (size_t dim = 1; dim < 70; dim += 3) {
        real *x = normal_block(2 * dim, 4), *gain = normal_block(dim, 5);
        real *y = mem_new(2 * dim, sizeof *y), rstd[2];
        double square = 0;
        rmsnorm(y, rstd, x, gain, 2, dim, 1e-5);
        for (size_t i = 0; i < dim; i++)
            square += (double)x[dim + i] * (double)x[dim + i];
        for (size_t i = 0; i < dim; i++)
            assert_close((double)y[dim + i],
                         (double)x[dim + i] * (double)gain[i] / sqrt(square / (double)dim + 1e-5),
                         1e-6, 1e-7);
        free(x);
        free(gain);
        free(y);
    }
}

static void rope_turns_pairs_by_position_and_back(void **state)
{
    enum { SEQ = 5, WIDTH = 6, STRIDE = 10 };
    real table[SEQ * WIDTH], *x = normal_block(SEQ * STRIDE, 6), y[SEQ * STRIDE];

    (void)state;
    rope_table(table, SEQ, WIDTH, 10000);
    memcpy(y, x, sizeof y);
    rope(y, table, SEQ, SEQ, STRIDE, 1, WIDTH);
    for (size_t t = 0; t < SEQ; t++)
        for (size_t i = 0; i < WIDTH / 2; i++) {
            double angle = (double)t * pow(10000, -2.0 * (double)i / WIDTH);
            double a = (double)x[t * STRIDE + i], b = (double)x[t * STRIDE + WIDTH / 2 + i];
            assert_close((double)y[t * STRIDE + i], a * cos(angle) - b * sin(angle), 0, 1e-6);
            assert_close((double)y[t * STRIDE + WIDTH / 2 + i], b * cos(angle) + a * sin(angle), 0,
                         1e-6);
        }
    assert_memory_equal(y + WIDTH, x + WIDTH, (STRIDE - WIDTH) * sizeof *x); /* not a head's */
    rope_backward(y, table, SEQ, SEQ, STRIDE, 1, WIDTH);
    for (size_t i = 0; i < SEQ * STRIDE; i++)
        assert_close((double)y[i], (double)x[i], 0, 1e-6);
    free(x);
}

static void attention_is_causal_softmax_across_strips(void **state)
{
    enum { SEQ = 2 * ATTENTION_STRIP + 3, W = 4, HEADS = 2, STRIDE = (HEADS + 2) * W };
    const struct attention a = {
        .heads = HEADS, .kv_heads = 1, .width = W, .sequences = 1, .seq = SEQ};
    real *qkv = normal_block(SEQ * STRIDE, 7), *out = mem_new(SEQ * HEADS * W, sizeof *out);
    real *lse = mem_new(HEADS * SEQ, sizeof *lse);
    real *scratch = mem_new(attention_scratch(SEQ), sizeof *scratch);

    (void)state;
    attention(out, lse, scratch, qkv, &a);
    for (size_t h = 0; h < HEADS; h++)
        for (size_t t = 0; t < SEQ; t++) {
            double sum = 0, mean[W] = {0};
            for (size_t s = 0; s <= t; s++) {
                double score = 0, e;
                for (size_t i = 0; i < W; i++)
                    score += (double)qkv[t * STRIDE + h * W + i] *
                             (double)qkv[s * STRIDE + HEADS * W + i];
                e = exp(score / sqrt(W));
                sum += e;
                for (size_t i = 0; i < W; i++)
                    mean[i] += e * (double)qkv[s * STRIDE + (HEADS + 1) * W + i];
            }
            assert_close((double)lse[h * SEQ + t], log(sum), 1e-5, 1e-5);
            for (size_t i = 0; i < W; i++)
                assert_close((double)out[t * HEADS * W + h * W + i], mean[i] / sum, 1e-5, 1e-5);
        }
    free(qkv);
    free(out);
    free(lse);
    free(scratch);
}

/* Enough rows for two tiles, the second one shorter. */
static void classifier_tiles_give_the_plain_cross_entropy(void **state)
{
    enum { VOCAB = 70000, DIM = 3 };
    size_t tile_rows = classifier_tile(1000, VOCAB), rows = tile_rows + 5;
    real *x = normal_block(rows * DIM, 8), *w = normal_block(VOCAB * DIM, 9);
    real *tile = mem_new(tile_rows * VOCAB, sizeof *tile), *losses = mem_new(rows, sizeof *losses);
    uint32_t *targets = mem_new(rows, sizeof *targets);

    (void)state;
    assert_true(tile_rows < 1000);
    for (size_t i = 0; i < rows; i++)
        targets[i] = (uint32_t)(i * 977 % VOCAB);
    classifier(losses, tile, x, w, targets, rows, DIM, VOCAB);
    for (size_t r = 0; r < rows; r += 9) {
        double sum = 0, hit = 0;
        for (size_t v = 0; v < VOCAB; v++) {
            double logit = 0;
            for (size_t i = 0; i < DIM; i++)
                logit += (double)x[r * DIM + i] * (double)w[v * DIM + i];
            sum += exp(logit);
            hit = v == targets[r] ? logit : hit;
        }
        assert_close((double)losses[r], log(sum) - hit, 1e-6, 1e-6);
    }
    free(x);
    free(w);
    free(tile);
    free(losses);
    free(targets);
}

static void a_nan_or_infinite_logit_makes_the_loss_no_number(void **state)
{
    const real w[4] = {1, 2, 3, 4};
    const uint32_t target = 1;
    real tile[4], loss, x = NAN;

    (void)state;
    classifier(&loss, tile, &x, w, &target, 1, 1, 4);
    assert_false(isfinite(loss));
    x = INFINITY;
    classifier(&loss, tile, &x, w, &target, 1, 1, 4);
    assert_false(isfinite(loss));
}

static void embedding_gradient_adds_rows_of_the_same_token(void **state)
{
    const uint32_t ids[3] = {1, 0, 1};
    const real dy[6] = {1, 2, 10, 20, 100, 200};
    real dw[4] = {0};

    (void)state;
    embedding_backward(dw, dy, ids, 3, 2);
    assert_true(dw[0] == 10 && dw[1] == 20 && dw[2] == 101 && dw[3] == 202);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_within_two_ulp_of_libm),
        cmocka_unit_test(exp_saturates_and_keeps_nan),
        cmocka_unit_test(linear_and_its_backward_are_the_plain_sums),
        cmocka_unit_test(linear_with_beta_one_adds),
        cmocka_unit_test(a_bias_is_added_to_every_row_and_its_gradient_is_the_sum_of_the_rows),
        cmocka_unit_test(a_residual_adds_its_scaled_product),
        cmocka_unit_test(rmsnorm_is_its_formula_at_any_width),
        cmocka_unit_test(rope_turns_pairs_by_position_and_back),
        cmocka_unit_test(attention_is_causal_softmax_across_strips),
        cmocka_unit_test(classifier_tiles_give_the_plain_cross_entropy),
        cmocka_unit_test(a_nan_or_infinite_logit_makes_the_loss_no_number),
        cmocka_unit_test(embedding_gradient_adds_rows_of_the_same_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
