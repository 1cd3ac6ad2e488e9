/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "bench.h"
#include "block.h"
#include "clock.h"
#include "mem.h"
#include "rng.h"
#include "yardstick.h"

#define STEPS_LEAST 5
#define SECONDS     5       /* of steps, where their number is left to us */
#define TOKENS      1000000 /* random tokens to draw sequences from */

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
    *tokens = (struct tokens){.at = bytes, .n = TOKENS, .width = 4};
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

/* What is measured in turn: a step, and what stands beside it. */
enum turn_kind { TURN_STEP, TURN_OPTIMIZER, TURN_TRAFFIC, TURN_SQUARES, TURN_PRODUCTS, TURNS };

/* The optimizer comes before the products, which overwrite its gradient. */
static double (*const yardsticks[TURNS])(struct yardstick *y) = {
    [TURN_OPTIMIZER] = yardstick_optimizer_s,
    [TURN_TRAFFIC] = yardstick_traffic_s,
    [TURN_SQUARES] = yardstick_squares_s,
    [TURN_PRODUCTS] = yardstick_products_s,
};

static double step_s(struct trainer *t, const struct tokens *tokens, uint64_t step)
{
    double begin = clock_s();

    trainer_step(t, tokens, step, t->config->lr);
    return clock_s() - begin;
}

/* Medians of `steps` rounds in seconds[TURNS]; returns how many rounds there were. */
static size_t take_turns(double seconds[TURNS], struct yardstick *y, const struct tokens *tokens,
                         size_t steps)
{
    double *each[TURNS] = {NULL}, begin = clock_s();
    size_t n = 0;

    do {
        for (int k = 0; k < TURNS; k++)
            each[k] = mem_room(each[k], n, sizeof *each[k]);
        each[TURN_STEP][n] = step_s(y->t, tokens, n + 1);
        for (int k = TURN_STEP + 1; k < TURNS; k++)
            each[k][n] = yardsticks[k](y);
        n++;
    } while (steps > 0 ? n < steps : n < STEPS_LEAST || clock_s() - begin < SECONDS);
    for (int k = 0; k < TURNS; k++) {
        seconds[k] = median(each[k], n);
        free(each[k]);
    }
    return n;
}

static void fill_speed(struct bench *out, const struct yardstick *y, const double seconds[TURNS])
{
    const struct trainer *t = y->t;
    double flops = model_step_flops(&t->model, out->step_tokens, (size_t)t->config->seq);
    double rate = yardstick_traffic_bytes(y) / seconds[TURN_TRAFFIC];

    out->step_s = seconds[TURN_STEP];
    out->tokens_per_s = (double)out->step_tokens / out->step_s;
    out->gflops = flops / out->step_s / 1e9;
    out->gemm_gflops = yardstick_squares_flops(y) / seconds[TURN_SQUARES] / 1e9;
    out->share_of_gemm = out->gflops / out->gemm_gflops;
    out->products_s = seconds[TURN_PRODUCTS];
    out->share_of_products = out->products_s / out->step_s;
    out->adamw_s = seconds[TURN_OPTIMIZER];
    out->traffic_gb_per_s = rate / 1e9;
    out->adamw_of_traffic = out->adamw_s / (yardstick_adamw_bytes(y) / rate);
}

/* The first step touches the memory anew and is left out; what it has touched is the peak. */
static void measure_first_step(struct bench *out, struct trainer *t, const struct tokens *tokens)
{
    out->first_step_s = step_s(t, tokens, 0);
    out->peak_mib = block_peak_mib();
    out->memory_model_mib = yardstick_memory(t) / 0x1p20;
    out->peak_of_model = out->peak_mib / out->memory_model_mib;
}

static void measure_steps(struct bench *out, struct trainer *t, const struct tokens *tokens,
                          size_t steps)
{
    double before[OPERATORS], after[OPERATORS], seconds[TURNS];
    struct yardstick y;

    yardstick_init(&y, t);
    for (int k = TURN_STEP + 1; k < TURNS; k++)
        yardsticks[k](&y);
    trainer_seconds(before, t);
    out->steps = take_turns(seconds, &y, tokens, steps);
    trainer_seconds(after, t);
    for (int op = 0; op < OPERATORS; op++)
        out->seconds[op] = (after[op] - before[op]) / (double)out->steps;
    fill_speed(out, &y, seconds);
    yardstick_clear(&y);
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
    measure_first_step(out, t, &tokens);
    measure_steps(out, t, &tokens, steps);
    free(bytes);
    trainer_close(t);
    return 0;
}
