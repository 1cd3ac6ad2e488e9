/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hypothesis.h - a claim that a study states, to be tested by the study itself.
 *
 *     {id: H1, claim: "val_loss(layers=2) < val_loss(layers=4)", given: {tokens: 2000000}}
 *
 * Each side of the claim is a config: every parameter's start, then what is given, then what stands
 * in the parentheses.  Whichever way it is written, a claim says that one config is better than the
 * other by more than `by`: so its effect is the other's loss minus the better one's, and positive
 * is as claimed, as everywhere in a study.
 */
#ifndef EXPERIMENTS_HYPOTHESIS_H
#define EXPERIMENTS_HYPOTHESIS_H

#include <stdbool.h>
#include <stddef.h>

#include "value.h"

enum { HYPOTHESES_MAX = 100 };

struct hypothesis {
    char *id;             /* [A-Za-z0-9_.-]+, at most 32; no two of a study are the same */
    char *claim, *given;  /* as written; what is given as "tokens=2000000, seq=128", "": nothing */
    struct value *better; /* [space->n] the config that is claimed to be better … */
    struct value *worse;  /* … and what it is compared with: settled, allowed, another config */
    bool left_is_better;  /* the first of the two that are written is `better` */
    double by;            /* >= 0 [metric] */
};

void hypothesis_clear(struct hypothesis *hypothesis);

#endif
