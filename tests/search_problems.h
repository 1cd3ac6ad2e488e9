/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search_problems.h - known functions with noise, and studies over them, for tests of strategies.
 */
#ifndef TESTS_SEARCH_PROBLEMS_H
#define TESTS_SEARCH_PROBLEMS_H

#include "losses.h"
#include "search_fixture.h"

struct problem {
    const char *name;
    double least; /* its smallest loss */
    double noise; /* standard deviation of one run */
    void (*fill)(struct space *space);
    double (*loss)(const struct space *space, const struct value *config); /* NAN: the run fails */
};

static inline void fill_cube(struct space *space, int n, double start)
{
    *space = (struct space){0};
    for (int i = 0; i < n; i++) {
        char name[] = {'x', (char)('0' + i), '\0'};
        add_number(space, name, "uniform", 0, 1, 0, start);
    }
}

/* --- smooth ----------------------------------------------------------------------------------- */

static inline void fill_sphere(struct space *space)
{
    fill_cube(space, 4, 0.8);
}

/* Its lowest point is at 0.3 of every range. */
static inline double sphere_loss(const struct space *space, const struct value *config)
{
    double sum = 0;

    for (size_t i = 0; i < space->n; i++)
        sum += (place(space, config, i) - 0.3) * (place(space, config, i) - 0.3);
    return sum;
}

static inline void fill_branin(struct space *space)
{
    *space = (struct space){0};
    add_number(space, "x", "uniform", -5, 10, 0, 0);
    add_number(space, "y", "uniform", 0, 15, 0, 0);
}

static inline void fill_hartmann(struct space *space)
{
    fill_cube(space, 6, 0.5);
}

/* --- as training has them --------------------------------------------------------------------- */

static inline void fill_choices(struct space *space)
{
    *space = (struct space){0};
    add_number(space, "lr", "log_uniform_values", 1e-4, 1e-1, 0, 5e-2);
    add_number(space, "layers", "int_uniform", 1, 12, 0, 3);
    add_number(space, "decay", "uniform", 0, 1, 0, 0.9);
    add_choice(space, "optimizer", "sgd adamw lion muon");
}

static inline void fill_condition(struct space *space)
{
    *space = (struct space){0};
    add_number(space, "lr", "log_uniform_values", 1e-4, 1e-1, 0, 5e-2);
    add_choice(space, "optimizer", "adamw muon");
    add_number(space, "beta2", "uniform", 0, 1, 0, 0.9);
    only_when(space, "optimizer", "adamw");
    add_number(space, "muon_lr", "log_uniform_values", 1e-3, 1, 0, 2e-3);
    only_when(space, "optimizer", "muon");
    add_number(space, "momentum", "uniform", 0, 1, 0, 0.1);
    only_when(space, "optimizer", "muon");
}

/* A bowl one corner of which fails: a twelfth of the volume, next to the lowest point. */
static inline double cliff_loss(const struct space *space, const struct value *config)
{
    if (place(space, config, 0) + place(space, config, 1) < 0.45 && place(space, config, 2) < 0.8)
        return NAN;
    return sphere_loss(space, config);
}

static const struct problem problems[] = {
    {"sphere", 0, 0.03, fill_sphere, sphere_loss},
    {"branin", 0.397887, 1, fill_branin, branin_loss},
    {"hartmann", -3.32237, 0.1, fill_hartmann, hartmann_loss},
    {"choices", 0, 0.03, fill_choices, choices_loss},
    {"condition", 0, 0.03, fill_condition, condition_loss},
    {"cliff", 0, 0.03, fill_sphere, cliff_loss},
};
enum { PROBLEMS = sizeof problems / sizeof *problems };

/* --- studies ---------------------------------------------------------------------------------- */

enum { STUDY_RUNS = 100, STUDY_EARLY = 50, STUDY_FIRST = 20 };

struct outcome_of_study {
    double early, late; /* true regret of the least noisy loss after STUDY_EARLY and STUDY_RUNS */
    int failed;         /* runs after STUDY_FIRST */
};

/* Runs the config: its noisy loss goes into the journal, its true regret is returned. */
static inline double study_run(struct journal *journal, const struct problem *problem,
                               const struct value *config, double *best, struct rng *rng)
{
    double loss = problem->loss(journal->space, config);
    double seen = loss + problem->noise * rng_normal(rng);
    bool keep = isnan(*best) || seen < *best;

    journal_add(journal, config,
                isnan(loss) ? OUTCOME_FAILED
                : keep      ? OUTCOME_KEEP
                            : OUTCOME_REVERT,
                seen);
    if (!isnan(loss) && keep)
        *best = seen;
    return !isnan(loss) && keep ? loss - problem->least : (double)NAN;
}

static inline struct outcome_of_study study_of(const struct problem *problem,
                                               const struct strategy *strategy, uint64_t seed)
{
    struct outcome_of_study out = {NAN, NAN, 0};
    struct space space;
    struct journal journal;
    struct rng noise;
    double best = NAN;

    problem->fill(&space);
    struct value *config = mem_new(space.n, sizeof *config);
    rng_init(&noise, seed, "noise", 0);
    journal_init(&journal, &space);
    space_start(config, &space);
    for (int k = 1; k <= STUDY_RUNS; k++) {
        double regret = study_run(&journal, problem, config, &best, &noise);
        out.late = isnan(regret) ? out.late : regret;
        if (k == STUDY_EARLY)
            out.early = out.late;
        out.failed += k > STUDY_FIRST && journal.past[k - 1].outcome == OUTCOME_FAILED;
        if (k < STUDY_RUNS)
            assert_int_equal(ask_next(config, strategy, &journal, seed), 0);
    }
    free(config);
    journal_clear(&journal);
    space_clear(&space);
    return out;
}

static inline int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Medians over the studies with seeds 1 … n (at most 64); failed runs are added up. */
static inline struct outcome_of_study median_study(const struct problem *problem,
                                                   const struct strategy *strategy, int n)
{
    double early[64], late[64];
    int failed = 0;

    assert_in_range(n, 1, 64);
    for (int i = 0; i < n; i++) {
        struct outcome_of_study one = study_of(problem, strategy, (uint64_t)i + 1);
        early[i] = one.early;
        late[i] = one.late;
        failed += one.failed;
    }
    qsort(early, (size_t)n, sizeof *early, compare_doubles);
    qsort(late, (size_t)n, sizeof *late, compare_doubles);
    return (struct outcome_of_study){early[n / 2], late[n / 2], failed};
}

/* --- duties of every strategy that looks at losses ---------------------------------------------
 */

/* The median regrets are at most `early` and `late` times those of `random`. */
static inline void assert_beats_random(const struct problem *problem,
                                       const struct strategy *strategy, int seeds, double early,
                                       double late)
{
    struct outcome_of_study its = median_study(problem, strategy, seeds);
    struct outcome_of_study chance = median_study(problem, strategy_find("random"), seeds);

    if (!(its.early <= early * chance.early) || !(its.late <= late * chance.late))
        fail_msg("%s on %s: %g and %g, random %g and %g", strategy->name, problem->name, its.early,
                 its.late, chance.early, chance.late);
}

/* The journal of a study of `runs` runs; the caller clears it, and the space. */
static inline void run_noisy(struct journal *journal, struct space *space,
                             const struct problem *problem, const struct strategy *strategy,
                             int runs)
{
    struct rng noise;
    double best = NAN;

    problem->fill(space);
    struct value *config = mem_new(space->n, sizeof *config);
    rng_init(&noise, 1, "noise", 0);
    journal_init(journal, space);
    space_start(config, space);
    for (int k = 0; k < runs; k++) {
        assert_settled(space, config);
        study_run(journal, problem, config, &best, &noise);
        journal->past[k].loss_se = k % 3 == 0 ? (double)NAN : 0.5 * problem->noise;
        assert_int_equal(ask_next(config, strategy, journal, 1), 0);
    }
    free(config);
}

static inline void assert_answers_the_same_twice(const struct strategy *strategy)
{
    for (size_t p = 0; p < PROBLEMS; p++) {
        struct space a_space, b_space;
        struct journal a, b;
        run_noisy(&a, &a_space, &problems[p], strategy, 25);
        run_noisy(&b, &b_space, &problems[p], strategy, 25);
        for (size_t i = 0; i < a.history.n; i++)
            assert_memory_equal(a.past[i].unit, b.past[i].unit, a_space.n * sizeof(double));
        journal_clear(&a);
        journal_clear(&b);
        space_clear(&a_space);
        space_clear(&b_space);
    }
}

/* Losses that no trainer should give, and what comes of them: a proposal inside the cube. */
struct oddity {
    const char *name;
    double (*loss)(int k);
    double (*se)(int k);
};

static inline double odd_same(int k)
{
    (void)k;
    return 3.25;
}
static inline double odd_huge(int k)
{
    return k % 2 == 0 ? 1e300 : -1e300 + k;
}
static inline double odd_tiny(int k)
{
    return 1 + 1e-15 * k;
}
static inline double odd_cliff(int k)
{
    return k == 7 ? 1e30 : 3 + 0.001 * k;
}
static inline double odd_missing(int k)
{
    return k % 3 == 0 ? (double)NAN : k % 3 == 1 ? (double)INFINITY : 0.5;
}
static inline double se_none(int k)
{
    (void)k;
    return NAN;
}
static inline double se_zero(int k)
{
    (void)k;
    return 0;
}
static inline double se_wild(int k)
{
    return k % 3 == 0 ? 1e200 : k % 3 == 1 ? (double)INFINITY : 1e-200;
}

static const struct oddity oddities[] = {
    {"one loss everywhere, no noise", odd_same, se_zero},
    {"one loss everywhere, errors unknown", odd_same, se_none},
    {"losses of 1e300", odd_huge, se_none},
    {"losses of 1e300 with wild errors", odd_huge, se_wild},
    {"losses that differ in the last digit", odd_tiny, se_zero},
    {"one run that blew up", odd_cliff, se_none},
    {"losses that are no numbers", odd_missing, se_wild},
};

static inline void assert_inside(const struct strategy *strategy, const struct journal *journal)
{
    size_t n = journal->space->n;
    double *unit = mem_new(n, sizeof *unit);
    struct value *config = mem_new(n, sizeof *config);
    struct err err = {0};
    struct rng rng;

    assert_int_equal(ask_next(config, strategy, journal, 1), 0);
    assert_settled(journal->space, config);
    rng_init(&rng, 1, "inside", 0); /* later attempts need no table of what was seen */
    assert_int_equal(strategy->propose(unit, journal->space, &journal->history, &rng, 1, &err), 0);
    for (size_t i = 0; i < n; i++)
        assert_true(unit[i] >= 0 && unit[i] <= 1);
    free(config);
    free(unit);
}

/* `runs` configs by chance; with `twins`, each of them twice, so that any kernel is singular. */
static inline void add_odd_runs(struct journal *journal, const struct oddity *odd, int runs,
                                int twins)
{
    const struct space *space = journal->space;
    struct value *config = mem_new(space->n, sizeof *config);
    double *unit = mem_new(space->n, sizeof *unit);
    struct rng rng;

    rng_init(&rng, 1, "odd", 0);
    for (int k = 0; k < runs; k++) {
        for (size_t i = 0; i < space->n && (k % 2 == 0 || !twins); i++)
            unit[i] = rng_uniform(&rng);
        space_decode(config, space, unit);
        journal_add(journal, config, k % 5 == 0 ? OUTCOME_KEEP : OUTCOME_REVERT, odd->loss(k));
        journal->past[k].loss_se = odd->se(k);
    }
    free(config);
    free(unit);
}

static inline void fill_sixty(struct space *space)
{
    *space = (struct space){0};
    for (int i = 0; i < 60; i++) {
        char name[] = {'p', (char)('0' + i / 10), (char)('0' + i % 10), '\0'};
        add_number(space, name, "uniform", 0, 1, 0, 0.5);
    }
}

static inline void fill_one(struct space *space)
{
    *space = (struct space){0};
    add_number(space, "lr", "log_uniform_values", 1e-4, 1e-1, 0, 1e-2);
}

static inline void fill_one_choice(struct space *space)
{
    *space = (struct space){0};
    add_choice(space, "optimizer", "a b c d e f g h i j k l m n o p q r s t u v w x y z");
}

static inline void assert_copes_with_odd_losses(const struct strategy *strategy)
{
    static void (*const fill[])(struct space *) = {fill_mixed_space, fill_one, fill_one_choice,
                                                   fill_sixty};
    for (size_t s = 0; s < sizeof fill / sizeof *fill; s++)
        for (size_t k = 0; k < 2 * sizeof oddities / sizeof *oddities; k++) {
            struct space space;
            struct journal journal;
            fill[s](&space);
            journal_init(&journal, &space);
            add_odd_runs(&journal, &oddities[k / 2], fill[s] == fill_one_choice ? 16 : 30,
                         (int)(k % 2));
            assert_inside(strategy, &journal);
            journal_clear(&journal);
            space_clear(&space);
        }
}

/* The least distance (largest of the coordinates' differences) among `n` pending proposals after
 * `runs` runs on the sphere. */
static inline double least_gap_of_pending(const struct strategy *strategy, int runs, int n)
{
    struct space space;
    struct journal journal;
    double least = INFINITY;

    run_noisy(&journal, &space, &problems[0], strategy, runs);
    struct value *config = mem_new(space.n, sizeof *config);
    for (int k = 0; k < n; k++) {
        assert_int_equal(ask_next(config, strategy, &journal, 1), 0);
        journal_add(&journal, config, OUTCOME_PENDING, NAN);
    }
    for (int a = runs; a < runs + n; a++)
        for (int b = runs; b < a; b++) {
            double gap = 0;
            for (size_t i = 0; i < space.n; i++)
                gap = fmax(gap, fabs(journal.past[a].unit[i] - journal.past[b].unit[i]));
            least = fmin(least, gap);
        }
    free(config);
    journal_clear(&journal);
    space_clear(&space);
    return least;
}

#endif
