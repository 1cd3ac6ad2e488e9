/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strategy.h - a way to choose what to try next.
 *
 * A strategy is a pure function of (space, history, random stream): it keeps nothing, so a study
 * that was interrupted goes on exactly where it stopped, and a replay gives the same proposals.
 * It sees the unit cube only.  Rounding, conditions, constraints and repeats are not its business:
 * strategy_propose() asks again until the config is allowed and new.  What breaks a constraint is
 * refused, never moved to where it would hold.
 *
 * To add one: a file strategy_<name>.c and a row in strategy.c.
 */
#ifndef SEARCH_STRATEGY_H
#define SEARCH_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "rng.h"
#include "space.h"

enum outcome {
    OUTCOME_PENDING, /* proposed, not decided yet as far as this proposal may know */
    OUTCOME_KEEP,    /* the head moved here */
    OUTCOME_REVERT,
    OUTCOME_FAILED, /* the trainer crashed, hung, diverged … */
};

/* One experiment of the past, oldest first; number k of the history is past[k - 1]. */
struct past {
    const double *unit;         /* [space->n] */
    const struct value *config; /* [space->n] */
    enum outcome outcome;
    double loss;    /* mean over its seeds, lower is better; NAN where unknown */
    double loss_se; /* standard error of that mean; NAN where unknown */
    double gain;    /* paired gain over the head of its time, positive is better; NAN unknown */
};

struct history {
    const struct past *past; /* [n]; the baseline is past[0] */
    size_t n;
    size_t head;    /* index of the config that proposals start from; SIZE_MAX when there is none */
    size_t planned; /* experiments that the study was begun for; 0: not known */
    size_t settled; /* none of the first so many is pending; 0: nobody has looked */
    /* The configs of the past (seen.h), for proposal_is_useful(); where the caller keeps none
     * (NULL), strategy_propose() makes it. */
    const struct seen *seen;
    uint64_t study_seed; /* strategy_propose() sets it: for what is the same in all proposals */
};

/* The config that proposals start from: the head's, the baseline's while there is no head, or NULL
 * in an empty history (space_start() then).  Borrowed. */
const struct value *history_head(const struct history *history);

struct strategy {
    const char *name, *summary;
    /*
     * Fills unit [space->n] (every coordinate in [0, 1]).  `attempt` counts how often the same
     * proposal was asked for again, since the one before was no use (0 at first).
     * 0; 1 when nothing is left to try; -1 with err set.
     */
    int (*propose)(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err);
    /* What it does in this space after so many experiments of those planned, and why: for one line
     * of the log.  NULL where the summary says it all.  The caller frees. */
    char *(*reason)(const struct space *space, size_t planned, size_t experiments);
    /* An outside program is asked first, by the harness; propose() is what to fall back on. */
    bool outside;
    /* Can it search this space?  0, or a usage error that says what it lacks and what to do about
     * it.  NULL: any space. */
    int (*serves)(const struct space *space, struct err *err);
};

/*
 * Makes the config [space->n] of a unit and says whether it may be proposed: allowed by the
 * constraints, not in the history, and no near copy of what is under way (a step or another choice
 * apart, or 1/200 of a continuous range).  For strategies that walk through points of their own.
 */
bool proposal_is_useful(struct value *config, const struct space *space,
                        const struct history *history, const double *unit);

extern const struct strategy *const strategies[]; /* NULL-terminated */
const struct strategy *strategy_find(const char *name);

/* For studies without a search; stands in no list, since there is nothing that it could find. */
extern const struct strategy strategy_none;

/*
 * The next config [space->n]: settled, allowed by the constraints, and not in the history.
 * The stream is ("propose", index) of the study's seed, index being the number of the proposal.
 * 0; 1 when the strategy has nothing left (strategy_ended() says what that means); -1 with err set.
 */
int strategy_propose(struct value *config, const struct strategy *strategy,
                     const struct space *space, const struct history *history, uint64_t study_seed,
                     uint64_t index, struct err *err);

/* Can it search this space?  0, or a usage error ("strategy 'grid': …"). */
int strategy_serves(const struct strategy *strategy, const struct space *space, struct err *err);

/* What a strategy that chooses among others chooses after so many experiments of those planned (0:
 * not known), and why, as "auto: gp …"; of any other its name alone.  The caller frees. */
char *strategy_describe(const struct strategy *strategy, const struct space *space, size_t planned,
                        size_t experiments);

/* What it means that nothing was left to propose: a sentence for people. */
const char *strategy_ended(const struct strategy *strategy, const struct space *space);

#endif
