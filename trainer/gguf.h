/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gguf.h - the header of a GGUF file, version 2 or 3, little-endian: metadata, and a list of
 * tensors.  The format's description: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 *     "GGUF", version u32, tensors u64, values u64,
 *     values:   key, type u32, value            text: length u64, bytes
 *     tensors:  name, dims u32, dims u64 (innermost first), type u32, offset u64
 *     numbers, from the next multiple of general.alignment on
 *
 * Reading notes where each value stands and keeps none of it; whoever wants a value asks for it.
 */
#ifndef TRAINER_GGUF_H
#define TRAINER_GGUF_H

#include <stdbool.h>
#include <stdint.h>

#include "storage.h"

#define GGUF_VALUES_MOST 65536
#define GGUF_TEXT_MOST   ((uint64_t)16 << 20) /* bytes of one text that is asked for */
#define GGUF_ALIGNMENT   32

enum gguf_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_TEXT,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_TYPES,
};

struct gguf_value {
    char *key;
    enum gguf_type type, element; /* the second is of an array's elements */
    uint64_t count;               /* elements of an array; 1 */
    uint64_t at;                  /* of the first in the file */
};

struct gguf {
    const struct storage *storage; /* borrowed */
    size_t file;
    uint32_t version;
    uint64_t alignment;
    struct gguf_value *values; /* by key */
    size_t n;
};

/*
 * Adds the tensors of storage's file `file` to it.  Exit 2 where anything is malformed; a type of
 * numbers that is not among dtypes[] is refused by its number.  gguf_clear() in any case.
 */
int gguf_read(struct gguf *out, struct storage *s, size_t file, struct err *err);
void gguf_clear(struct gguf *g);

const struct gguf_value *gguf_find(const struct gguf *g, const char *key); /* or NULL */

/* Values that are asked for.  Exit 2 where one is there and of another type; a missing one leaves
 * *out as it is. */
int gguf_whole(uint64_t *out, const struct gguf *g, const char *key, struct err *err);
int gguf_number(double *out, const struct gguf *g, const char *key, struct err *err);
int gguf_bool(bool *out, const struct gguf *g, const char *key, struct err *err);
int gguf_text(char **out, const struct gguf *g, const char *key, struct err *err); /* to be freed */

/* Calls `each` for every text of an array, in order; the bytes are good during the call.  Exit 2
 * where the value is missing or no array of texts. */
int gguf_texts(const struct gguf *g, const char *key,
               int (*each)(void *context, size_t i, const char *bytes, size_t n, struct err *err),
               void *context, struct err *err);

/* An array of 32-bit integers, which the caller frees; *n is 0 where there is none. */
int gguf_integers(int32_t **out, size_t *n, const struct gguf *g, const char *key, struct err *err);

#endif
