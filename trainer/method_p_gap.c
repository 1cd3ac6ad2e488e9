/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method_p_gap.c - P-GAP: Mi et al. 2025, arXiv:2510.18228: MeZO along directions that lie in the
 * space that a gradient estimate spans, and partly along that estimate.
 *
 * Every `zo_refresh` steps, for each hidden matrix [m, n]:
 *     G = 1/h sum_i g_i z_i over h probes (two losses each),   G ~ u M v',
 *     u [m, r], v [n, r] with orthonormal columns, M = u' G v [r, r].
 * Each step draws Z [r, r] and makes it meet <M, Z> = sqrt(delta) |M| (both sides of a direction
 * are measured, so its sign is of no account): Z <- Z - (<M, Z> - sqrt(delta) |M|) / |M|^2 M,   z =
 * u Z v'. Vectors, embeddings and the head have plain directions.
 *
 * Where we differ: u and v come from four rounds of orthogonal iteration, not from a full SVD, and
 * M need not be diagonal (the constraint is the same in any basis); delta falls with the learning
 * rate.
 */
#include <math.h>
#include <stdlib.h>

#include "gemm.h"
#include "mem.h"
#include "rng.h"
#include "zeroth.h"

#define ROUNDS 4

static bool is_projected(const struct tensor *t)
{
    return t->role == ROLE_MATRIX || t->role == ROLE_RESIDUAL;
}

static size_t rank_of(const struct config *config, const struct tensor *t)
{
    size_t least = (size_t)(t->rows < t->cols ? t->rows : t->cols);

    return (size_t)config->p_gap_rank < least ? (size_t)config->p_gap_rank : least;
}

/* One matrix's part of what is kept, and of the scratch. */
struct space {
    size_t m, n, r;
    real *u;    /* [m, r] */
    real *v;    /* [n, r] */
    real *core; /* [r, r] M */
    real *rows; /* [r, n] Z v' of the step */
};

static size_t kept_of(const struct config *config, const struct tensor *t)
{
    size_t r = rank_of(config, t);

    return is_projected(t) ? r * ((size_t)t->rows + (size_t)t->cols + r) : 0;
}

static size_t rows_of(const struct config *config, const struct tensor *t)
{
    return is_projected(t) ? rank_of(config, t) * (size_t)t->cols : 0;
}

static size_t p_gap_kept(const struct config *config, const struct model *trained)
{
    size_t n = 1;

    for (size_t i = 0; i < trained->n_tensors; i++)
        n += kept_of(config, &trained->tensors[i]);
    return n;
}

/* Z v' of every matrix, and the estimate G of the largest. */
static size_t p_gap_scratch(const struct config *config, const struct model *trained)
{
    size_t n = 0, most = 1;

    for (size_t i = 0; i < trained->n_tensors; i++) {
        const struct tensor *t = &trained->tensors[i];
        n += rows_of(config, t);
        if (is_projected(t) && tensor_size(t) > most)
            most = tensor_size(t);
    }
    return n + most;
}

static struct space space_of(const struct trainer *t, const struct tensor *tensor)
{
    struct space s = {
        .m = (size_t)tensor->rows, .n = (size_t)tensor->cols, .r = rank_of(t->config, tensor)};
    real *kept = t->kept, *rows = t->scratch;

    for (const struct tensor *before = t->trained->tensors; before < tensor; before++) {
        kept += kept_of(t->config, before);
        rows += rows_of(t->config, before);
    }
    s.u = kept;
    s.v = s.u + s.m * s.r;
    s.core = s.v + s.n * s.r;
    s.rows = rows;
    return s;
}

static real *estimate_of(const struct trainer *t)
{
    real *at = t->scratch;

    for (size_t i = 0; i < t->trained->n_tensors; i++)
        at += rows_of(t->config, &t->trained->tensors[i]);
    return at;
}

/* --- the subspace -------------------------------------------------------------------------------
 */

static double column_product(const real *x, size_t rows, size_t r, size_t a, size_t b)
{
    double sum = 0;

    for (size_t i = 0; i < rows; i++)
        sum += (double)x[i * r + a] * (double)x[i * r + b];
    return sum;
}

/* Columns of x [rows, r] by Gram and Schmidt, twice; one that is none becomes 0. */
static void orthonormalise(real *x, size_t rows, size_t r)
{
    for (size_t k = 0; k < r; k++) {
        double norm, before = sqrt(column_product(x, rows, r, k, k));
        for (size_t pass = 0; pass < 2; pass++)
            for (size_t j = 0; j < k; j++) {
                real along = (real)column_product(x, rows, r, j, k);
                for (size_t i = 0; i < rows; i++)
                    x[i * r + k] -= along * x[i * r + j];
            }
        norm = sqrt(column_product(x, rows, r, k, k));
        for (size_t i = 0; i < rows; i++)
            x[i * r + k] = norm > 1e-5 * before ? (real)((double)x[i * r + k] / norm) : 0;
    }
}

/* u, v and M from G [m, n]. */
static void find_space(const struct space *s, const real *g, uint64_t seed, const char *name)
{
    real *rest = mem_new(s->m * s->r, sizeof *rest);
    struct rng rng;

    rng_init(&rng, seed, name, 1);
    direction_draw(s->v, s->n * s->r, rng_next(&rng), DRAW_GAUSSIAN);
    for (int round = 0; round < ROUNDS; round++) {
        orthonormalise(s->v, s->n, s->r);
        gemm(GEMM_NN, s->m, s->r, s->n, 1, g, s->n, s->v, s->r, 0, s->u, s->r);
        orthonormalise(s->u, s->m, s->r);
        gemm(GEMM_TN, s->n, s->r, s->m, 1, g, s->n, s->u, s->r, 0, s->v, s->r);
    }
    orthonormalise(s->v, s->n, s->r);
    gemm(GEMM_NN, s->m, s->r, s->n, 1, g, s->n, s->v, s->r, 0, rest, s->r);
    gemm(GEMM_TN, s->r, s->r, s->m, 1, s->u, s->r, rest, s->r, 0, s->core, s->r);
    free(rest);
}

/* --- probes -------------------------------------------------------------------------------------
 */

struct probes {
    struct trainer *t;
    uint64_t step;
    const struct tensor *tensor;
    const double *slopes; /* [p_gap_probes] */
};

/* The probes of a step are numbered behind its own direction. */
static struct direction probe_of(const struct trainer *t, uint64_t step, size_t i)
{
    return zeroth_direction(t, step, 1 + i);
}

static void add_probes(void *arg, size_t worker, size_t index)
{
    const struct probes *p = arg;
    struct trainer *t = p->t;
    size_t at = index * ZEROTH_CHUNK, left = tensor_size(p->tensor) - at;
    const struct zeroth_part part = {p->tensor, at, left < ZEROTH_CHUNK ? left : ZEROTH_CHUNK};
    real *z = t->draws + worker * ZEROTH_CHUNK, *g = estimate_of(t) + at;
    size_t n = (size_t)t->config->p_gap_probes;

    memset(g, 0, part.n * sizeof *g);
    for (size_t i = 0; i < n; i++) {
        struct direction d = probe_of(t, p->step, i);
        zeroth_draw(t, &d, z, &part);
        for (size_t k = 0; k < part.n; k++)
            g[k] += (real)(p->slopes[i] / (double)n) * z[k];
    }
}

static void take_slopes(double *slopes, struct trainer *t, const struct tokens *tokens,
                        uint64_t step)
{
    for (size_t i = 0; i < (size_t)t->config->p_gap_probes; i++) {
        struct direction d = probe_of(t, step, i);
        struct zeroth_pair pair = zeroth_both(t, tokens, &d);
        zeroth_move(t, &d, t->config->zo_eps);
        slopes[i] = isfinite(zeroth_slope(t, &pair)) ? zeroth_slope(t, &pair) : 0;
    }
}

static void refresh(struct trainer *t, const struct tokens *tokens, uint64_t step)
{
    double *slopes = mem_new((size_t)t->config->p_gap_probes, sizeof *slopes);

    take_slopes(slopes, t, tokens, step);
    for (size_t i = 0; i < t->trained->n_tensors; i++) {
        const struct tensor *tensor = &t->trained->tensors[i];
        struct probes probes = {t, step, tensor, slopes};
        struct space s;
        if (!is_projected(tensor))
            continue;
        s = space_of(t, tensor);
        pool_run(t->pool, add_probes, &probes,
                 (tensor_size(tensor) + ZEROTH_CHUNK - 1) / ZEROTH_CHUNK);
        find_space(&s, estimate_of(t), t->seed, tensor->name);
    }
    free(slopes);
}

/* --- a step -------------------------------------------------------------------------------------
 */

static double product_of(const real *a, const real *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Draws Z [r, r], aligned with M, and leaves Z v' in the scratch. */
static void draw_core(const struct space *s, const struct direction *d, const char *name,
                      double delta)
{
    size_t n = s->r * s->r;
    real *z = mem_new(n, sizeof *z);
    double square = product_of(s->core, s->core, n), along;
    struct rng rng;

    rng_init(&rng, d->key, name, 1);
    direction_draw(z, n, rng_next(&rng), d->kind);
    along = product_of(s->core, z, n) - sqrt(delta * square);
    for (size_t i = 0; square > 0 && i < n; i++)
        z[i] -= (real)(along / square) * s->core[i];
    gemm(GEMM_NT, s->r, s->n, s->r, 1, z, s->r, s->v, s->r, 0, s->rows, s->n);
    free(z);
}

static void in_space(const struct trainer *t, real *z, const struct zeroth_part *part)
{
    struct space s;

    if (!is_projected(part->tensor))
        return;
    s = space_of(t, part->tensor);
    for (size_t k = 0; k < part->n; k++) {
        size_t row = (part->at + k) / s.n, col = (part->at + k) % s.n;
        real sum = 0;
        for (size_t j = 0; j < s.r; j++)
            sum += s.u[row * s.r + j] * s.rows[j * s.n + col];
        z[k] = sum;
    }
}

static double p_gap_passes(const struct config *config)
{
    return 2 + 2 * (double)config->p_gap_probes / (double)config->zo_refresh;
}

static struct step_result p_gap_step(struct trainer *t, const struct tokens *tokens, uint64_t step,
                                     double lr)
{
    const struct config *c = t->config;
    double delta = c->lr > 0 ? c->p_gap_delta * lr / c->lr : c->p_gap_delta;
    struct direction d = zeroth_direction(t, step, 0);

    if (step % (uint64_t)c->zo_refresh == 0)
        refresh(t, tokens, step);
    for (size_t i = 0; i < t->trained->n_tensors; i++) {
        const struct tensor *tensor = &t->trained->tensors[i];
        struct space s = space_of(t, tensor);
        if (is_projected(tensor))
            draw_core(&s, &d, tensor->name, delta);
    }
    d.shape = in_space;
    return zeroth_along(t, tokens, &d, lr);
}

const struct method method_p_gap = {
    .name = "p_gap",
    .summary = "MeZO in the space of an estimated gradient, partly along it",
    .kept = p_gap_kept,
    .scratch = p_gap_scratch,
    .passes = p_gap_passes,
    .step = p_gap_step,
};
