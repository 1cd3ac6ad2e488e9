/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decoder.h - a model that reads on: the keys and values of what it has read are kept, so that the
 * next token costs one token and not the whole text.
 *
 * It is the forward pass of model_llama.c and its descendants, from the same tensor list; what it
 * computes differs from that by rounding alone, and not at all by the number of threads.
 */
#ifndef TRAINER_DECODER_H
#define TRAINER_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "model.h"
#include "weights.h"

struct decoder;

/*
 * For texts of at most `length` tokens, which is refused (exit 2) where it is more than the model's
 * seq or than memory holds.  Model (with the positions of that length) and weights are borrowed.
 */
int decoder_open(struct decoder **out, const struct model *model, const struct weights *weights,
                 size_t length, size_t threads, struct err *err);
void decoder_close(struct decoder *d); /* NULL is fine */

/*
 * Reads n > 0 more tokens, given by their rows in the table; there is room for them.  Returns the
 * logits [vocab] of what comes next, good until the next call.
 */
const real *decoder_read(struct decoder *d, const uint32_t *rows, size_t n);

/* Forgets all but the first n tokens. */
void decoder_back(struct decoder *d, size_t n);

size_t decoder_length(const struct decoder *d); /* tokens read */

/* Bytes of weights that reading one token takes from memory: every matrix once. */
size_t decoder_token_bytes(const struct model *model);

#endif
