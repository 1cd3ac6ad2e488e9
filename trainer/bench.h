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
    double step_s;             /* one step; this and all that follows is a median over the steps */
    double tokens_per_s;       /* step_tokens / step_s */
    double gflops;             /* 10^9 operations a second, counted by model_step_flops() */
    double gemm_gflops;        /* of large square products on all threads at once */
    double share_of_gemm;      /* gflops / gemm_gflops */
    double products_s;         /* a step's own matrix products and nothing else */
    double share_of_products;  /* products_s / step_s */
    double adamw_s;            /* one step of the optimizer, without the norm of the gradient */
    double traffic_gb_per_s;   /* 10^9 bytes a second, read and written, of a pass in place */
    double adamw_of_traffic;   /* adamw_s / (28 bytes a parameter at that rate) */
    double start_s;            /* memory and starting weights, before the first step */
    double first_step_s;       /* the step that touches all memory, which does not count above */
    double peak_mib;           /* behind the first step */
    double memory_model_mib;   /* yardstick_memory() */
    double peak_of_model;      /* peak_mib / memory_model_mib */
    double seconds[OPERATORS]; /* of one step, all threads together, mean over the steps */
};

/*
 * Trains on random tokens for `steps` steps, after one that does not count; 0: for about 5 seconds,
 * but 5 steps at least.  Steps and yardsticks (yardstick.h) take turns, so that their ratios hold
 * on a machine that others use too.
 */
int bench_run(struct bench *out, const struct config *config, size_t vocab, size_t threads,
              size_t steps, struct err *err);

#endif
