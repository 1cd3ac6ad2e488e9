/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * use_model.h - what the programs do with a model that opened, and what must hold then: the ways of
 * reading its weights agree bit for bit, and what is written of it reads back.
 */
#ifndef FUZZ_USE_MODEL_H
#define FUZZ_USE_MODEL_H

#include "format.h"

/* All of its weights, copied and mapped; the caller frees.  NULL where they are refused. */
real *use_weights(const struct model_file *in);

/* Hugging Face's words for the shape, read again. */
void use_shape(const struct model *model);

#endif
