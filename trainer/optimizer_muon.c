/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * optimizer_muon.c - momentum made orthogonal, for hidden matrices; AdamW for all else.  Jordan et
 * al. 2024, "Muon: An optimizer for hidden layers in neural networks",
 * https://kellerjordan.github.io/posts/muon/:
 *     m = momentum m + (1 - momentum) g
 *     u = momentum m + (1 - momentum) g                        (Nesterov)
 *     w -= lr (sqrt(max(1, rows / cols)) orthogonal(u) + decay w)
 * The weight decay is Moonshot's addition (Liu et al. 2025, arXiv:2502.16982, section 2.2).
 */
#include <math.h>

#include "gemm.h"
#include "ops.h"
#include "optimizer.h"

#define NEWTON_SCHULZ_STEPS 5

static size_t side_of(size_t rows, size_t cols)
{
    return rows < cols ? rows : cols;
}

static size_t muon_scratch(size_t rows, size_t cols)
{
    size_t side = side_of(rows, cols);

    return 2 * rows * cols + 2 * side * side;
}

struct iteration {
    size_t rows, cols;
    real *gram, *poly; /* scratch [side, side] */
};

/*
 * y = a x + (b s + c s s) x  with s = x x' and the post's coefficients.  Where x is tall it is done
 * from the right, with s = x' x: the same matrix with smaller products.
 */
static void newton_schulz(real *y, const real *x, const struct iteration *it)
{
    const real a = 3.4445F, b = -4.7750F, c = 2.0315F;
    size_t rows = it->rows, cols = it->cols, side = side_of(rows, cols);
    size_t square = side * side * sizeof(real);

    if (rows <= cols)
        gemm(GEMM_NT, side, side, cols, 1, x, cols, x, cols, 0, it->gram, side);
    else
        gemm(GEMM_TN, side, side, rows, 1, x, cols, x, cols, 0, it->gram, side);
    memcpy(it->poly, it->gram, square);
    gemm(GEMM_NN, side, side, side, c, it->gram, side, it->gram, side, b, it->poly, side);
    memcpy(y, x, rows * cols * sizeof *y);
    if (rows <= cols)
        gemm(GEMM_NN, rows, cols, side, 1, it->poly, side, x, cols, a, y, cols);
    else
        gemm(GEMM_NN, rows, cols, side, 1, x, cols, it->poly, side, a, y, cols);
}

KERNEL static void nesterov(real *restrict u, real *restrict m, const real *restrict g, size_t n,
                            real scale, real momentum)
{
    for (size_t i = 0; i < n; i++) {
        real gi = g[i] * scale;
        m[i] = momentum * m[i] + (1 - momentum) * gi;
        u[i] = momentum * m[i] + (1 - momentum) * gi;
    }
}

KERNEL static void multiply(real *x, size_t n, real factor)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

KERNEL static void move(real *restrict w, const real *restrict u, size_t n, real keep, real rate)
{
    for (size_t i = 0; i < n; i++)
        w[i] = keep * w[i] - rate * u[i];
}

static void muon_step_matrix(real *weights, const real *gradient, real *const *state, size_t rows,
                             size_t cols, const struct optimizer_rule *rule, double scale,
                             double decay, real *scratch)
{
    size_t n = rows * cols, side = side_of(rows, cols);
    real *x = scratch, *y = x + n;
    const struct iteration it = {rows, cols, y + n, y + n + side * side};
    double tall = rows > cols ? (double)rows / (double)cols : 1;

    nesterov(x, state[0], gradient, n, (real)scale, (real)rule->momentum);
    multiply(x, n, (real)(1 / (sqrt(block_square_sum(x, n)) + 1e-7)));
    for (int i = 0; i < NEWTON_SCHULZ_STEPS; i++) {
        real *next = y;
        newton_schulz(y, x, &it);
        y = x;
        x = next;
    }
    move(weights, x, n, (real)(1 - rule->matrix_lr * decay), (real)(rule->matrix_lr * sqrt(tall)));
}

static void muon_step(real *weights, const real *gradient, real *const *state, size_t n,
                      const struct optimizer_rule *rule, double scale, double decay, long t)
{
    optimizer_find("adamw")->step(weights, gradient, state, n, rule, scale, decay, t);
}

const struct optimizer optimizer_muon = {
    .name = "muon",
    .summary = "orthogonal momentum for hidden matrices, AdamW for the rest",
    .states = 2,
    .step = muon_step,
    .step_matrix = muon_step_matrix,
    .matrix_scratch = muon_scratch,
};
