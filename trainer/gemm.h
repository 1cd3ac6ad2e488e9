/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gemm.h - the one door to BLAS: c = alpha a b + beta c, row-major, on the calling thread.
 */
#ifndef TRAINER_GEMM_H
#define TRAINER_GEMM_H

#include <stddef.h>

#include "real.h"

enum gemm_kind {
    GEMM_NN, /* a [m, k], b [k, n] */
    GEMM_NT, /* a [m, k], b [n, k], which is transposed */
    GEMM_TN, /* a [k, m], which is transposed, b [k, n] */
};

/* lda, ldb, ldc: elements from one row to the next.  Sizes are below 2^31 (config.c sees to it). */
void gemm(enum gemm_kind kind, size_t m, size_t n, size_t k, real alpha, const real *a, size_t lda,
          const real *b, size_t ldb, real beta, real *c, size_t ldc);

/* BLAS with one thread a call, whatever the environment says; before the first gemm(). */
void gemm_single_threaded(void);

/* The kernel set that BLAS picked for this processor ("SkylakeX"), for the record.  Borrowed. */
const char *gemm_core(void);

#endif
