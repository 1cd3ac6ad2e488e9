/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text_tokens.h - a text file as tokens in memory, to take a model's loss on.
 */
#ifndef TRAINER_TEXT_TOKENS_H
#define TRAINER_TEXT_TOKENS_H

#include "data.h"
#include "err.h"
#include "evaluate.h"
#include "tokenizer.h"

/*
 * The file as one document: the mark that stands between documents (where the tokenizer has one),
 * then the text's tokens, so that each token of the text is a target.  The tokens own their
 * memory: free((void *)out->at).
 */
int text_tokens(struct tokens *out, struct tokenizer *tokenizer, const char *path, struct err *err);

/* Bytes of text that the targets stand for. */
size_t text_target_bytes(const struct evaluation *e, const struct tokenizer *tokenizer);

#endif
