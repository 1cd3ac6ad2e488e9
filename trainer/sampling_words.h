/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sampling_words.h - the options of every command that writes on: how the next token is picked, and
 * how many there may be.
 */
#ifndef TRAINER_SAMPLING_WORDS_H
#define TRAINER_SAMPLING_WORDS_H

#include "err.h"
#include "generator.h"

/* As they were given; NULL where they were not. */
struct sampling_words {
    const char *tokens, *temperature, *top_k, *top_p, *min_p, *penalty, *seed;
};

/* Puts them into `how`, and the default of `tokens` where that was not given; exit 2. */
int sampling_words_read(struct generation *how, const struct sampling_words *words, uint64_t tokens,
                        struct err *err);

#endif
