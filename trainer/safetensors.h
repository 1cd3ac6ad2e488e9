/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * safetensors.h - a model's weights in one file, as Hugging Face's libraries read and write them:
 * eight bytes of header length, a JSON header (name -> dtype, shape, data_offsets), then the
 * numbers, little-endian.  https://huggingface.co/docs/safetensors
 */
#ifndef TRAINER_SAFETENSORS_H
#define TRAINER_SAFETENSORS_H

#include "err.h"
#include "model.h"
#include "outgoing.h"

/*
 * Reads every tensor of the model's list by its name (dtype F32, F16 or BF16; a vector may be
 * [cols]).  Exit 2 where the file is malformed, lacks a tensor or holds one of another shape;
 * tensors that the model does not want are left aside only where they are a tied head
 * ("lm_head.weight") or a table of rotary angles.
 */
int safetensors_read(const struct model *model, real *weights, const char *path, struct err *err);

/* Writes all tensors by temporary name, fsync, rename: `path` is the old file or the new one. */
int safetensors_write(const char *path, const struct model *model, const real *weights,
                      struct err *err);

/* The same of any outgoing weights; `key` and `value` go into the metadata, NULL: none. */
int safetensors_write_as(const char *path, const struct outgoing *o, const char *key,
                         const char *value, struct err *err);

#endif
