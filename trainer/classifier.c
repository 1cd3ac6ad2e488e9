/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "classifier.h"
#include "ops.h"

#define TILE_REALS (4u << 20)

size_t classifier_tile(size_t rows, size_t vocab)
{
    size_t tile = TILE_REALS / vocab;

    tile = tile < 16 ? 16 : tile;
    return tile < rows ? tile : rows;
}

/* The row's loss; the logits become e^(logit - largest), whose sum is *sum. */
static real row_loss(double *sum, real *logits, uint32_t target, size_t vocab)
{
    real top = block_largest(logits, vocab);
    double hit = (double)logits[target] - (double)top;

    *sum = block_exponentials(logits, top, vocab);
    return (real)(log(*sum) - hit);
}

void classifier(real *losses, real *tile, const real *x, const real *w, const uint32_t *targets,
                size_t rows, size_t dim, size_t vocab)
{
    size_t step = classifier_tile(rows, vocab);
    double sum;

    for (size_t at = 0; at < rows; at += step) {
        size_t n = rows - at < step ? rows - at : step;
        linear(tile, x + at * dim, w, n, vocab, dim, 0);
        for (size_t i = 0; i < n; i++)
            losses[at + i] = row_loss(&sum, tile + i * vocab, targets[at + i], vocab);
    }
}

void classifier_gradient(real *losses, real *dx, real *dw, real *tile, const real *x, const real *w,
                         const uint32_t *targets, size_t rows, size_t dim, size_t vocab, real scale)
{
    size_t step = classifier_tile(rows, vocab);

    for (size_t at = 0; at < rows; at += step) {
        size_t n = rows - at < step ? rows - at : step;
        linear(tile, x + at * dim, w, n, vocab, dim, 0);
        for (size_t i = 0; i < n; i++) {
            real *row = tile + i * vocab;
            double sum;
            losses[at + i] = row_loss(&sum, row, targets[at + i], vocab);
            block_scale(row, (real)((double)scale / sum), vocab);
            row[targets[at + i]] -= scale;
        }
        linear_backward_input(dx + at * dim, tile, w, n, vocab, dim, 0);
        if (dw != NULL)
            linear_backward_weight(dw, tile, x + at * dim, n, vocab, dim, at > 0 ? 1 : 0);
    }
}
