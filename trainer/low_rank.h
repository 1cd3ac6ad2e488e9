/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * low_rank.h - a linear layer of low rank beside another one: y += scale (x a') b'.
 * Hu et al. 2021, LoRA, arXiv:2106.09685, section 4.1, with the names A and B of that page.
 *
 * The narrow product x a' is not kept for the backward pass, which makes it again: that costs
 * rank / (in + out) of the layer it stands beside, and memory for one layer instead of all.
 */
#ifndef TRAINER_LOW_RANK_H
#define TRAINER_LOW_RANK_H

#include <stddef.h>

#include "real.h"

struct low_rank {
    size_t in, out, rank;
    const real *a; /* [rank, in] */
    const real *b; /* [out, rank] */
    real scale;
};

/*
 *   y       [rows, stride]  the first `out` of each row; adds
 *   narrow  [rows, rank]    scratch: x a'
 *   x       [rows, in]
 */
void low_rank(real *y, size_t stride, real *narrow, const struct low_rank *l, const real *x,
              size_t rows);

/*
 *   dx       [rows, in]      adds; NULL: not wanted
 *   da, db   as a and b      overwritten
 *   narrow   [2, rows, rank] scratch
 *   dy       [rows, stride]  the first `out` of each row
 */
void low_rank_backward(real *dx, real *da, real *db, real *narrow, const struct low_rank *l,
                       const real *dy, size_t stride, const real *x, size_t rows);

#endif
