/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compact.h - a model's rows for the tokens that the training split uses, and one for all others.
 *
 * Used tokens have a row each, in the order of their ids.  Where some are not used, one row behind
 * them stands for the rest: as an input all of them look the same; as a target its probability is
 * shared evenly among them, so that the losses are of a distribution over the whole vocabulary and
 * can be compared with those of a model that has all rows.
 */
#ifndef TRAINER_COMPACT_H
#define TRAINER_COMPACT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "err.h"
#include "real.h"

struct tokens;

struct compact {
    size_t vocab;     /* ids of the data are below it */
    size_t used;      /* tokens with a row of their own */
    size_t rows;      /* of the model: used, and one more where that is not all */
    uint32_t *row_of; /* [vocab] */
    double rest_cost; /* ln(vocab - used): what a target without a row of its own costs more */
};

/* From the tokens to train on, all below vocab.  compact_clear() frees; a zeroed one is fine. */
void compact_from_tokens(struct compact *c, const struct tokens *tokens, size_t vocab);
void compact_clear(struct compact *c);

/* {"vocab": n, "used": [[first, count], …]}: runs of used ids, rising.  The caller decrefs. */
json_t *compact_write(const struct compact *c);

/* Reads that back; refused (exit 2) where it is damaged or is not for a model of `rows` rows. */
int compact_read(struct compact *c, const json_t *value, size_t rows, const char *path,
                 struct err *err);

/* What losses [n] of targets, given by their rows, lack. */
void compact_add_cost(real *losses, const struct compact *c, const uint32_t *targets, size_t n);

#endif
