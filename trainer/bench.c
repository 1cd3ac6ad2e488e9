/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "bench.h"
#include "block.h"
#include "clock.h"
#include "gemm.h"
#include "mem.h"
#include "rng.h"

#define STEPS_LEAST 5
#define SECONDS     5       /* of steps, where their number is left to us */
#define TOKENS      1000000 /* random tokens to draw sequences from */
#define SQUARE      1024    /* side of the products that measure the machine */
#define ROUNDS      6

struct square_job {
    real *blocks; /* [threads, 3, SQUARE * SQUARE] */
};

static void multiply(void *arg, size_t worker, size_t index)
{
    const struct square_job *job = arg;
    size_t n = (size_t)SQUARE * SQUARE;
    real *a = job->blocks + worker * 3 * n;

    (void)index;
    gemm(GEMM_NN, SQUARE, SQUARE, SQUARE, 1, a, SQUARE, a + n, SQUARE, 0, a + 2 * n, SQUARE);
}

/* Operations a second / 10^9 of as many products at once as the pool has threads. */
static double measure_gemm(struct pool *pool)
{
    size_t threads = pool_threads(pool), n = threads * 3 * SQUARE * SQUARE;
    struct square_job job = {block_new(n)};
    double best = 0;

    for (size_t i = 0; i < n; i++)
        job.blocks[i] = (real)(i % 17) - 8;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = clock_s(), rate;
        pool_run(pool, multiply, &job, 4 * threads);
        rate = 4.0 * (double)threads * 2.0 * SQUARE * SQUARE * SQUARE / (clock_s() - begin) / 1e9;
        best = rate > best ? rate : best;
    }
    free(job.blocks);
    return best;
}

static uint8_t *random_tokens(struct tokens *tokens, size_t vocab)
{
    uint8_t *bytes = mem_new(TOKENS, 4), *p = bytes;
    struct rng rng;

    rng_init(&rng, 1, "bench", 0);
    for (size_t i = 0; i < TOKENS; i++) {
        uint64_t token = rng_below(&rng, vocab);
        for (int k = 0; k < 4; k++)
            *p++ = (uint8_t)(token >> 8 * k);
    }
    *tokens = (struct tokens){bytes, TOKENS, 4};
    return bytes;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, by_size);
    return x[n / 2];
}

/* The median time of a step; how many were made goes to *made. */
static double step_seconds(size_t *made, struct trainer *t, const struct tokens *tokens,
                           size_t steps)
{
    double *seconds = NULL, begin = clock_s(), out;
    size_t n = 0;

    do {
        double before = clock_s();
        trainer_step(t, tokens, n + 1, t->config->lr);
        seconds = mem_room(seconds, n, sizeof *seconds);
        seconds[n++] = clock_s() - before;
    } while (steps > 0 ? n < steps : n < STEPS_LEAST || clock_s() - begin < SECONDS);
    out = median(seconds, n);
    free(seconds);
    *made = n;
    return out;
}

/* The first step touches the memory anew and is left out. */
static double measure_steps(struct bench *out, struct trainer *t, const struct tokens *tokens,
                            size_t steps)
{
    double before[OPERATORS], after[OPERATORS], step_s;

    trainer_step(t, tokens, 0, t->config->lr);
    trainer_seconds(before, t);
    step_s = step_seconds(&out->steps, t, tokens, steps);
    trainer_seconds(after, t);
    for (int op = 0; op < OPERATORS; op++)
        out->seconds[op] = (after[op] - before[op]) / (double)out->steps;
    return step_s;
}

static int measure_training(struct bench *out, const struct config *config, size_t vocab,
                            size_t threads, size_t steps, struct err *err)
{
    double begin = clock_s(), step_s;
    struct trainer *t;
    struct tokens tokens;
    uint8_t *bytes;

    if (trainer_open(&t, config, vocab, threads, 1, err) != 0)
        return -1;
    trainer_start(t);
    out->start_s = clock_s() - begin;
    bytes = random_tokens(&tokens, vocab);
    step_s = measure_steps(out, t, &tokens, steps);
    out->peak_mib = block_peak_mib();
    out->parameters = t->model.n_weights;
    out->step_tokens = trainer_step_tokens(t);
    out->tokens_per_s = (double)out->step_tokens / step_s;
    out->gflops = model_step_flops(&t->model, out->step_tokens, (size_t)config->seq) / step_s / 1e9;
    free(bytes);
    trainer_close(t);
    return 0;
}

int bench_run(struct bench *out, const struct config *config, size_t vocab, size_t threads,
              size_t steps, struct err *err)
{
    struct pool *pool;
    int rc;

    *out = (struct bench){.threads = threads};
    if (pool_open(&pool, threads, err) != 0)
        return -1;
    gemm_single_threaded();
    out->gemm_gflops = measure_gemm(pool);
    rc = measure_training(out, config, vocab, threads, steps, err);
    if (rc == 0)
        out->gemm_gflops = fmax(out->gemm_gflops, measure_gemm(pool));
    out->share_of_gemm = out->gflops / out->gemm_gflops;
    pool_close(pool);
    return rc;
}
