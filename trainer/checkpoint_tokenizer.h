/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint_tokenizer.h - the tokenizer that a model was trained with.
 */
#ifndef TRAINER_CHECKPOINT_TOKENIZER_H
#define TRAINER_CHECKPOINT_TOKENIZER_H

#include "err.h"
#include "tokenizer.h"

/*
 * Opens tokenizer.json of the folder `given`; where that is NULL, of the model's folder `dir`, or
 * else of the data folder that model.json names.  Refused (exit 2): there is none, or it has more
 * tokens than `vocab`, which the model knows.  tokenizer_free() it.
 */
int checkpoint_tokenizer(struct tokenizer **out, size_t vocab, const char *dir, const char *given,
                         struct err *err);

#endif
