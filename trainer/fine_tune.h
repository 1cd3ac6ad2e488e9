/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fine_tune.h - a run that begins with a model instead of with a seed's weights.
 *
 * The model's shape takes the place of the config's, so that the config in effect, which is told,
 * is the truth; what is trained on, and how, stays the config's.
 */
#ifndef TRAINER_FINE_TUNE_H
#define TRAINER_FINE_TUNE_H

#include "config.h"
#include "err.h"
#include "format.h"
#include "trainer.h"

/*
 * Opens the model and puts its shape and vocabulary into the config; model_file_close() in any
 * case.  Exit 2 where it has a compact vocabulary, or the config asks for one.
 */
int fine_tune_open(struct model_file *in, struct config *config, const char *path,
                   const struct format_hints *hints, struct err *err);

/*
 * Its weights go into the trainer's, whose model must be of the same tensors.  `sha256` of them may
 * be NULL.
 */
int fine_tune_load(char *sha256, struct trainer *t, const struct model_file *in, struct err *err);

#endif
