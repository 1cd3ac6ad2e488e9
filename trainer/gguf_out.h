/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gguf_out.h - the header of a GGUF version 3 while it is made.
 */
#ifndef TRAINER_GGUF_OUT_H
#define TRAINER_GGUF_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf.h"
#include "str.h"

/* Values and tensors as bytes, and how many there are.  A zeroed one is empty. */
struct gguf_out {
    struct str values, tensors;
    uint64_t n_values, n_tensors;
    uint64_t data; /* bytes of numbers so far, each tensor's padded */
};

void gguf_out_clear(struct gguf_out *g);
void gguf_add_u32(struct gguf_out *g, const char *key, uint32_t x);
void gguf_add_f32(struct gguf_out *g, const char *key, double x);
void gguf_add_bool(struct gguf_out *g, const char *key, bool x);
void gguf_add_text(struct gguf_out *g, const char *key, const char *text);

/* An array of n elements, each of which is added behind it by its own function. */
void gguf_begin_array(struct gguf_out *g, const char *key, enum gguf_type element, uint64_t n);
void gguf_put_u32(struct gguf_out *g, uint32_t x);
void gguf_put_text(struct gguf_out *g, const char *bytes, size_t n);

/* A tensor of `bytes` bytes; a vector (rows 0) has one dimension. */
void gguf_add_tensor(struct gguf_out *g, const char *name, uint64_t rows, uint64_t cols,
                     uint32_t type, uint64_t bytes);

/* Adds the whole header to `out`, up to where the numbers begin. */
void gguf_out_header(struct str *out, const struct gguf_out *g);

#endif
