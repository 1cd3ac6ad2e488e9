/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dtype_blocks.c - GGML's formats of blocks, after the layouts that the GGUF description and
 * ggml-common.h give.  The scale of a block is binary16; integers are packed as told below.
 */
#include <math.h>

#include "dtype.h"

enum { SMALL = 32, LARGE = 256 };

/* Q8_0: scale d, 32 signed bytes q; x = d q. */
enum { Q8_0_BYTES = 2 + SMALL };

void q8_0_decode(float *out, const uint8_t *in, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++, in += Q8_0_BYTES, out += SMALL) {
        float d = half_read(in);
        for (size_t i = 0; i < SMALL; i++)
            out[i] = d * (float)(int8_t)in[2 + i];
    }
}

static float largest(const float *x, size_t n)
{
    float most = 0; /* of the absolute values; the sign is kept */

    for (size_t i = 0; i < n; i++)
        if (fabsf(x[i]) > fabsf(most))
            most = x[i];
    return most;
}

/* What is no number of the block's range (an infinity, a NAN) becomes 0. */
static uint8_t q8_0_of(float x, float inverse)
{
    float q = roundf(x * inverse);

    return q >= -127 && q <= 127 ? (uint8_t)(int8_t)q : 0;
}

/* The largest number becomes 127 or -127. */
void q8_0_encode(uint8_t *out, const float *in, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++, in += SMALL, out += Q8_0_BYTES) {
        float d = fabsf(largest(in, SMALL)) / 127, inverse = d > 0 ? 1 / d : 0;
        half_write(out, d);
        for (size_t i = 0; i < SMALL; i++)
            out[2 + i] = q8_0_of(in[i], inverse);
    }
}

/*
 * Q4_0: scale d, 16 bytes; the low half of byte i is number i, the high half number i + 16;
 * x = d (q - 8).
 */
enum { Q4_0_BYTES = 2 + SMALL / 2 };

void q4_0_decode(float *out, const uint8_t *in, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++, in += Q4_0_BYTES, out += SMALL) {
        float d = half_read(in);
        for (size_t i = 0; i < SMALL / 2; i++) {
            out[i] = d * (float)((in[2 + i] & 15) - 8);
            out[SMALL / 2 + i] = d * (float)((in[2 + i] >> 4) - 8);
        }
    }
}

static uint8_t q4_0_of(float x, float inverse)
{
    float q = floorf(x * inverse + 8.5f);

    return q < 15 ? (uint8_t)(q > 0 ? q : 0) : 15;
}

/* The largest number becomes 0, which is -8 d: the one value that has no opposite. */
void q4_0_encode(uint8_t *out, const float *in, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++, in += SMALL, out += Q4_0_BYTES) {
        float d = largest(in, SMALL) / -8, inverse = d != 0 ? 1 / d : 0;
        half_write(out, d);
        for (size_t i = 0; i < SMALL / 2; i++)
            out[2 + i] =
                (uint8_t)(q4_0_of(in[i], inverse) | q4_0_of(in[SMALL / 2 + i], inverse) << 4);
    }
}

/*
 * Q4_K: scales d and m, eight pairs of six-bit scales and minima in 12 bytes, 128 bytes of halves;
 * 32 numbers share a pair: x = d scale q - m minimum.
 */
enum { Q4_K_BYTES = 4 + 12 + LARGE / 2 };

static void q4_k_pair(float *scale, float *minimum, const uint8_t *packed, size_t j)
{
    if (j < 4) {
        *scale = (float)(packed[j] & 63);
        *minimum = (float)(packed[j + 4] & 63);
    } else {
        *scale = (float)((packed[j + 4] & 15) | packed[j - 4] >> 6 << 4);
        *minimum = (float)(packed[j + 4] >> 4 | packed[j] >> 6 << 4);
    }
}

void q4_k_decode(float *out, const uint8_t *in, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++, in += Q4_K_BYTES) {
        float d = half_read(in), m = half_read(in + 2), scale, minimum;
        for (size_t j = 0; j < 8; j++, out += SMALL) {
            const uint8_t *q = in + 16 + j / 2 * SMALL; /* two groups share 32 bytes */
            q4_k_pair(&scale, &minimum, in + 4, j);
            scale *= d;
            minimum *= m;
            for (size_t i = 0; i < SMALL; i++)
                out[i] = scale * (float)(j % 2 == 0 ? q[i] & 15 : q[i] >> 4) - minimum;
        }
    }
}

/*
 * Q6_K: 128 bytes of low halves, 64 bytes of upper pairs of bits, sixteen signed scales (one for
 * 16 numbers), scale d last; x = d scale (q - 32).  Each half of a block: number l + 32 k has its
 * low bits in byte l + 32 (k mod 2), half k / 2, and its upper bits at bit 2 k of byte l.
 */
enum { Q6_K_BYTES = LARGE / 2 + LARGE / 4 + LARGE / 16 + 2 };

static void q6_k_half(float *out, const uint8_t *low, const uint8_t *high, const uint8_t *scales,
                      float d)
{
    for (size_t k = 0; k < 4; k++)
        for (size_t l = 0; l < 32; l++) {
            int q = (low[l + 32 * (k % 2)] >> 4 * (k / 2) & 15) | (high[l] >> 2 * k & 3) << 4;
            float scale = (float)(int8_t)scales[2 * k + l / 16];
            out[32 * k + l] = d * scale * (float)(q - 32);
        }
}

void q6_k_decode(float *out, const uint8_t *in, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++, in += Q6_K_BYTES, out += LARGE) {
        const uint8_t *high = in + LARGE / 2, *scales = high + LARGE / 4;
        float d = half_read(scales + LARGE / 16);
        for (size_t half = 0; half < 2; half++)
            q6_k_half(out + 128 * half, in + 64 * half, high + 32 * half, scales + 8 * half, d);
    }
}
