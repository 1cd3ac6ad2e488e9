/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim_text.h - the text of a claim, taken apart.
 *
 *     claim       side ("<" | ">") side ["by at least" number]
 *     side        metric "(" [assignment {"," assignment}] ")"
 *     assignment  parameter "=" value        value: number, word, true, false, 'text' or "text"
 *
 * What the names mean is not known here (study_hypotheses.c).
 */
#ifndef EXPERIMENTS_CLAIM_TEXT_H
#define EXPERIMENTS_CLAIM_TEXT_H

#include "err.h"
#include "yaml.h"

enum { CLAIM_MAX = 1000, CLAIM_ASSIGNMENTS_MAX = 50 };

struct claim_assignment {
    char *name, *value;
    bool quoted;
    int name_at, value_at; /* where they begin in the text; 1 is the first character */
};

struct claim_side {
    char *metric;
    int at;
    struct claim_assignment of[CLAIM_ASSIGNMENTS_MAX];
    size_t n;
};

struct claim_text {
    struct claim_side left, right;
    bool less; /* "<" */
    double by; /* 0 where nothing is said */
};

/* Takes the text of a scalar apart; usage error with the place within it.  The caller frees with
 * claim_text_clear(), also after an error. */
int claim_text_read(struct claim_text *out, const struct yaml *node, struct err *err);
void claim_text_clear(struct claim_text *claim);

#endif
