/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * weights.h - where the weights of a model stand that is read from and never changed: all in one
 * block, or each tensor by itself, most of them in files that are mapped.
 */
#ifndef TRAINER_WEIGHTS_H
#define TRAINER_WEIGHTS_H

#include <stddef.h>

#include "model.h"
#include "real.h"

/* A file in memory, for reading. */
struct mapping {
    void *at; /* NULL: it is not mapped */
    size_t bytes;
};

/* A zeroed one is empty. */
struct weights {
    const real **at;      /* [tensors], in the order of the model's list: where each begins */
    real *block;          /* what is ours alone to free; NULL: nothing */
    struct mapping *maps; /* [n_maps] */
    size_t n_maps;
};

/* All in one block [model->n_weights], which is borrowed. */
void weights_of_block(struct weights *out, const struct model *model, const real *block);
void weights_clear(struct weights *w); /* unmaps, frees */

/* Of the tensor with that name; NULL where the model has none. */
const real *weights_find(const struct weights *w, const struct model *model, const char *name);

/* All of them where they stand side by side as the model lists them; else NULL. */
const real *weights_side_by_side(const struct weights *w, const struct model *model);

#endif
