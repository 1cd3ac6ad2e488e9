/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The normal distribution of CMA-ES, and the strategy `cmaes` that makes it again from the history.
 */
#include "cma.h"
#include "search_problems.h"

static const struct strategy *cmaes(void)
{
    return strategy_find("cmaes");
}

/* --- the distribution ------------------------------------------------------------------------- */

enum { DIM = 5 };

static int by_first(const void *a, const void *b)
{
    return compare_doubles(a, b);
}

/* A turned ellipsoid of condition 1e4 about 0.4. */
static double turned(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double with = x[i] - 0.4 + 0.5 * (x[(i + 1) % n] - 0.4);
        sum += pow(1e4, (double)i / (double)(n - 1)) * with * with;
    }
    return sum;
}

static void one_update(struct cma *cma, struct rng *rng)
{
    double ranked[32][1 + DIM], x[32 * DIM];

    for (size_t k = 0; k < cma->lambda; k++) {
        cma_draw(ranked[k] + 1, cma, rng);
        ranked[k][0] = turned(ranked[k] + 1, DIM);
    }
    qsort(ranked, cma->lambda, sizeof *ranked, by_first);
    for (size_t k = 0; k < cma->lambda; k++)
        memcpy(x + k * DIM, ranked[k] + 1, DIM * sizeof *x);
    cma_update(cma, x, cma->lambda);
}

static void the_distribution_learns_a_badly_scaled_turned_ellipsoid(void **state)
{
    const double start[DIM] = {0.8, 0.8, 0.8, 0.8, 0.8};
    const double levels[DIM] = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY};
    struct cma cma;
    struct rng rng;
    (void)state;

    /* Hansen's figure of merit for such a function in 5 dimensions: some 2,000 evaluations for
     * 1e-10; without adaptation of the covariance it takes a hundred times that. */
    rng_init(&rng, 1, "cma", 0);
    cma_init(&cma, DIM, start, 0.25, levels);
    for (int k = 0; k < 400; k++)
        one_update(&cma, &rng);
    assert_true(turned(cma.mean, DIM) < 1e-10);
    cma_clear(&cma);
}

static void weights_fall_are_positive_for_the_better_half_and_sum_to_one(void **state)
{
    (void)state;
    for (size_t lambda = 4; lambda < 40; lambda++) {
        double sum = 0;
        for (size_t k = 0; k < lambda; k++) {
            double weight = cma_weight(k, lambda);
            assert_true(k < lambda / 2 ? weight > 0 : weight == 0);
            assert_true(k == 0 || weight <= cma_weight(k - 1, lambda));
            sum += weight;
        }
        assert_true(fabs(sum - 1) < 1e-12);
    }
    assert_true(fabs(cma_weight(0, 8) / cma_weight(1, 8) - log(4.5) / log(2.25)) < 1e-12);
    assert_int_equal(cma_lambda(1), 4);
    assert_int_equal(cma_lambda(10), 10);
}

static void a_foreign_step_is_shortened_to_what_the_distribution_might_have_made(void **state)
{
    const double start[2] = {0.5, 0.5}, levels[2] = {INFINITY, INFINITY};
    double far[3 * 2] = {0.51, 0.5, 0.51, 0.5, 0.51, 0.5};
    struct cma cma;
    (void)state;

    /* sigma 1e-4: the step of 0.01 is 100 of them, sqrt(2) + 1 are allowed. */
    cma_init(&cma, 2, start, 1e-4, levels);
    cma_update(&cma, far, 3);
    assert_true(fabs(cma.mean[0] - 0.5 - 1e-4 * (sqrt(2) + 1)) < 1e-9);
    cma_clear(&cma);
}

static void a_whole_number_never_gets_stuck(void **state)
{
    const double start[2] = {0.05, 0.95}, levels[2] = {10, 2};
    struct cma cma;
    struct rng rng;
    (void)state;

    /* All points of the cells 4 of ten and 1 of two are alike: sigma shrinks, the margin stays. */
    rng_init(&rng, 1, "margin", 0);
    cma_init(&cma, 2, start, 0.25, levels);
    for (int k = 0; k < 200; k++) {
        double x[16 * 2];
        for (size_t i = 0; i < 2 * cma.lambda; i += 2) {
            x[i] = 0.45;
            x[i + 1] = 0.75;
        }
        cma_update(&cma, x, cma.lambda);
    }
    assert_true(cma.sigma < 1e-3);
    int left = 0, right = 0, other = 0;
    for (int k = 0; k < 4000; k++) {
        double x[2];
        cma_draw(x, &cma, &rng);
        left += x[0] < 0.4;
        right += x[0] >= 0.5;
        other += x[1] < 0.5;
    }
    /* alpha = 1 / (2 * 6): a switch leaves with alpha, a middle cell with alpha / 2 on each side;
     * 4,000 draws: 333 and 167, sd 18 and 13.  Four of them. */
    assert_in_range(other, 333 - 70, 4000);
    assert_in_range(left, 167 - 52, 4000);
    assert_in_range(right, 167 - 52, 4000);
    cma_clear(&cma);
}

/* --- the strategy ----------------------------------------------------------------------------- */

/*
 * Margins over `random` in the median of 31 seeds.  Five or six updates are what 50 runs allow, so
 * there is none at 50 where four choices have to be told apart or a region fails, and none at all
 * on `condition`: the two parameters of muon start badly, adamw is ahead before they have moved,
 * and its share of the draws grows.  docs/search.md says so.
 */
static void cmaes_leaves_less_regret_than_random_where_it_claims_to(void **state)
{
    static const struct {
        size_t problem;
        double early, late;
    } margins[] = {
        {0, 0.7, 0.6}, {1, 0.7, 0.6}, {2, 0.7, 0.6}, {3, INFINITY, 0.6}, {5, INFINITY, 0.6}};
    (void)state;

    for (size_t i = 0; i < sizeof margins / sizeof *margins; i++)
        assert_beats_random(&problems[margins[i].problem], cmaes(), 31, margins[i].early,
                            margins[i].late);
}

static void cmaes_answers_the_same_twice(void **state)
{
    (void)state;
    assert_answers_the_same_twice(cmaes());
}

static void cmaes_copes_with_odd_losses(void **state)
{
    (void)state;
    assert_copes_with_odd_losses(cmaes());
}

static void cmaes_does_not_crowd_while_experiments_are_pending(void **state)
{
    (void)state;
    assert_true(least_gap_of_pending(cmaes(), 40, 8) > 0.02);
}

static void cmaes_moves_towards_the_choice_that_is_better(void **state)
{
    struct space space = {0};
    struct journal journal;
    struct value config[2];
    struct err err = {0};
    int count[3] = {0};
    (void)state;

    add_choice(&space, "optimizer", "adamw muon sgd");
    add_number(&space, "x", "uniform", 0, 1, 0, 0.5);
    journal_init(&journal, &space);
    for (int k = 0; k < 120; k++) {
        config[0] = space.params[0].values[k % 3];
        config[1] = number_value((k + 0.5) / 120);
        journal_add(&journal, config, OUTCOME_REVERT, k % 3);
    }
    for (uint64_t k = 0; k < 200; k++) {
        assert_int_equal(strategy_propose(config, cmaes(), &space, &journal.history, 1, k, &err),
                         0);
        for (int i = 0; i < 3; i++)
            count[i] += value_same(&config[0], &space.params[0].values[i]);
    }
    assert_true(count[0] > count[2] && count[0] > 100);
    assert_true(count[2] > 0); /* the floor */
    journal_clear(&journal);
    space_clear(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_distribution_learns_a_badly_scaled_turned_ellipsoid),
        cmocka_unit_test(weights_fall_are_positive_for_the_better_half_and_sum_to_one),
        cmocka_unit_test(a_foreign_step_is_shortened_to_what_the_distribution_might_have_made),
        cmocka_unit_test(a_whole_number_never_gets_stuck),
        cmocka_unit_test(cmaes_leaves_less_regret_than_random_where_it_claims_to),
        cmocka_unit_test(cmaes_answers_the_same_twice),
        cmocka_unit_test(cmaes_copes_with_odd_losses),
        cmocka_unit_test(cmaes_does_not_crowd_while_experiments_are_pending),
        cmocka_unit_test(cmaes_moves_towards_the_choice_that_is_better),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
