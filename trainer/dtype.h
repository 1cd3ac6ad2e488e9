/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dtype.h - how files keep numbers: as they are, in half the width, or in blocks that share a
 * scale.
 *
 * A block is the smallest part that stands for itself.  Rows of a matrix are whole blocks.
 * F16 is IEEE 754 binary16, BF16 the upper half of binary32; both are rounded to nearest, ties to
 * even, when written, and read exactly.  The others are GGML's (ggml-quants, and the format's
 * description beside GGUF's): a block of n numbers keeps small integers and one scale, or a scale
 * of scales.
 *
 * To add one: a row in dtype.c, and its two functions where they fit.
 */
#ifndef TRAINER_DTYPE_H
#define TRAINER_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dtype {
    const char *name;        /* "q8_0": --type, and what `info` tells */
    const char *safetensors; /* its name there; NULL: not in such files */
    uint32_t ggml;           /* its number in a GGUF */
    int32_t ggml_file;       /* what a GGUF calls a file that is mostly of it; -1: never written */
    size_t block;            /* numbers in a block */
    size_t bytes;            /* of a block */
    bool lossless;           /* binary32 comes back bit for bit */
    void (*decode)(float *out, const uint8_t *in, size_t blocks);
    void (*encode)(uint8_t *out, const float *in, size_t blocks); /* NULL: it is only read */
};

extern const struct dtype dtypes[]; /* ends with a row without a name; F32 is the first */

/* NULL where there is none. */
const struct dtype *dtype_find(const char *name);
const struct dtype *dtype_of_ggml(uint32_t number);
const struct dtype *dtype_of_safetensors(const char *name, size_t len);

/* Bytes of n numbers; false where n is not of whole blocks, or the product is too large. */
bool dtype_size(uint64_t *bytes, const struct dtype *dtype, uint64_t n);

/* Block formats: Q8_0, Q4_0, Q4_K, Q6_K. */
void q8_0_decode(float *out, const uint8_t *in, size_t blocks);
void q8_0_encode(uint8_t *out, const float *in, size_t blocks);
void q4_0_decode(float *out, const uint8_t *in, size_t blocks);
void q4_0_encode(uint8_t *out, const float *in, size_t blocks);
void q4_k_decode(float *out, const uint8_t *in, size_t blocks);
void q6_k_decode(float *out, const uint8_t *in, size_t blocks);

/* binary16 to binary32, exactly, and back, rounded. */
float half_read(const uint8_t in[2]);
void half_write(uint8_t out[2], float x);

#endif
