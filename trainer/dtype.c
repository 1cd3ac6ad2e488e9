/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "dtype.h"

static uint32_t bits_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float of_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint16_t read16(const uint8_t *in)
{
    return (uint16_t)(in[0] | in[1] << 8);
}

static void write16(uint8_t *out, uint32_t x)
{
    out[0] = (uint8_t)x;
    out[1] = (uint8_t)(x >> 8);
}

/* A finite half's bits, moved up, are the float times 2^-112: also where it is subnormal. */
float half_read(const uint8_t in[2])
{
    uint32_t half = read16(in), sign = (half & 0x8000u) << 16, rest = half & 0x7fffu;

    if (rest >= 0x7c00u)
        return of_bits(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
    return of_bits(sign | bits_of(of_bits(rest << 13) * 0x1p112f));
}

static uint32_t half_of_nan(uint32_t magnitude)
{
    uint32_t payload = magnitude >> 13 & 0x3ffu;

    return 0x7c00u | (payload != 0 ? payload : 0x200u);
}

void half_write(uint8_t out[2], float x)
{
    uint32_t bits = bits_of(x), magnitude = bits & 0x7fffffffu, half;

    if (magnitude > 0x7f800000u)
        half = half_of_nan(magnitude);
    else if (magnitude >= 0x477ff000u) /* 65520 and more round to infinity */
        half = 0x7c00u;
    else if (magnitude < 0x38800000u) /* subnormal: 0.5 has the last place of the smallest half */
        half = bits_of(of_bits(magnitude) + 0.5f) - 0x3f000000u;
    else
        half = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13;
    write16(out, half | (bits >> 16 & 0x8000u));
}

static void f32_decode(float *out, const uint8_t *in, size_t n)
{
    memcpy(out, in, n * sizeof *out);
}

static void f32_encode(uint8_t *out, const float *in, size_t n)
{
    memcpy(out, in, n * sizeof *in);
}

static void f16_decode(float *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = half_read(in + 2 * i);
}

static void f16_encode(uint8_t *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        half_write(out + 2 * i, in[i]);
}

static void bf16_decode(float *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = of_bits((uint32_t)read16(in + 2 * i) << 16);
}

static void bf16_encode(uint8_t *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(in[i]);
        if ((bits & 0x7fffffffu) > 0x7f800000u) /* NaN stays one */
            bits |= (bits & 0x7f0000u) == 0 ? 0x400000u : 0;
        else
            bits += 0x7fffu + (bits >> 16 & 1u);
        write16(out + 2 * i, bits >> 16);
    }
}

const struct dtype dtypes[] = {
    {"f32", "F32", 0, 0, 1, 4, true, f32_decode, f32_encode},
    {"f16", "F16", 1, 1, 1, 2, false, f16_decode, f16_encode},
    {"bf16", "BF16", 30, 32, 1, 2, false, bf16_decode, bf16_encode},
    {"q8_0", NULL, 8, 7, 32, 34, false, q8_0_decode, q8_0_encode},
    {"q4_0", NULL, 2, 2, 32, 18, false, q4_0_decode, q4_0_encode},
    {"q4_k", NULL, 12, -1, 256, 144, false, q4_k_decode, NULL},
    {"q6_k", NULL, 14, -1, 256, 210, false, q6_k_decode, NULL},
    {0},
};

const struct dtype *dtype_find(const char *name)
{
    for (const struct dtype *d = dtypes; d->name != NULL; d++)
        if (strcmp(d->name, name) == 0)
            return d;
    return NULL;
}

const struct dtype *dtype_of_ggml(uint32_t number)
{
    for (const struct dtype *d = dtypes; d->name != NULL; d++)
        if (d->ggml == number)
            return d;
    return NULL;
}

const struct dtype *dtype_of_safetensors(const char *name, size_t len)
{
    for (const struct dtype *d = dtypes; d->name != NULL; d++)
        if (d->safetensors != NULL && strlen(d->safetensors) == len &&
            memcmp(d->safetensors, name, len) == 0)
            return d;
    return NULL;
}

bool dtype_size(uint64_t *bytes, const struct dtype *dtype, uint64_t n)
{
    return n % dtype->block == 0 && !__builtin_mul_overflow(n / dtype->block, dtype->bytes, bytes);
}
