/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cblas.h>

#include "gemm.h"

#ifdef REAL_IS_DOUBLE
#define CBLAS_GEMM cblas_dgemm
#else
#define CBLAS_GEMM cblas_sgemm
#endif

void gemm(enum gemm_kind kind, size_t m, size_t n, size_t k, real alpha, const real *a, size_t lda,
          const real *b, size_t ldb, real beta, real *c, size_t ldc)
{
    CBLAS_GEMM(CblasRowMajor, kind == GEMM_TN ? CblasTrans : CblasNoTrans,
               kind == GEMM_NT ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k,
               alpha, a, (blasint)lda, b, (blasint)ldb, beta, c, (blasint)ldc);
}

void gemm_single_threaded(void)
{
    openblas_set_num_threads(1);
}

const char *gemm_core(void)
{
    return openblas_get_corename();
}
