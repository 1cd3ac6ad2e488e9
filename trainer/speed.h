/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * speed.h - how fast a model reads and writes, beside what the machine's memory allows.
 *
 * A new token takes every matrix from memory once, and nothing that is as slow; so the yardstick is
 * a pass over the same weights by the same threads that adds them up and does nothing else.
 * Prompt, tokens and yardstick take turns, so that a neighbour on the machine slows all of them
 * alike; what is told is the median of the rounds, and of the share the median of their ratios.
 */
#ifndef TRAINER_SPEED_H
#define TRAINER_SPEED_H

#include <stddef.h>

#include "err.h"
#include "weights.h"

struct speed {
    size_t prompt, tokens, rounds; /* tokens of the prompt, new tokens behind it, how often */
    double first_s; /* of the very first token: what is mapped is looked at for the first time */
    double prompt_tokens_per_s, generate_tokens_per_s;
    double read_gb_per_s;    /* of the yardstick */
    double share_of_reading; /* of that, what generation reaches */
};

/* At least SPEED_ROUNDS rounds; the model has its table of positions, and room for the tokens. */
#define SPEED_ROUNDS 7
int speed_run(struct speed *out, const struct model *model, const struct weights *weights,
              size_t prompt, size_t tokens, size_t threads, struct err *err);

#endif
