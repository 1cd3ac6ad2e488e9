/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * safetensors.h - weights in one file, as Hugging Face's libraries read and write them: eight
 * bytes of header length, a JSON header (name -> dtype, shape, data_offsets), then the numbers,
 * little-endian.  https://huggingface.co/docs/safetensors
 */
#ifndef TRAINER_SAFETENSORS_H
#define TRAINER_SAFETENSORS_H

#include "err.h"
#include "model.h"

/*
 * Reads every tensor of the model's list by its name (dtype F32; a vector may be [cols]).  Exit 2
 * where the file is malformed, lacks a tensor or holds one of another shape; tensors that the model
 * does not want are left aside only where they are a tied head ("lm_head.weight").
 */
int safetensors_read(const struct model *model, real *weights, const char *path, struct err *err);

/* Writes all tensors by temporary name, fsync, rename: `path` is the old file or the new one. */
int safetensors_write(const char *path, const struct model *model, const real *weights,
                      struct err *err);

#endif
