/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "fanova.h"
#include "mem.h"
#include "rng.h"

enum {
    POINTS = 8192,  /* at which the variance is taken: known to 2 % */
    PAIR_CELLS = 32 /* along each of two coordinates */
};

/* --- boxes ---------------------------------------------------------------------------------- */

struct box {
    double *low, *high; /* [d] */
    double value;
};

typedef void box_user(void *into, const struct box *box);

/* Every leaf of the tree; the box is the same at the end as at the beginning. */
static void walk(struct box *box, const struct forest_tree *tree, /* NOLINT(misc-no-recursion) */
                 size_t node, box_user *use, void *into)
{
    const struct forest_node *n = &tree->nodes[node];

    if (n->left == 0) {
        box->value = n->value;
        use(into, box);
        return;
    }
    double high = box->high[n->coordinate], low = box->low[n->coordinate];
    box->high[n->coordinate] = n->at;
    walk(box, tree, n->left, use, into);
    box->high[n->coordinate] = high;
    box->low[n->coordinate] = n->at;
    walk(box, tree, n->right, use, into);
    box->low[n->coordinate] = low;
}

static void each_box(const struct forest *forest, size_t tree, box_user *use, void *into)
{
    struct box box = {mem_new(forest->d, sizeof *box.low), mem_new(forest->d, sizeof *box.high), 0};

    for (size_t i = 0; i < forest->d; i++)
        box.high[i] = 1;
    walk(&box, &forest->trees[tree], 0, use, into);
    free(box.low);
    free(box.high);
}

/* How much of cell k of n lies within, as a share of the cell. */
static double overlap(double low, double high, size_t k, size_t n)
{
    double from = fmax(low * (double)n, (double)k), to = fmin(high * (double)n, (double)k + 1);

    return fmax(to - from, 0);
}

/* The cells of n that a range touches: first, and one behind the last. */
static void touched(size_t *from, size_t *to, double low, double high, size_t n)
{
    *from = (size_t)(low * (double)n);
    *to = (size_t)ceil(high * (double)n);
    if (*to > n)
        *to = n;
}

/* --- means over the other coordinates ------------------------------------------------------- */

struct cells {
    size_t d, i, j; /* i == j: along one coordinate */
    double scale;   /* 1 / trees */
    double *mean;   /* [FANOVA_CELLS] or [PAIR_CELLS, PAIR_CELLS] */
};

static double volume_beside(const struct cells *cells, const struct box *box)
{
    double volume = cells->scale;

    for (size_t k = 0; k < cells->d; k++)
        if (k != cells->i && k != cells->j)
            volume *= box->high[k] - box->low[k];
    return volume;
}

static void add_to_line(void *into, const struct box *box)
{
    struct cells *cells = into;
    double low = box->low[cells->i], high = box->high[cells->i];
    double part = box->value * volume_beside(cells, box);
    size_t from, to;

    touched(&from, &to, low, high, FANOVA_CELLS);
    for (size_t k = from; k < to; k++)
        cells->mean[k] += part * overlap(low, high, k, FANOVA_CELLS);
}

static void add_to_square(void *into, const struct box *box)
{
    struct cells *cells = into;
    const double *low = box->low, *high = box->high;
    double part = box->value * volume_beside(cells, box);
    size_t i = cells->i, j = cells->j, top, end, left, right;

    touched(&top, &end, low[i], high[i], PAIR_CELLS);
    touched(&left, &right, low[j], high[j], PAIR_CELLS);
    for (size_t r = top; r < end; r++) {
        double row = part * overlap(low[i], high[i], r, PAIR_CELLS);
        for (size_t c = left; c < right; c++)
            cells->mean[r * PAIR_CELLS + c] += row * overlap(low[j], high[j], c, PAIR_CELLS);
    }
}

static size_t cells_of(size_t i, size_t j)
{
    return i == j ? FANOVA_CELLS : (size_t)PAIR_CELLS * PAIR_CELLS;
}

static size_t group_size(const struct fanova *f)
{
    return f->forest->n_trees / f->n_groups;
}

/* By group [n_groups, cells]; the caller frees. */
static double *group_means(const struct fanova *f, size_t i, size_t j)
{
    size_t n = cells_of(i, j), size = group_size(f);
    double *means = mem_new(f->n_groups * n, sizeof *means);

    for (size_t t = 0; t < f->n_groups * size; t++) {
        struct cells cells = {f->forest->d, i, j, 1 / (double)size, means + t / size * n};
        each_box(f->forest, t, i == j ? add_to_line : add_to_square, &cells);
    }
    return means;
}

/* The mean over all groups but `without` (n_groups: over all), of `n` numbers of each. */
static void mean_without(double *out, const double *groups, size_t n_groups, size_t n,
                         size_t without)
{
    size_t used = n_groups - (without < n_groups);

    for (size_t k = 0; k < n; k++) {
        double sum = 0;
        for (size_t g = 0; g < n_groups; g++)
            sum += g != without ? groups[g * n + k] : 0;
        out[k] = sum / (double)used;
    }
}

static double variance_of(const double *x, size_t n)
{
    double mean = 0, sum = 0;

    for (size_t k = 0; k < n; k++)
        mean += x[k] / (double)n;
    for (size_t k = 0; k < n; k++)
        sum += (x[k] - mean) * (x[k] - mean);
    return sum / (double)n;
}

/* --- the variance of all -------------------------------------------------------------------- */

/* What each group says at the points, [n_groups, POINTS]; the caller frees. */
static double *group_values(const struct fanova *f)
{
    const struct forest *forest = f->forest;
    double *point = mem_new(forest->d, sizeof *point);
    double *values = mem_new(f->n_groups * POINTS, sizeof *values);
    size_t size = group_size(f);
    struct rng rng;

    rng_init(&rng, 0, "fanova", 0);
    for (size_t p = 0; p < POINTS; p++) {
        for (size_t i = 0; i < forest->d; i++)
            point[i] = rng_uniform(&rng);
        for (size_t t = 0; t < f->n_groups * size; t++)
            values[t / size * POINTS + p] +=
                forest_tree_value(&forest->trees[t], point) / (double)size;
    }
    free(point);
    return values;
}

void fanova_init(struct fanova *out, const struct forest *forest)
{
    double *mean = mem_new(POINTS, sizeof *mean);

    *out = (struct fanova){.forest = forest, .n_groups = forest->n_trees / FOREST_GROUP};
    if (out->n_groups == 0)
        out->n_groups = 1;
    out->variance = mem_new(out->n_groups + 1, sizeof *out->variance);
    double *values = group_values(out);
    for (size_t g = 0; g <= out->n_groups; g++) {
        mean_without(mean, values, out->n_groups, POINTS, g);
        out->variance[g] = variance_of(mean, POINTS);
    }
    free(values);
    free(mean);
}

void fanova_clear(struct fanova *fanova)
{
    free(fanova->variance);
    *fanova = (struct fanova){0};
}

/* --- intervals ------------------------------------------------------------------------------ */

/* x [n + 1]: without each group, and of all. */
static struct fanova_value with_interval(const double *x, size_t n)
{
    double mean = 0, squares = 0;

    if (n < 2)
        return (struct fanova_value){x[n], NAN, NAN};
    for (size_t g = 0; g < n; g++)
        mean += x[g] / (double)n;
    for (size_t g = 0; g < n; g++)
        squares += (x[g] - mean) * (x[g] - mean);
    /* the jackknife's variance is (n - 1) / n of the squares; of one sample, n times that */
    double half = gsl_cdf_tdist_Qinv(0.05, (double)n - 1) * sqrt((double)(n - 1) * squares);
    return (struct fanova_value){x[n], x[n] - half, x[n] + half};
}

/* V_i, or V_ij with what each explains alone, by left out group [n_groups + 1]. */
static void explained_by(double *out, const struct fanova *f, size_t i, size_t j)
{
    size_t n = cells_of(i, j);
    double *groups = group_means(f, i, j), *mean = mem_new(n, sizeof *mean);

    for (size_t g = 0; g <= f->n_groups; g++) {
        mean_without(mean, groups, f->n_groups, n, g);
        out[g] = variance_of(mean, n);
    }
    free(groups);
    free(mean);
}

static struct fanova_value share(const struct fanova *f, const double *explained)
{
    double *shares = mem_new(f->n_groups + 1, sizeof *shares);

    for (size_t g = 0; g <= f->n_groups; g++)
        shares[g] = f->variance[g] > 0 ? fmax(explained[g], 0) / f->variance[g] : (double)NAN;
    struct fanova_value out = with_interval(shares, f->n_groups);
    free(shares);
    out.low = isfinite(out.low) ? fmax(out.low, 0) : out.low;
    out.high = isfinite(out.high) ? fmin(out.high, 1) : out.high;
    return out;
}

struct fanova_value fanova_main(const struct fanova *f, size_t i)
{
    double *explained = mem_new(f->n_groups + 1, sizeof *explained);

    explained_by(explained, f, i, i);
    struct fanova_value out = share(f, explained);
    free(explained);
    return out;
}

struct fanova_value fanova_pair(const struct fanova *f, size_t i, size_t j)
{
    double *both = mem_new(f->n_groups + 1, sizeof *both);
    double *alone = mem_new(f->n_groups + 1, sizeof *alone);
    const size_t each[] = {i, j};

    explained_by(both, f, i, j);
    for (size_t k = 0; k < 2; k++) {
        explained_by(alone, f, each[k], each[k]);
        for (size_t g = 0; g <= f->n_groups; g++)
            both[g] -= alone[g];
    }
    struct fanova_value out = share(f, both);
    free(both);
    free(alone);
    return out;
}

void fanova_marginal(struct fanova_value out[FANOVA_CELLS], const struct fanova *f, size_t i)
{
    double *groups = group_means(f, i, i), *x = mem_new(f->n_groups + 1, sizeof *x);

    for (size_t k = 0; k < FANOVA_CELLS; k++) {
        for (size_t g = 0; g <= f->n_groups; g++) {
            double all = 0;
            for (size_t other = 0; other < f->n_groups; other++)
                all += other != g ? groups[other * FANOVA_CELLS + k] : 0;
            x[g] = all / (double)(f->n_groups - (g < f->n_groups));
        }
        out[k] = with_interval(x, f->n_groups);
    }
    free(groups);
    free(x);
}
