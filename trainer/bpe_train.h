/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bpe_train.h - merges learned from counted words: again and again the pair of neighbouring tokens
 * that occurs most often becomes one token (Sennrich, Haddow & Birch 2016, arXiv:1508.07909).
 *
 * Bytes are tokens 0 … 255 and merge r makes token 256 + r.  Equal counts: the pair with the lower
 * left token, then the lower right one.  A pair that occurs once only is never merged.
 */
#ifndef TRAINER_BPE_TRAIN_H
#define TRAINER_BPE_TRAIN_H

#include <stddef.h>

#include "bpe.h"
#include "err.h"
#include "words.h"

/* Called now and then with the merges done so far; -1 from it ends the training. */
struct bpe_watch {
    int (*tick)(void *context, size_t done, struct err *err);
    void *context;
};

/*
 * Learns at most `wanted` merges into merges[wanted]; *got is fewer where no pair is left that
 * occurs twice.  `watch` may be NULL.
 */
int bpe_train(struct merge *merges, size_t *got, size_t wanted, const struct words *words,
              const struct bpe_watch *watch, struct err *err);

#endif
