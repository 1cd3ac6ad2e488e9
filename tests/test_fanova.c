/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shares of variance against functions whose decomposition is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fanova.h"
#include "mem.h"
#include "rng.h"

static const double PI = 3.14159265358979323846;

static void assert_near(double got, double want, double within)
{
    if (!(fabs(got - want) <= within))
        fail_msg("%g is not within %g of %g", got, within, want);
}

/* One tree on [0, 1]^2: 0 where x < 0.5; else 1 where y < 0.25, else 3. */
static struct forest by_hand(struct forest_node nodes[5], struct forest_tree *tree)
{
    nodes[0] = (struct forest_node){.left = 1, .right = 2, .coordinate = 0, .at = 0.5};
    nodes[1] = (struct forest_node){.value = 0};
    nodes[2] = (struct forest_node){.left = 3, .right = 4, .coordinate = 1, .at = 0.25};
    nodes[3] = (struct forest_node){.value = 1};
    nodes[4] = (struct forest_node){.value = 3};
    *tree = (struct forest_tree){nodes, 5};
    return (struct forest){.trees = tree, .n_trees = 1, .d = 2};
}

/* mean 1.25; variance (0.5 * 1.5625 + 0.125 * 0.0625 + 0.375 * 3.0625) = 1.9375;
 * a_x is 0 or 2.5: V_x = 1.5625; a_y is 0.5 or 1.5: V_y = 0.25 * 0.5625 + 0.75 * 0.0625 = 0.1875 */
static void a_tree_made_by_hand_is_divided_as_by_hand(void **state)
{
    struct forest_node nodes[5];
    struct forest_tree tree;
    struct forest forest = by_hand(nodes, &tree);
    struct fanova fanova;

    (void)state;
    fanova_init(&fanova, &forest);
    double got = fanova.variance[fanova.n_groups], all = 1.9375;
    assert_near(got, all, 0.04); /* from points; what it divides is exact */
    assert_near(fanova_main(&fanova, 0).mean * got, 1.5625, 1e-12);
    assert_near(fanova_main(&fanova, 1).mean * got, 0.1875, 1e-12);
    assert_near(fanova_pair(&fanova, 0, 1).mean * got, 0.1875, 1e-12);
    assert_true(isnan(fanova_main(&fanova, 0).low)); /* one group has no interval */
    fanova_clear(&fanova);
}

static void its_marginals_are_means_over_the_other_coordinate(void **state)
{
    struct forest_node nodes[5];
    struct forest_tree tree;
    struct forest forest = by_hand(nodes, &tree);
    struct fanova_value x[FANOVA_CELLS], y[FANOVA_CELLS];
    struct fanova fanova;

    (void)state;
    fanova_init(&fanova, &forest);
    fanova_marginal(x, &fanova, 0);
    fanova_marginal(y, &fanova, 1);
    assert_near(x[0].mean, 0, 1e-12);
    assert_near(x[31].mean, 0, 1e-12);
    assert_near(x[32].mean, 2.5, 1e-12);
    assert_near(x[63].mean, 2.5, 1e-12);
    assert_near(y[0].mean, 0.5, 1e-12);
    assert_near(y[15].mean, 0.5, 1e-12);
    assert_near(y[16].mean, 1.5, 1e-12);
    fanova_clear(&fanova);
}

/* sin a + 7 sin^2 b + 0.1 c^4 sin a over [-pi, pi]^3 (Ishigami & Homma 1990). */
static double ishigami(const double *unit)
{
    double a = PI * (2 * unit[0] - 1), b = PI * (2 * unit[1] - 1), c = PI * (2 * unit[2] - 1);

    return sin(a) + 7 * sin(b) * sin(b) + 0.1 * pow(c, 4) * sin(a);
}

/* n random points of the cube, and what `f` says of them. */
static void sample(double **x, double **y, size_t n, size_t d, double (*f)(const double *unit))
{
    struct rng rng;

    *x = mem_new(n * d, sizeof **x);
    *y = mem_new(n, sizeof **y);
    rng_init(&rng, 1, "test fanova", 0);
    for (size_t i = 0; i < n * d; i++)
        (*x)[i] = rng_uniform(&rng);
    for (size_t i = 0; i < n; i++)
        (*y)[i] = f(*x + i * d);
}

/* Sobol indices: 0.3139, 0.4424, 0, and 0.2437 of the first and third together.  The forest is an
 * estimate from 3000 points, rough at its steps: 0.05 is what it may be off. */
static void the_shares_of_ishigami_are_its_sobol_indices(void **state)
{
    struct forest forest;
    struct fanova fanova;
    double *x, *y;

    (void)state;
    sample(&x, &y, 3000, 3, ishigami);
    forest_grow(&forest, x, y, 3000, 3, 3, 1);
    fanova_init(&fanova, &forest);
    assert_true(forest.explained > 0.85);
    assert_near(fanova_main(&fanova, 0).mean, 0.3139, 0.05);
    assert_near(fanova_main(&fanova, 1).mean, 0.4424, 0.05);
    assert_near(fanova_main(&fanova, 2).mean, 0, 0.03);
    assert_near(fanova_pair(&fanova, 0, 2).mean, 0.2437, 0.05);
    assert_near(fanova_pair(&fanova, 0, 1).mean, 0, 0.03);
    assert_near(fanova_pair(&fanova, 1, 2).mean, 0, 0.03);
    struct fanova_value b = fanova_main(&fanova, 1);
    assert_true(b.low < b.mean && b.mean < b.high && b.high - b.low < 0.3);
    fanova_clear(&fanova);
    forest_clear(&forest);
    free(x);
    free(y);
}

static double noise(const double *unit)
{
    struct rng rng;
    uint64_t bits;

    memcpy(&bits, unit, sizeof bits);
    rng_init(&rng, bits, "test noise", 0);
    return rng_normal(&rng);
}

static void of_pure_noise_nothing_is_explained(void **state)
{
    struct forest forest;
    double *x, *y;

    (void)state;
    sample(&x, &y, 300, 4, noise);
    forest_grow(&forest, x, y, 300, 4, 3, 1);
    assert_true(forest.explained < 0.05);
    forest_clear(&forest);
    free(x);
    free(y);
}

static double flat(const double *unit)
{
    (void)unit;
    return 2;
}

static void what_never_changes_has_no_shares(void **state)
{
    struct forest forest;
    struct fanova fanova;
    double *x, *y;

    (void)state;
    sample(&x, &y, 20, 2, flat);
    forest_grow(&forest, x, y, 20, 2, 3, 1);
    assert_true(isnan(forest.explained));
    fanova_init(&fanova, &forest);
    assert_true(isnan(fanova_main(&fanova, 0).mean));
    fanova_clear(&fanova);
    forest_clear(&forest);
    free(x);
    free(y);
}

static void the_same_seed_gives_the_same_forest(void **state)
{
    struct forest a, b;
    double *x, *y;

    (void)state;
    sample(&x, &y, 200, 3, ishigami);
    forest_grow(&a, x, y, 200, 3, 3, 7);
    forest_grow(&b, x, y, 200, 3, 3, 7);
    for (size_t t = 0; t < a.n_trees; t++) {
        assert_int_equal(a.trees[t].n, b.trees[t].n);
        assert_memory_equal(a.trees[t].nodes, b.trees[t].nodes,
                            a.trees[t].n * sizeof *a.trees[t].nodes);
    }
    forest_clear(&a);
    forest_clear(&b);
    free(x);
    free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_made_by_hand_is_divided_as_by_hand),
        cmocka_unit_test(its_marginals_are_means_over_the_other_coordinate),
        cmocka_unit_test(the_shares_of_ishigami_are_its_sobol_indices),
        cmocka_unit_test(of_pure_noise_nothing_is_explained),
        cmocka_unit_test(what_never_changes_has_no_shares),
        cmocka_unit_test(the_same_seed_gives_the_same_forest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
