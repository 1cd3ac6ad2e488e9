/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernels that were picked for this processor against plain twins of the same source, compiled
 * here for the smallest x86-64: equal to the last bit, at every length.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "real.h"
#undef KERNEL
#define KERNEL

/* clang-format off */
#define linear                 plain_linear
#define linear_backward_input  plain_linear_backward_input
#define linear_backward_weight plain_linear_backward_weight
#define linear_bias            plain_linear_bias
#define bias_backward          plain_bias_backward
#define residual               plain_residual
#define residual_backward      plain_residual_backward
#define embedding              plain_embedding
#define embedding_backward     plain_embedding_backward
#define rmsnorm                plain_rmsnorm
#define rmsnorm_backward       plain_rmsnorm_backward
#define rope_table             plain_rope_table
#define rope                   plain_rope
#define rope_backward          plain_rope_backward
#define swiglu                 plain_swiglu
#define swiglu_backward        plain_swiglu_backward
#define block_add              plain_block_add
#define block_scale            plain_block_scale
#define block_square_sum       plain_block_square_sum
#define block_largest          plain_block_largest
#define block_exponentials     plain_block_exponentials
#include "../trainer/ops.c"
#undef linear
#undef linear_backward_input
#undef linear_backward_weight
#undef linear_bias
#undef bias_backward
#undef residual
#undef residual_backward
#undef embedding
#undef embedding_backward
#undef rmsnorm
#undef rmsnorm_backward
#undef rope_table
#undef rope
#undef rope_backward
#undef swiglu
#undef swiglu_backward
#undef block_add
#undef block_scale
#undef block_square_sum
#undef block_largest
#undef block_exponentials
#undef TRAINER_OPS_H
#include "ops.h"
/* clang-format on */

#include "rng.h"

#define ROWS 3
#define MOST 150 /* elements of a row: several vectors of any width, and every remainder */

static void draw(real *x, size_t n, uint64_t index)
{
    struct rng rng;

    rng_init(&rng, 3, "kernels", index);
    for (size_t i = 0; i < n; i++)
        x[i] = (real)(3 * rng_normal(&rng));
}

static void normalisation_has_the_same_bits(void **state)
{
    (void)state;
    for (size_t dim = 1; dim <= MOST; dim++) {
        real x[ROWS * MOST], gain[MOST], y[2][ROWS * MOST], rstd[2][ROWS];
        real dx[2][ROWS * MOST] = {{0}}, dgain[2][MOST] = {{0}};
        draw(x, ROWS * dim, 1);
        draw(gain, dim, 2);
        rmsnorm(y[0], rstd[0], x, gain, ROWS, dim, 1e-5);
        plain_rmsnorm(y[1], rstd[1], x, gain, ROWS, dim, 1e-5);
        assert_memory_equal(y[0], y[1], ROWS * dim * sizeof(real));
        rmsnorm_backward(dx[0], dgain[0], y[0], x, rstd[0], gain, ROWS, dim);
        plain_rmsnorm_backward(dx[1], dgain[1], y[0], x, rstd[0], gain, ROWS, dim);
        assert_memory_equal(dx[0], dx[1], sizeof dx[0]);
        assert_memory_equal(dgain[0], dgain[1], sizeof dgain[0]);
    }
}

static void swiglu_has_the_same_bits(void **state)
{
    (void)state;
    for (size_t n = 1; n <= MOST; n++) {
        real gate_up[2 * MOST], dy[MOST], y[2][MOST], d[2][2 * MOST];
        draw(gate_up, 2 * n, 3);
        draw(dy, n, 4);
        swiglu(y[0], gate_up, 1, n);
        plain_swiglu(y[1], gate_up, 1, n);
        assert_memory_equal(y[0], y[1], n * sizeof(real));
        swiglu_backward(d[0], dy, gate_up, 1, n);
        plain_swiglu_backward(d[1], dy, gate_up, 1, n);
        assert_memory_equal(d[0], d[1], 2 * n * sizeof(real));
    }
}

static void rotation_has_the_same_bits(void **state)
{
    (void)state;
    for (size_t width = 2; width <= MOST; width += 2) {
        real table[ROWS * MOST], x[2][ROWS * MOST];
        rope_table(table, ROWS, width, 10000);
        draw(x[0], ROWS * width, 5);
        memcpy(x[1], x[0], sizeof x[0]);
        rope(x[0], table, ROWS, ROWS, width, 1, width);
        plain_rope(x[1], table, ROWS, ROWS, width, 1, width);
        assert_memory_equal(x[0], x[1], ROWS * width * sizeof(real));
        rope_backward(x[0], table, ROWS, ROWS, width, 1, width);
        plain_rope_backward(x[1], table, ROWS, ROWS, width, 1, width);
        assert_memory_equal(x[0], x[1], ROWS * width * sizeof(real));
    }
}

/* Long enough for the runs that exponentials are summed in. */
static void sums_and_extremes_have_the_same_bits(void **state)
{
    enum { LONG = 3000 };
    static real x[LONG], e[2][LONG];

    (void)state;
    draw(x, LONG, 6);
    for (size_t n = 1; n <= LONG; n += n < MOST ? 1 : 119) {
        double sum, plain;
        assert_true(block_square_sum(x, n) == plain_block_square_sum(x, n));
        assert_true(block_largest(x, n) == plain_block_largest(x, n));
        memcpy(e[0], x, n * sizeof(real));
        memcpy(e[1], x, n * sizeof(real));
        sum = block_exponentials(e[0], 1.5f, n);
        plain = plain_block_exponentials(e[1], 1.5f, n);
        assert_true(sum == plain);
        assert_memory_equal(e[0], e[1], n * sizeof(real));
        block_add(e[0], x, n);
        plain_block_add(e[1], x, n);
        block_scale(e[0], 0.3f, n);
        plain_block_scale(e[1], 0.3f, n);
        assert_memory_equal(e[0], e[1], n * sizeof(real));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalisation_has_the_same_bits),
        cmocka_unit_test(swiglu_has_the_same_bits),
        cmocka_unit_test(rotation_has_the_same_bits),
        cmocka_unit_test(sums_and_extremes_have_the_same_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
