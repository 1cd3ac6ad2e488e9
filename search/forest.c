/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "forest.h"
#include "mem.h"
#include "rng.h"

/* Of the coordinates, at each node: so few that the trees of one sample differ. */
static const double LOOKED_AT = 2.0 / 3;

struct sample {
    double x, y; /* x: the coordinate that is sorted by */
    size_t row;
};

struct grower {
    const double *x, *y;
    size_t d, leaf;
    struct forest_tree *tree;
    size_t *rows;          /* [n] of the bootstrap sample, in the order of the boxes */
    struct sample *sorted; /* scratch [n] */
    size_t *coordinates;   /* scratch [d] */
    struct rng rng;
};

struct cut {
    bool found;
    size_t coordinate;
    double at, gain;
};

static int by_place(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;

    if (x->x < y->x || x->x > y->x)
        return x->x < y->x ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void sort_by(struct grower *g, size_t from, size_t to, size_t coordinate)
{
    for (size_t i = from; i < to; i++) {
        size_t row = g->rows[i];
        g->sorted[i] = (struct sample){g->x[row * g->d + coordinate], g->y[row], row};
    }
    qsort(g->sorted + from, to - from, sizeof *g->sorted, by_place);
}

/* The squares about two means are least where sum^2/n of both sides is most. */
static void look_at(struct cut *best, struct grower *g, size_t from, size_t to, size_t coordinate)
{
    double all = 0, left = 0;

    sort_by(g, from, to, coordinate);
    for (size_t i = from; i < to; i++)
        all += g->sorted[i].y;
    for (size_t i = from; i + 1 < to; i++) {
        size_t n = i + 1 - from, m = to - i - 1;
        left += g->sorted[i].y;
        if (n < g->leaf || m < g->leaf || !(g->sorted[i].x < g->sorted[i + 1].x))
            continue;
        double gain = left * left / (double)n + (all - left) * (all - left) / (double)m;
        if (!best->found || gain > best->gain)
            *best = (struct cut){true, coordinate,
                                 g->sorted[i].x + (g->sorted[i + 1].x - g->sorted[i].x) / 2, gain};
    }
}

/* The first so many of `coordinates` become a random choice of all. */
static void shuffle(struct grower *g, size_t first)
{
    for (size_t i = 0; i < first; i++) {
        size_t k = i + (size_t)rng_below(&g->rng, g->d - i), held = g->coordinates[i];
        g->coordinates[i] = g->coordinates[k];
        g->coordinates[k] = held;
    }
}

static bool is_flat(const struct grower *g, size_t from, size_t to)
{
    for (size_t i = from + 1; i < to; i++)
        if (g->y[g->rows[i]] < g->y[g->rows[from]] || g->y[g->rows[i]] > g->y[g->rows[from]])
            return false;
    return true;
}

static struct cut best_cut(struct grower *g, size_t from, size_t to)
{
    struct cut best = {.found = false};
    size_t looked = (size_t)ceil(LOOKED_AT * (double)g->d);

    if (to - from < 2 * g->leaf || is_flat(g, from, to))
        return best;
    shuffle(g, looked);
    for (size_t i = 0; i < looked; i++)
        look_at(&best, g, from, to, g->coordinates[i]);
    return best;
}

static double mean_of(const struct grower *g, size_t from, size_t to)
{
    double sum = 0;

    for (size_t i = from; i < to; i++)
        sum += g->y[g->rows[i]];
    return sum / (double)(to - from);
}

/* Those below the cut first; returns where the others begin. */
static size_t divide(struct grower *g, size_t from, size_t to, const struct cut *cut)
{
    size_t at = from;

    for (size_t i = from; i < to; i++)
        if (g->x[g->rows[i] * g->d + cut->coordinate] < cut->at) {
            size_t held = g->rows[i];
            g->rows[i] = g->rows[at];
            g->rows[at++] = held;
        }
    return at;
}

static size_t add_node(struct forest_tree *tree)
{
    tree->nodes = mem_room(tree->nodes, tree->n, sizeof *tree->nodes);
    tree->nodes[tree->n] = (struct forest_node){.value = NAN};
    return tree->n++;
}

/* Depth is bounded by the points: each half has `leaf` of them at least. */
static size_t grow(struct grower *g, size_t from, size_t to) /* NOLINT(misc-no-recursion) */
{
    size_t self = add_node(g->tree);
    struct cut cut = best_cut(g, from, to);
    struct forest_node node = {.value = mean_of(g, from, to)};

    if (cut.found) {
        size_t half = divide(g, from, to, &cut);
        node.coordinate = cut.coordinate;
        node.at = cut.at;
        node.left = grow(g, from, half);
        node.right = grow(g, half, to);
    }
    g->tree->nodes[self] = node;
    return self;
}

double forest_tree_value(const struct forest_tree *tree, const double *point)
{
    const struct forest_node *node = &tree->nodes[0];

    while (node->left > 0)
        node = &tree->nodes[point[node->coordinate] < node->at ? node->left : node->right];
    return node->value;
}

/* --- what was not seen ---------------------------------------------------------------------- */

struct unseen { /* per point, of the trees whose sample it is not in */
    double *sum;
    size_t *n;
};

static void add_unseen(struct unseen *unseen, const struct grower *g, size_t n, bool *in_bag)
{
    for (size_t i = 0; i < n; i++)
        in_bag[i] = false;
    for (size_t i = 0; i < n; i++)
        in_bag[g->rows[i]] = true;
    for (size_t i = 0; i < n; i++)
        if (!in_bag[i]) {
            unseen->sum[i] += forest_tree_value(g->tree, &g->x[i * g->d]);
            unseen->n[i]++;
        }
}

static double explained(const struct unseen *unseen, const double *y, size_t n)
{
    double sum = 0, total = 0, left = 0;
    size_t m = 0;

    for (size_t i = 0; i < n; i++)
        if (unseen->n[i] > 0) {
            sum += y[i];
            m++;
        }
    for (size_t i = 0; i < n; i++)
        if (unseen->n[i] > 0) {
            double off = y[i] - sum / (double)m;
            double error = y[i] - unseen->sum[i] / (double)unseen->n[i];
            total += off * off;
            left += error * error;
        }
    return total > 0 ? 1 - left / total : (double)NAN;
}

/* --- together ------------------------------------------------------------------------------- */

/* The sample of a group, drawn with its first tree. */
static void grow_tree(struct grower *g, size_t *bag, size_t n, bool first)
{
    for (size_t i = 0; i < n && first; i++)
        bag[i] = (size_t)rng_below(&g->rng, n);
    memcpy(g->rows, bag, n * sizeof *bag);
    grow(g, 0, n);
}

void forest_grow(struct forest *out, const double *x, const double *y, size_t n, size_t d,
                 size_t leaf, uint64_t seed)
{
    struct grower g = {.x = x, .y = y, .d = d, .leaf = leaf};
    struct unseen unseen = {mem_new(n, sizeof *unseen.sum), mem_new(n, sizeof *unseen.n)};
    bool *in_bag = mem_new(n, sizeof *in_bag);

    *out = (struct forest){.n_trees = (size_t)FOREST_GROUPS * FOREST_GROUP, .d = d};
    out->trees = mem_new(out->n_trees, sizeof *out->trees);
    size_t *bag = mem_new(n, sizeof *bag);
    g.rows = mem_new(n, sizeof *g.rows);
    g.sorted = mem_new(n, sizeof *g.sorted);
    g.coordinates = mem_new(d, sizeof *g.coordinates);
    for (size_t t = 0; t < out->n_trees; t++) {
        for (size_t i = 0; i < d; i++)
            g.coordinates[i] = i;
        g.tree = &out->trees[t];
        rng_init(&g.rng, seed, "forest", t);
        grow_tree(&g, bag, n, t % FOREST_GROUP == 0);
        add_unseen(&unseen, &g, n, in_bag);
    }
    out->explained = explained(&unseen, y, n);
    free(in_bag);
    free(bag);
    free(unseen.sum);
    free(unseen.n);
    free(g.rows);
    free(g.sorted);
    free(g.coordinates);
}

void forest_clear(struct forest *forest)
{
    for (size_t t = 0; t < forest->n_trees; t++)
        free(forest->trees[t].nodes);
    free(forest->trees);
    *forest = (struct forest){0};
}
