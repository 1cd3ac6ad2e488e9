/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * evaluate.h - the loss on a fixed set of tokens.
 *
 * Which tokens are predicted depends on the data and on how many are asked for, never on the
 * model, its sequence length or its batch: losses of two configs are of the same targets, one
 * by one.  The set is some windows of EVALUATE_WINDOW targets, evenly spread; a model reads each
 * window in pieces of its own sequence length, so a longer context helps up to a window.
 */
#ifndef TRAINER_EVALUATE_H
#define TRAINER_EVALUATE_H

#include <signal.h>
#include <stddef.h>

#include "data.h"
#include "file.h"
#include "model.h"
#include "pool.h"

#define EVALUATE_WINDOW   2048 /* targets, at most */
#define EVALUATE_SEQUENCE 128  /* targets that are averaged in one value of val_losses.f32 */

struct evaluation {
    const struct tokens *tokens; /* borrowed */
    size_t *windows;             /* [n_windows] the token before each window's first target */
    size_t n_windows, window;    /* all of `window` targets */
    size_t n;                    /* targets in all */
    char sha256[SHA256_TEXT];    /* of the targets, as little-endian uint32, in order */
};

/*
 * Chooses the targets: windows of EVALUATE_WINDOW, about `wanted` targets of them.  0, or as many
 * as there are, is the whole split: equal windows, as few as will do, that leave out fewer targets
 * than there are windows.  Needs two tokens at least (exit 2).  evaluation_clear() frees; a zeroed
 * one is fine.
 */
int evaluation_init(struct evaluation *e, const struct tokens *tokens, size_t wanted,
                    struct err *err);
void evaluation_clear(struct evaluation *e);

/*
 * losses [e->n]: of each target, in nats, in the order of the set.
 *
 *   works  one for each thread of the pool, with scratch for `rows` tokens, rows >= seq
 *   stop   NULL, or what turns non-zero when the losses are no longer wanted
 */
void evaluate(real *losses, const struct evaluation *e, const struct model *model,
              const real *weights, struct work *works, size_t rows, size_t seq, struct pool *pool,
              const volatile sig_atomic_t *stop);

double evaluation_mean(const struct evaluation *e, const real *losses); /* nats per token */

/* out: mean loss of each EVALUATE_SEQUENCE targets of a window; returns how many values. */
size_t evaluation_sequences(float *out, const struct evaluation *e, const real *losses);
size_t evaluation_sequence_count(const struct evaluation *e);

#endif
