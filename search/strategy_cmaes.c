/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmaes - CMA-ES (cma.h) over the numbers, frequencies over the choices.
 *
 * Nothing is kept, so the distribution is made again from the history each time.  It begins at the
 * baseline with standard deviation SIGMA_START; each lambda experiments that have ended, oldest
 * first, are one update, whoever proposed them.  Failures rank last and never count; a group of
 * failures alone is passed over, and so is what an inactive parameter might have been (it counts as
 * the mean).  Pending experiments are not there yet: the distribution does not change until they
 * end, and its points differ by chance.
 *
 * Choices have no order, hence frequencies, all alike at first.  Each update moves them by
 * CHOICE_RATE towards the weighted frequencies of its better half, and none falls below 1 / (n
 * lambda) shared among the others: population-based incremental learning (Baluja 1994,
 * CMU-CS-94-163), with the margin's floor.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"
#include "cma.h"
#include "feature_map.h"
#include "mem.h"
#include "strategy.h"

extern const struct strategy strategy_cmaes;

#define SIGMA_START 0.25
#define CHOICE_RATE 0.2

/* --- the state -------------------------------------------------------------------------------- */

struct state {
    const struct space *space;
    size_t n;       /* coordinates of the normal distribution; 0: choices alone */
    size_t *param;  /* [n] the parameters they stand for */
    double *levels; /* [n] */
    size_t lambda;
    struct cma cma;  /* n > 0 */
    double **chance; /* [space->n] of each value, NULL where it is not a choice */
};

static void list_coordinates(struct state *state)
{
    const struct space *space = state->space;

    state->param = mem_new(space->n, sizeof *state->param);
    state->levels = mem_new(space->n, sizeof *state->levels);
    for (size_t i = 0; i < space->n; i++) {
        double levels = param_levels(&space->params[i]);
        if (!(levels > 1) || param_is_choice(&space->params[i]))
            continue;
        state->param[state->n] = i;
        state->levels[state->n++] = levels;
    }
}

/* All alike: half a dozen runs of the start say nothing against the others. */
static double *first_chances(const struct param *param)
{
    double *chance = mem_new(param->n_values, sizeof *chance);

    for (size_t k = 0; k < param->n_values; k++)
        chance[k] = 1 / (double)param->n_values;
    return chance;
}

static void state_init(struct state *state, const struct space *space)
{
    *state = (struct state){.space = space};
    list_coordinates(state);
    state->lambda = cma_lambda(state->n > 0 ? state->n : 1);
    double *mean = mem_new(state->n, sizeof *mean);
    for (size_t k = 0; k < state->n; k++) {
        const struct param *param = &space->params[state->param[k]];
        mean[k] = param_encode(param, &param->start);
    }
    if (state->n > 0)
        cma_init(&state->cma, state->n, mean, SIGMA_START, state->levels);
    free(mean);
    state->chance = mem_new(space->n, sizeof *state->chance);
    for (size_t i = 0; i < space->n; i++)
        if (param_is_choice(&space->params[i]))
            state->chance[i] = first_chances(&space->params[i]);
}

static void state_clear(struct state *state)
{
    for (size_t i = 0; i < state->space->n; i++)
        free(state->chance[i]);
    free(state->chance);
    cma_clear(&state->cma);
    free(state->param);
    free(state->levels);
}

/* --- replaying -------------------------------------------------------------------------------- */

static bool ended_well(const struct past *past)
{
    return (past->outcome == OUTCOME_KEEP || past->outcome == OUTCOME_REVERT) &&
           isfinite(past->loss);
}

/* Least loss first, failures last, the older first where they are equal. */
static int by_loss(const void *a, const void *b)
{
    const struct past *const *x = a, *const *y = b;
    bool good = ended_well(*x);

    if (good != ended_well(*y))
        return good ? -1 : 1;
    if (good && (*x)->loss != (*y)->loss)
        return (*x)->loss < (*y)->loss ? -1 : 1;
    return *x < *y ? -1 : *x > *y;
}

/* group [count] best first */
static void update_normal(struct state *state, const struct past *const *group, size_t count)
{
    double *x = mem_new(count * state->n, sizeof *x);

    for (size_t g = 0; g < count; g++)
        for (size_t k = 0; k < state->n; k++) {
            size_t i = state->param[k];
            bool active = group[g]->config[i].type != VALUE_NONE;
            x[g * state->n + k] = active ? group[g]->unit[i] : state->cma.mean[k];
        }
    cma_update(&state->cma, x, count);
    free(x);
}

static void keep_floor(double *chance, size_t n, double least)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += chance[k] = fmax(chance[k], least);
    for (size_t k = 0; k < n; k++)
        chance[k] /= sum;
}

static void update_choice(struct state *state, size_t i, const struct past *const *group,
                          size_t count)
{
    const struct param *param = &state->space->params[i];
    double *chance = state->chance[i];
    size_t searched = state->n > 0 ? state->n : 1;

    for (size_t g = 0; g < count; g++) {
        double by = CHOICE_RATE * cma_weight(g, state->lambda);
        size_t value = feature_choice(param, &group[g]->config[i]);
        for (size_t k = 0; k < param->n_values && value < param->n_values; k++)
            chance[k] += by * ((k == value) - chance[k]);
    }
    keep_floor(chance, param->n_values,
               1 / (double)(searched * state->lambda * (param->n_values - 1)));
}

static void update(struct state *state, const struct past **group)
{
    size_t good = 0;

    qsort(group, state->lambda, sizeof(const struct past *), by_loss);
    while (good < state->lambda && ended_well(group[good]))
        good++;
    if (good == 0)
        return;
    if (state->n > 0)
        update_normal(state, group, good);
    for (size_t i = 0; i < state->space->n; i++)
        if (state->chance[i] != NULL)
            update_choice(state, i, group, good);
}

/* The baseline is the mean of the first group and in none. */
static void replay(struct state *state, const struct history *history)
{
    const struct past **group = mem_new(state->lambda, sizeof(const struct past *));
    size_t n = 0;

    for (size_t i = 1; i < history->n; i++) {
        if (history->past[i].outcome == OUTCOME_PENDING)
            continue;
        group[n++] = &history->past[i];
        if (n == state->lambda) {
            update(state, group);
            n = 0;
        }
    }
    free(group);
}

/* --- proposing -------------------------------------------------------------------------------- */

static double draw_choice(const double *chance, size_t n, struct rng *rng)
{
    double u = rng_uniform(rng);
    size_t k = 0;

    while (k + 1 < n && u >= chance[k])
        u -= chance[k++];
    return ((double)k + 0.5) / (double)n;
}

static void draw(double *unit, struct state *state, struct rng *rng)
{
    double *x = mem_new(state->n, sizeof *x);

    if (state->n > 0)
        cma_draw(x, &state->cma, rng);
    for (size_t i = 0; i < state->space->n; i++)
        unit[i] = state->chance[i] != NULL
                      ? draw_choice(state->chance[i], state->space->params[i].n_values, rng)
                      : 0.5;
    for (size_t k = 0; k < state->n; k++)
        unit[state->param[k]] = cloud_reflect(x[k]);
    free(x);
}

static int serves(const struct space *space, struct err *err)
{
    size_t choices = 0;

    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        if (param_levels(param) > 1 && !param_is_choice(param))
            return 0;
        choices += param_is_choice(param);
    }
    if (choices == 0)
        return 0;
    return err_usage(err,
                     "it moves a normal distribution, and only choices are searched here; use "
                     "gp or tpe, or say `distribution: ordinal` where values stand in an order");
}

/* Refused draws widen the distribution, so that it ends nowhere. */
static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    struct state state;
    enum { WIDEN_AFTER = 10 };

    (void)err;
    state_init(&state, space);
    replay(&state, history);
    state.cma.sigma *= ldexp(1, (int)(attempt / WIDEN_AFTER < 20 ? attempt / WIDEN_AFTER : 20));
    draw(unit, &state, rng);
    state_clear(&state);
    return 0;
}

const struct strategy strategy_cmaes = {
    .name = "cmaes",
    .summary = "a normal distribution that moves to where losses are low (CMA-ES with margin)",
    .propose = propose,
    .serves = serves,
};
