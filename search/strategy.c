/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "distribution.h"
#include "mem.h"
#include "seen.h"
#include "strategy.h"
#include "strategy_autoane.h"
#include "strategy_grid.h"
#include "strategy_perturb.h"

extern const struct strategy strategy_auto;
extern const struct strategy strategy_cmaes;
extern const struct strategy strategy_exec;
extern const struct strategy strategy_gp;
extern const struct strategy strategy_random;
extern const struct strategy strategy_sobol;
extern const struct strategy strategy_tpe;

const struct strategy *const strategies[] = {
    &strategy_perturb, &strategy_gp,   &strategy_tpe,
    &strategy_cmaes,   &strategy_auto, &strategy_random,
    &strategy_sobol,   &strategy_grid, &strategy_autoane,
    &strategy_exec,    NULL,
};

/*
 * How often one proposal is asked for; then, beyond spaces that are looked through one by one, how
 * many points of the whole cube are tried: constraints may leave little of it.
 */
enum { ATTEMPTS = 1000, DRAWS = 50000 };

/* Two configs that are under way at a time and differ by less than this share of every range would
 * tell the same thing twice. */
#define CROWD 0.005

const struct strategy *strategy_find(const char *name)
{
    for (size_t i = 0; strategies[i] != NULL; i++)
        if (strcmp(strategies[i]->name, name) == 0)
            return strategies[i];
    return NULL;
}

const struct value *history_head(const struct history *history)
{
    if (history->n == 0)
        return NULL;
    return history->past[history->head < history->n ? history->head : 0].config;
}

/*
 * A coordinate that stands exactly where `value` does means `value` itself, whatever digits it was
 * written with; decoding would round it, and a rounded neighbour must not look like a change.
 */
static bool keep_spelling(struct value *out, const struct param *param, double unit,
                          const struct value *value)
{
    if (value->type == VALUE_NONE || param_encode(param, value) != unit)
        return false;
    *out = *value;
    return true;
}

static void decode_proposal(struct value *config, const struct space *space,
                            const struct history *history, const double *unit)
{
    const struct value *head = history_head(history);

    space_decode(config, space, unit);
    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        if (config[i].type == VALUE_NONE || param->distribution == NULL)
            continue;
        if (head == NULL || !keep_spelling(&config[i], param, unit[i], &head[i]))
            keep_spelling(&config[i], param, unit[i], &param->start);
    }
}

/* Differs a value that has steps or is a choice, or a continuous one by CROWD of its range? */
static bool is_apart(const struct param *param, const struct value *value, double unit,
                     const struct value *other, double other_unit)
{
    if (value->type == VALUE_NONE || other->type == VALUE_NONE || isfinite(param_levels(param)))
        return !value_same(value, other);
    return fabs(unit - other_unit) >= CROWD;
}

static bool is_crowded(const struct space *space, const struct history *history,
                       const struct value *config, const double *unit)
{
    for (size_t k = history->n; k-- > history->settled;) {
        const struct past *past = &history->past[k];
        bool apart = past->outcome != OUTCOME_PENDING;
        for (size_t i = 0; i < space->n && !apart; i++)
            apart =
                is_apart(&space->params[i], &config[i], unit[i], &past->config[i], past->unit[i]);
        if (!apart)
            return true;
    }
    return false;
}

bool proposal_is_useful(struct value *config, const struct space *space,
                        const struct history *history, const double *unit)
{
    decode_proposal(config, space, history, unit);
    return !seen_has(history->seen, config) && space_allows(space, config, NULL) &&
           !is_crowded(space, history, config, unit);
}

/* Asks until the answer is of use, so many times at most.  0; 1 when it never is; -1. */
static int ask(struct value *config, const struct strategy *strategy, const struct space *space,
               const struct history *history, struct rng *rng, size_t attempts, struct err *err)
{
    double *unit = mem_new(space->n, sizeof *unit);
    bool useful = false;
    int rc = 0;

    for (size_t attempt = 0; rc == 0 && !useful && attempt < attempts; attempt++) {
        rc = strategy->propose(unit, space, history, rng, attempt, err);
        useful = rc == 0 && proposal_is_useful(config, space, history, unit);
    }
    free(unit);
    return rc == 0 && !useful ? 1 : rc;
}

static bool is_searched(const struct space *space)
{
    for (size_t i = 0; i < space->n; i++)
        if (param_is_searched(&space->params[i]))
            return true;
    return false;
}

/* What the strategy did not find: the one config that is left, a corner that constraints leave. */
static int look_everywhere(struct value *config, const struct space *space,
                           const struct history *history, struct rng *rng, struct err *err)
{
    if (space_is_small(space))
        return ask(config, &strategy_grid, space, history, rng, 1, err);
    return ask(config, &strategy_random, space, history, rng, space->n_constraints > 0 ? DRAWS : 0,
               err);
}

static const struct seen *see_all(struct seen *seen, const struct space *space,
                                  const struct history *history)
{
    seen_init(seen, space, NULL);
    for (size_t i = 0; i < history->n; i++)
        seen_add(seen, history->past[i].config);
    return seen;
}

int strategy_propose(struct value *config, const struct strategy *strategy,
                     const struct space *space, const struct history *history, uint64_t study_seed,
                     uint64_t index, struct err *err)
{
    struct history known = *history;
    struct seen own = {0};
    struct rng rng;

    if (!is_searched(space))
        return 1;
    known.study_seed = study_seed;
    if (known.seen == NULL)
        known.seen = see_all(&own, space, history);
    rng_init(&rng, study_seed, "propose", index);
    int rc = ask(config, strategy, space, &known, &rng, ATTEMPTS, err);
    if (rc == 1 && strategy != &strategy_grid)
        rc = look_everywhere(config, space, &known, &rng, err);
    seen_clear(&own);
    return rc == -1 ? err_wrap(err, "strategy '%s'", strategy->name) : rc;
}

int strategy_serves(const struct strategy *strategy, const struct space *space, struct err *err)
{
    if (strategy->serves == NULL || strategy->serves(space, err) == 0)
        return 0;
    return err_wrap(err, "strategy '%s' cannot search this space", strategy->name);
}

char *strategy_describe(const struct strategy *strategy, const struct space *space, size_t planned,
                        size_t experiments)
{
    if (strategy->reason == NULL)
        return mem_strdup(strategy->name);
    char *reason = strategy->reason(space, planned, experiments);
    char *text = mem_printf("%s: %s", strategy->name, reason);
    free(reason);
    return text;
}

const char *strategy_ended(const struct strategy *strategy, const struct space *space)
{
    if (strategy == &strategy_none)
        return "all that was asked for is done; nothing is searched";
    if (!is_searched(space))
        return "no parameter is searched, so there is nothing to try";
    if (strategy == &strategy_grid)
        return "the grid is at its end";
    if (space_is_small(space))
        return "every config that the constraints allow was tried";
    return "no config was found that is new and that the constraints allow";
}
