/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "clock.h"
#include "decoder.h"
#include "mem.h"
#include "pool.h"
#include "rng.h"
#include "speed.h"

#define PIECE ((size_t)1 << 16) /* weights that a thread takes at once */

/* Some weights of one tensor, and their sum, so that nobody may leave the work out. */
struct piece {
    const real *at;
    size_t n;
    double sum;
};

/* A pass over the weights that one token takes. */
struct reading {
    struct piece *pieces;
    size_t n;
};

KERNEL static double sum_of(const real *x, size_t n)
{
    real lane[4 * LANES] = {0};
    double sum = 0;
    size_t i = 0;

    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (size_t l = 0; l < 4 * LANES; l++)
            lane[l] += x[i + l];
    for (; i < n; i++)
        lane[0] += x[i];
    for (size_t l = 0; l < 4 * LANES; l++)
        sum += (double)lane[l];
    return sum;
}

/* Every matrix once; of a table that is no head one row is nothing beside them. */
static void list_pieces(struct reading *r, const struct model *model, const struct weights *weights)
{
    for (size_t i = 0; i < model->n_tensors; i++) {
        size_t n = tensor_size(&model->tensors[i]);
        if (model->tensors[i].role == ROLE_EMBEDDING && !model->shape.tied)
            continue;
        for (size_t first = 0; first < n; first += PIECE) {
            r->pieces = mem_room(r->pieces, r->n, sizeof *r->pieces);
            r->pieces[r->n++] = (struct piece){.at = weights->at[i] + first,
                                               .n = n - first < PIECE ? n - first : PIECE};
        }
    }
}

static void read_piece(void *arg, size_t worker, size_t index)
{
    struct piece *p = &((struct reading *)arg)->pieces[index];

    (void)worker;
    p->sum = sum_of(p->at, p->n);
}

static double reading_s(struct reading *r, struct pool *pool)
{
    double begin = clock_s();

    pool_run(pool, read_piece, r, r->n);
    return clock_s() - begin;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, ascending);
    return n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* Seconds of each round, and the share of the reading that its tokens reached. */
struct rounds {
    double prompt[SPEED_ROUNDS], token[SPEED_ROUNDS], reading[SPEED_ROUNDS], share[SPEED_ROUNDS];
};

static void one_round(struct rounds *r, size_t i, struct decoder *d, const uint32_t *ids,
                      const struct speed *s, struct reading *reading, struct pool *pool)
{
    double begin, middle;

    decoder_back(d, 0);
    begin = clock_s();
    decoder_read(d, ids, s->prompt);
    middle = clock_s();
    for (size_t k = 0; k < s->tokens; k++)
        decoder_read(d, ids + s->prompt + k, 1);
    r->prompt[i] = middle - begin;
    r->token[i] = (clock_s() - middle) / (double)s->tokens;
    r->reading[i] = reading_s(reading, pool);
    r->share[i] = r->reading[i] / r->token[i];
}

static void conclude(struct speed *s, struct rounds *r, const struct model *model)
{
    s->prompt_tokens_per_s = (double)s->prompt / median(r->prompt, SPEED_ROUNDS);
    s->generate_tokens_per_s = 1 / median(r->token, SPEED_ROUNDS);
    s->read_gb_per_s = (double)decoder_token_bytes(model) / median(r->reading, SPEED_ROUNDS) / 1e9;
    s->share_of_reading = median(r->share, SPEED_ROUNDS);
}

static void measure(struct speed *s, struct decoder *d, const struct model *model,
                    struct reading *reading, struct pool *pool)
{
    uint32_t *ids = mem_new(s->prompt + s->tokens, sizeof *ids);
    double begin = clock_s();
    struct rounds rounds;
    struct rng rng;

    rng_init(&rng, 1, "bench", 0);
    for (size_t i = 0; i < s->prompt + s->tokens; i++)
        ids[i] = (uint32_t)rng_below(&rng, (uint64_t)model->shape.vocab);
    decoder_read(d, ids, 1);
    s->first_s = clock_s() - begin;
    one_round(&rounds, 0, d, ids, s, reading, pool); /* the first touch of everything else */
    for (size_t i = 0; i < SPEED_ROUNDS; i++)
        one_round(&rounds, i, d, ids, s, reading, pool);
    conclude(s, &rounds, model);
    free(ids);
}

int speed_run(struct speed *out, const struct model *model, const struct weights *weights,
              size_t prompt, size_t tokens, size_t threads, struct err *err)
{
    struct reading reading = {0};
    struct decoder *d = NULL;
    struct pool *pool = NULL;
    int rc = -1;

    *out = (struct speed){.prompt = prompt, .tokens = tokens, .rounds = SPEED_ROUNDS};
    if (pool_open(&pool, threads, err) == 0 &&
        decoder_open(&d, model, weights, prompt + tokens, threads, err) == 0) {
        list_pieces(&reading, model, weights);
        measure(out, d, model, &reading, pool);
        rc = 0;
    }
    decoder_close(d);
    pool_close(pool);
    free(reading.pieces);
    return rc;
}
