/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outgoing.h - a model's weights on their way into a file: rows in the file's order, a residual
 * scale folded into the matrices that it belongs to, numbers in the file's format.
 */
#ifndef TRAINER_OUTGOING_H
#define TRAINER_OUTGOING_H

#include "dtype.h"
#include "model.h"
#include "out_file.h"
#include "storage.h"

struct outgoing {
    const struct model *model;
    const real *weights;
    const struct naming *naming;
    const struct dtype *dtype; /* of matrices */
    bool vectors_as_f32;       /* gains and biases stay binary32 */
    bool fold; /* ROLE_RESIDUAL times residual_scale(): the file's model has no scale of its own */
};

/*
 * What the tensor is written as: `dtype`, or binary16 where its rows are no whole blocks of that,
 * or binary32 for a vector that stays so.
 */
const struct dtype *outgoing_dtype(const struct outgoing *o, const struct tensor *t);
uint64_t outgoing_bytes(const struct outgoing *o, const struct tensor *t);

/* Writes one tensor, a piece at a time. */
int outgoing_write(struct out_file *out, const struct outgoing *o, const struct tensor *t,
                   struct err *err);

#endif
