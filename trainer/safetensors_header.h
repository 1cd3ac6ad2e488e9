/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * safetensors_header.h - the header of a .safetensors file, into a list of tensors.
 *
 * Eight bytes of header length, then one JSON object: name -> {dtype, shape, data_offsets}, and
 * maybe "__metadata__", whose values are strings.  https://huggingface.co/docs/safetensors
 * The header is read here and not by a general parser: it comes from anyone, and this takes no
 * more memory than a small multiple of its bytes, goes no deeper than the format does, and knows
 * whole numbers alone.
 */
#ifndef TRAINER_SAFETENSORS_HEADER_H
#define TRAINER_SAFETENSORS_HEADER_H

#include "storage.h"

#define SAFETENSORS_PREFIX      8
#define SAFETENSORS_HEADER_MOST ((uint64_t)100 << 20) /* bytes, as the reference limits it */

/* A value of "__metadata__" that is asked for, as JSON's text without the quotes. */
struct metadata {
    const char *key;
    char *value; /* NULL where the file does not tell it; the caller frees */
};

/*
 * Adds the tensors of storage's file `file` to it and checks that they tile the file behind the
 * header.  `metadata` may be NULL.  Exit 2 where anything is malformed, a dtype is not F32, F16 or
 * BF16, a key stands twice in an object, or shape and offsets do not agree.
 */
int safetensors_header(struct storage *s, size_t file, struct metadata *metadata, struct err *err);

#endif
