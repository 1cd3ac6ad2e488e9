/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "gguf_out.h"

void gguf_out_clear(struct gguf_out *g)
{
    str_clear(&g->values);
    str_clear(&g->tensors);
    *g = (struct gguf_out){0};
}

static void put(struct str *out, uint64_t x, size_t bytes)
{
    char little[8];

    for (size_t i = 0; i < bytes; i++)
        little[i] = (char)(uint8_t)(x >> 8 * i);
    str_addn(out, little, bytes);
}

static void put_text(struct str *out, const char *bytes, size_t n)
{
    put(out, n, 8);
    str_addn(out, bytes, n);
}

static void begin(struct gguf_out *g, const char *key, enum gguf_type type)
{
    put_text(&g->values, key, strlen(key));
    put(&g->values, (uint64_t)type, 4);
    g->n_values++;
}

void gguf_add_u32(struct gguf_out *g, const char *key, uint32_t x)
{
    begin(g, key, GGUF_U32);
    put(&g->values, x, 4);
}

void gguf_add_f32(struct gguf_out *g, const char *key, double x)
{
    float single = (float)x;
    uint32_t bits;

    memcpy(&bits, &single, sizeof bits);
    begin(g, key, GGUF_F32);
    put(&g->values, bits, 4);
}

void gguf_add_bool(struct gguf_out *g, const char *key, bool x)
{
    begin(g, key, GGUF_BOOL);
    put(&g->values, x, 1);
}

void gguf_add_text(struct gguf_out *g, const char *key, const char *text)
{
    begin(g, key, GGUF_TEXT);
    put_text(&g->values, text, strlen(text));
}

void gguf_begin_array(struct gguf_out *g, const char *key, enum gguf_type element, uint64_t n)
{
    begin(g, key, GGUF_ARRAY);
    put(&g->values, (uint64_t)element, 4);
    put(&g->values, n, 8);
}

void gguf_put_u32(struct gguf_out *g, uint32_t x)
{
    put(&g->values, x, 4);
}

void gguf_put_text(struct gguf_out *g, const char *bytes, size_t n)
{
    put_text(&g->values, bytes, n);
}

static uint64_t padded(uint64_t bytes)
{
    return (bytes + GGUF_ALIGNMENT - 1) / GGUF_ALIGNMENT * GGUF_ALIGNMENT;
}

void gguf_add_tensor(struct gguf_out *g, const char *name, uint64_t rows, uint64_t cols,
                     uint32_t type, uint64_t bytes)
{
    put_text(&g->tensors, name, strlen(name));
    put(&g->tensors, rows > 0 ? 2 : 1, 4);
    put(&g->tensors, cols, 8);
    if (rows > 0)
        put(&g->tensors, rows, 8);
    put(&g->tensors, type, 4);
    put(&g->tensors, g->data, 8);
    g->data += padded(bytes);
    g->n_tensors++;
}

void gguf_out_header(struct str *out, const struct gguf_out *g)
{
    size_t from = out->len;

    str_addn(out, "GGUF", 4);
    put(out, 3, 4);
    put(out, g->n_tensors, 8);
    put(out, g->n_values, 8);
    str_addn(out, str_text(&g->values), g->values.len);
    str_addn(out, str_text(&g->tensors), g->tensors.len);
    while ((out->len - from) % GGUF_ALIGNMENT != 0)
        put(out, 0, 1);
}
