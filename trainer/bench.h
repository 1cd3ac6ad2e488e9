/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench.h - how fast this machine trains, and where the time goes.
 */
#ifndef TRAINER_BENCH_H
#define TRAINER_BENCH_H

#include "config.h"
#include "err.h"
#include "trainer.h"

struct bench {
    size_t parameters, step_tokens, threads, steps;
    double tokens_per_s;       /* of the median step */
    double gflops;             /* 10^9 operations a second, counted by model_step_flops() */
    double gemm_gflops;        /* large square products on all threads at once, in the median */
    double share_of_gemm;      /* gflops / gemm_gflops */
    double start_s;            /* memory and starting weights, before the first step */
    double peak_mib;           /* behind the first step, which has touched all of it */
    double seconds[OPERATORS]; /* of one step, all threads together, mean over the steps */
};

/*
 * Trains on random tokens for `steps` steps, after one that does not count; 0: for about 5 seconds,
 * but 5 steps at least.  Steps and large products take turns, so that their ratio holds on a
 * machine that others use too.
 */
int bench_run(struct bench *out, const struct config *config, size_t vocab, size_t threads,
              size_t steps, struct err *err);

#endif
