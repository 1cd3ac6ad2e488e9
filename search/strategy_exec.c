/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exec - an outside program proposes.
 *
 * Starting it is no business of a pure layer: the harness asks it (harness/proposer.h) and records
 * its answers, which are what a replay uses.  What stands here is what the study falls back on when
 * the program has given too many answers of no use.
 */
#include "strategy.h"
#include "strategy_perturb.h"

extern const struct strategy strategy_exec;

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    return strategy_perturb.propose(unit, space, history, rng, attempt, err);
}

const struct strategy strategy_exec = {
    .name = "exec",
    .summary = "what an outside program proposes (an LLM agent, a script); perturb if it fails",
    .propose = propose,
    .outside = true,
};
