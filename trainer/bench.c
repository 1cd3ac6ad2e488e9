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
#define PRODUCTS    4       /* of each thread in a row */

/* Products of square matrices, each thread's own. */
struct squares {
    real *blocks; /* [threads, 3, SQUARE * SQUARE] */
    size_t threads;
};

static void multiply(void *arg, size_t worker, size_t index)
{
    const struct squares *squares = arg;
    size_t n = (size_t)SQUARE * SQUARE;
    real *a = squares->blocks + worker * 3 * n;

    (void)index;
    gemm(GEMM_NN, SQUARE, SQUARE, SQUARE, 1, a, SQUARE, a + n, SQUARE, 0, a + 2 * n, SQUARE);
}

static struct squares squares_new(size_t threads)
{
    size_t n = threads * 3 * SQUARE * SQUARE;
    struct squares squares = {block_new(n), threads};

    for (size_t i = 0; i < n; i++)
        squares.blocks[i] = (real)(i % 17) - 8;
    return squares;
}

/* Seconds that PRODUCTS products on every thread take. */
static double squares_seconds(struct squares *squares, struct pool *pool)
{
    double begin = clock_s();

    pool_run(pool, multiply, squares, PRODUCTS * squares->threads);
    return clock_s() - begin;
}

static double squares_flops(const struct squares *squares)
{
    return 2.0 * SQUARE * SQUARE * SQUARE * PRODUCTS * (double)squares->threads;
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
    return n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* Medians of what is measured in turn, so that a neighbour on the machine slows both. */
struct pace {
    double step_s, squares_s;
    size_t steps;
};

static struct pace measure_pace(struct trainer *t, struct squares *squares,
                                const struct tokens *tokens, size_t steps)
{
    struct pace pace;
    double *step_s = NULL, *squares_s = NULL, begin = clock_s(), last;
    size_t n = 0;

    do {
        step_s = mem_room(step_s, n, sizeof *step_s);
        squares_s = mem_room(squares_s, n, sizeof *squares_s);
        last = clock_s();
        trainer_step(t, tokens, n + 1, t->config->lr);
        step_s[n] = clock_s() - last;
        squares_s[n++] = squares_seconds(squares, t->pool);
    } while (steps > 0 ? n < steps : n < STEPS_LEAST || clock_s() - begin < SECONDS);
    pace = (struct pace){median(step_s, n), median(squares_s, n), n};
    free(squares_s);
    free(step_s);
    return pace;
}

static void fill_speed(struct bench *out, const struct trainer *t, const struct pace *pace,
                       const struct squares *squares)
{
    size_t seq = (size_t)t->config->seq;

    out->steps = pace->steps;
    out->tokens_per_s = (double)out->step_tokens / pace->step_s;
    out->gflops = model_step_flops(&t->model, out->step_tokens, seq) / pace->step_s / 1e9;
    out->gemm_gflops = squares_flops(squares) / pace->squares_s / 1e9;
    out->share_of_gemm = out->gflops / out->gemm_gflops;
}

/* The first step touches the memory anew and is left out; what it has touched is the peak. */
static void measure_steps(struct bench *out, struct trainer *t, const struct tokens *tokens,
                          size_t steps)
{
    double before[OPERATORS], after[OPERATORS];
    struct squares squares;
    struct pace pace;

    trainer_step(t, tokens, 0, t->config->lr);
    out->peak_mib = block_peak_mib();
    squares = squares_new(out->threads);
    squares_seconds(&squares, t->pool);
    trainer_seconds(before, t);
    pace = measure_pace(t, &squares, tokens, steps);
    trainer_seconds(after, t);
    for (int op = 0; op < OPERATORS; op++)
        out->seconds[op] = (after[op] - before[op]) / (double)pace.steps;
    fill_speed(out, t, &pace, &squares);
    free(squares.blocks);
}

int bench_run(struct bench *out, const struct config *config, size_t vocab, size_t threads,
              size_t steps, struct err *err)
{
    double begin = clock_s();
    struct trainer *t;
    struct tokens tokens;
    uint8_t *bytes;

    *out = (struct bench){.threads = threads};
    if (trainer_open(&t, config, vocab, threads, 1, err) != 0)
        return -1;
    trainer_start(t);
    out->start_s = clock_s() - begin;
    out->parameters = t->model.n_weights;
    out->step_tokens = trainer_step_tokens(t);
    bytes = random_tokens(&tokens, vocab);
    measure_steps(out, t, &tokens, steps);
    free(bytes);
    trainer_close(t);
    return 0;
}
