/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "evaluate.h"
#include "mem.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void hash_targets(struct evaluation *e)
{
    uint8_t *bytes = mem_new(e->n, 4), *p = bytes;

    for (size_t w = 0; w < e->n_windows; w++)
        for (size_t i = 1; i <= e->window; i++, p += 4) {
            uint32_t token = token_at(e->tokens, e->windows[w] + i);
            for (int k = 0; k < 4; k++)
                p[k] = (uint8_t)(token >> 8 * k);
        }
    sha256_bytes(e->sha256, bytes, 4 * e->n);
    free(bytes);
}

/* Window w of n begins at w/n of the way, so that they lie evenly and never overlap. */
static void spread_windows(struct evaluation *e, size_t targets)
{
    size_t slack = targets - e->n_windows * e->window;

    e->windows = mem_new(e->n_windows, sizeof *e->windows);
    for (size_t w = 0; w < e->n_windows; w++)
        e->windows[w] =
            w * e->window + (e->n_windows > 1 ? slack / (e->n_windows - 1) * w : slack / 2);
}

/* All targets, in equal windows: fewer than there are windows are left out. */
static void take_all(struct evaluation *e, size_t targets)
{
    e->n_windows = (targets + EVALUATE_WINDOW - 1) / EVALUATE_WINDOW;
    e->window = targets / e->n_windows;
}

static void take_some(struct evaluation *e, size_t targets, size_t wanted)
{
    e->window = smaller(targets, EVALUATE_WINDOW);
    e->n_windows = smaller((wanted + e->window - 1) / e->window, targets / e->window);
}

int evaluation_init(struct evaluation *e, const struct tokens *tokens, size_t wanted,
                    struct err *err)
{
    size_t targets = tokens->n > 0 ? tokens->n - 1 : 0;

    *e = (struct evaluation){.tokens = tokens};
    if (targets == 0)
        return err_usage(err, "%zu tokens are too few to predict one from another", tokens->n);
    if (wanted == 0 || wanted >= targets)
        take_all(e, targets);
    else
        take_some(e, targets, wanted);
    e->n = e->n_windows * e->window;
    spread_windows(e, targets);
    hash_targets(e);
    return 0;
}

void evaluation_clear(struct evaluation *e)
{
    free(e->windows);
    *e = (struct evaluation){0};
}

/*
 * Each window is cut into `full` pieces of seq targets and maybe a shorter rest.  The full pieces
 * of all windows are numbered through and taken `per_task` at a time; behind them come the rests.
 */
struct job {
    real *losses;
    const struct evaluation *e;
    const struct model *model;
    const real *weights;
    struct work *works;
    uint32_t *ids;      /* [threads, 2, rows] inputs, then targets */
    real *batch_losses; /* [threads, rows] */
    size_t rows, seq, full, rest;
    size_t full_tasks, pieces_per_task, rests_per_task;
    const volatile sig_atomic_t *stop;
};

/* The index, among all targets, of the first target of a piece. */
static size_t piece_at(const struct job *job, size_t piece, bool rest)
{
    if (rest)
        return piece * job->e->window + job->full * job->seq;
    return piece / job->full * job->e->window + piece % job->full * job->seq;
}

static void pieces(const struct job *job, size_t worker, size_t first, size_t n, bool rest)
{
    const struct evaluation *e = job->e;
    size_t length = rest ? job->rest : job->seq;
    uint32_t *inputs = job->ids + worker * 2 * job->rows, *targets = inputs + job->rows;
    real *losses = job->batch_losses + worker * job->rows;
    struct batch batch = {inputs, targets, n, length};

    for (size_t i = 0; i < n; i++) {
        size_t at = piece_at(job, first + i, rest);
        size_t token = e->windows[at / e->window] + at % e->window;
        tokens_copy(inputs + i * length, e->tokens, token, length);
        tokens_copy(targets + i * length, e->tokens, token + 1, length);
    }
    job->model->arch->losses(job->model, losses, job->weights, &job->works[worker], &batch);
    if (e->tokens->compact != NULL)
        compact_add_cost(losses, e->tokens->compact, targets, n * length);
    for (size_t i = 0; i < n; i++)
        memcpy(job->losses + piece_at(job, first + i, rest), losses + i * length,
               length * sizeof *losses);
}

static void task(void *arg, size_t worker, size_t index)
{
    const struct job *job = arg;
    bool rest = index >= job->full_tasks;
    size_t per_task = rest ? job->rests_per_task : job->pieces_per_task;
    size_t first = (rest ? index - job->full_tasks : index) * per_task;
    size_t all = rest ? job->e->n_windows : job->e->n_windows * job->full;

    if (job->stop == NULL || *job->stop == 0)
        pieces(job, worker, first, smaller(per_task, all - first), rest);
}

void evaluate(real *losses, const struct evaluation *e, const struct model *model,
              const real *weights, struct work *works, size_t rows, size_t seq, struct pool *pool,
              const volatile sig_atomic_t *stop)
{
    struct job job = {.losses = losses,
                      .e = e,
                      .model = model,
                      .weights = weights,
                      .works = works,
                      .rows = rows,
                      .seq = smaller(seq, e->window),
                      .stop = stop};
    size_t tasks;

    job.full = e->window / job.seq;
    job.rest = e->window % job.seq;
    job.pieces_per_task = rows / job.seq;
    job.full_tasks = (e->n_windows * job.full + job.pieces_per_task - 1) / job.pieces_per_task;
    tasks = job.full_tasks;
    if (job.rest > 0) {
        job.rests_per_task = rows / job.rest;
        tasks += (e->n_windows + job.rests_per_task - 1) / job.rests_per_task;
    }
    job.ids = mem_new(pool_threads(pool) * 2 * rows, sizeof *job.ids);
    job.batch_losses = mem_new(pool_threads(pool) * rows, sizeof *job.batch_losses);
    pool_run(pool, task, &job, tasks);
    free(job.batch_losses);
    free(job.ids);
}

double evaluation_mean(const struct evaluation *e, const real *losses)
{
    double sum = 0;

    for (size_t i = 0; i < e->n; i++)
        sum += (double)losses[i];
    return sum / (double)e->n;
}

size_t evaluation_sequence_count(const struct evaluation *e)
{
    return e->n_windows * ((e->window + EVALUATE_SEQUENCE - 1) / EVALUATE_SEQUENCE);
}

size_t evaluation_sequences(float *out, const struct evaluation *e, const real *losses)
{
    size_t count = 0;

    for (size_t w = 0; w < e->n_windows; w++)
        for (size_t at = 0; at < e->window; at += EVALUATE_SEQUENCE) {
            size_t n = smaller(EVALUATE_SEQUENCE, e->window - at);
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += (double)losses[w * e->window + at + i];
            out[count++] = (float)(sum / (double)n);
        }
    return count;
}
