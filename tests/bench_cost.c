/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench_cost.h"
#include "mem.h"
#include "strategy.h"

enum { REPEATS = 5 };

struct pile { /* a space and experiments at random places in it */
    struct space space;
    struct past *past;
    struct history history;
};

static void fill_space(struct space *space, size_t n)
{
    *space = (struct space){.params = mem_new(n, sizeof *space->params), .n = n};
    for (size_t i = 0; i < n; i++)
        space->params[i] = (struct param){.name = mem_printf("x%zu", i),
                                          .distribution = distribution_find("uniform"),
                                          .max = 1,
                                          .start = {VALUE_NUMBER, 0.5, NULL},
                                          .when = -1};
}

static struct past random_past(const struct space *space, struct rng *rng)
{
    double *unit = mem_new(space->n, sizeof *unit), loss = 0;
    struct value *config = mem_new(space->n, sizeof *config);

    for (size_t i = 0; i < space->n; i++)
        unit[i] = rng_uniform(rng);
    space_decode(config, space, unit);
    for (size_t i = 0; i < space->n; i++)
        loss += (unit[i] - 0.3) * (unit[i] - 0.3);
    return (struct past){unit, config, OUTCOME_REVERT, loss + 0.03 * rng_normal(rng), 0.03, 0};
}

static void pile_init(struct pile *pile, size_t parameters, size_t experiments)
{
    struct rng rng;

    rng_init(&rng, 1, "cost", 0);
    fill_space(&pile->space, parameters);
    pile->past = mem_new(experiments, sizeof *pile->past);
    for (size_t i = 0; i < experiments; i++)
        pile->past[i] = random_past(&pile->space, &rng);
    pile->history = (struct history){.past = pile->past, .n = experiments, .head = 0};
}

static void pile_clear(struct pile *pile)
{
    for (size_t i = 0; i < pile->history.n; i++) {
        free((void *)(size_t)pile->past[i].unit);
        free((void *)(size_t)pile->past[i].config);
    }
    free(pile->past);
    space_clear(&pile->space);
}

static double processor_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void cost_of(const struct strategy *strategy, const struct pile *pile)
{
    struct value *config = mem_new(pile->space.n, sizeof *config);
    double ms[REPEATS];
    struct err err = {0};

    for (int i = 0; i < REPEATS; i++) {
        double before = processor_ms();
        if (strategy_propose(config, strategy, &pile->space, &pile->history, 1, (uint64_t)i + 1,
                             &err) < 0) { /* one that cannot search such a space */
            printf("%s\t%zu\t%zu\t-\n", strategy->name, pile->space.n, pile->history.n);
            free(config);
            return;
        }
        ms[i] = processor_ms() - before;
    }
    qsort(ms, REPEATS, sizeof *ms, by_size);
    printf("%s\t%zu\t%zu\t%.3g\n", strategy->name, pile->space.n, pile->history.n, ms[REPEATS / 2]);
    fflush(stdout);
    free(config);
}

void bench_cost(size_t experiments)
{
    static const size_t parameters[] = {6, 10, 60};

    for (size_t p = 0; p < sizeof parameters / sizeof *parameters; p++) {
        struct pile pile;
        pile_init(&pile, parameters[p], experiments);
        for (size_t s = 0; strategies[s] != NULL; s++)
            cost_of(strategies[s], &pile);
        pile_clear(&pile);
    }
}
