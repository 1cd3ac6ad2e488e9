/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * classifier.h - the head of a language model and its cross-entropy in one, a tile of rows at a
 * time: the logits of all rows are never in memory together.
 */
#ifndef TRAINER_CLASSIFIER_H
#define TRAINER_CLASSIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "real.h"

/* Rows of one tile of logits: about 16 MiB of them, at least 16 rows and at most `rows`. */
size_t classifier_tile(size_t rows, size_t vocab);

/*
 * losses[i] = logsumexp(w x_i) - (w x_i)[target_i], in nats.
 *
 *   losses   [rows]         out
 *   tile     [classifier_tile(), vocab]  scratch
 *   x        [rows, dim]
 *   w        [vocab, dim]
 *   targets  [rows]
 */
void classifier(real *losses, real *tile, const real *x, const real *w, const uint32_t *targets,
                size_t rows, size_t dim, size_t vocab);

/*
 * The same, with the gradient of scale * sum(losses): dx [rows, dim] and dw [vocab, dim], both
 * overwritten; dw may be NULL, where it is not wanted.
 */
void classifier_gradient(real *losses, real *dx, real *dw, real *tile, const real *x, const real *w,
                         const uint32_t *targets, size_t rows, size_t dim, size_t vocab,
                         real scale);

#endif
