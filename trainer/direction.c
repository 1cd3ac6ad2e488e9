/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "direction.h"

#define GOLDEN 0x9e3779b97f4a7c15u

static inline uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* ln x for 0 < x <= 1: x = 2^e m, and ln m = 2 artanh((m - 1)/(m + 1)) by its series to s^9. */
static inline float log_of(float x)
{
    uint32_t bits, fraction;
    float m, s, square, e;

    memcpy(&bits, &x, sizeof bits);
    bits -= 0x3f3504f3u; /* sqrt(1/2): m lies in [sqrt(1/2), sqrt(2)) */
    e = (float)((int32_t)bits >> 23);
    fraction = (bits & 0x7fffffu) + 0x3f3504f3u;
    memcpy(&m, &fraction, sizeof m);
    s = (m - 1) / (m + 1);
    square = s * s;
    return e * 0.693147181f +
           2 * s * (1 + square * (1.0f / 3 + square * (0.2f + square * (1.0f / 7 + square / 9))));
}

/*
 * sqrt(2) times the inverse error function: Giles 2011, "Approximating the erfinv function", GPU
 * Computing Gems 2, table 5 (single precision; relative error 3e-7 in the middle).
 */
static inline float normal_of(float x)
{
    float w = -log_of((1 - x) * (1 + x));
    float near = w - 2.5f, far = sqrtf(w) - 3, p = 2.81022636e-08f, q = -0.000200214257f;

    p = 3.43273939e-07f + p * near;
    p = -3.5233877e-06f + p * near;
    p = -4.39150654e-06f + p * near;
    p = 0.00021858087f + p * near;
    p = -0.00125372503f + p * near;
    p = -0.00417768164f + p * near;
    p = 0.246640727f + p * near;
    p = 1.50140941f + p * near;
    q = 0.000100950558f + q * far;
    q = 0.00134934322f + q * far;
    q = -0.00367342844f + q * far;
    q = 0.00573950773f + q * far;
    q = -0.0076224613f + q * far;
    q = 0.00943887047f + q * far;
    q = 1.00167406f + q * far;
    q = 2.83297682f + q * far;
    return 1.41421356f * x * (w < 5 ? p : q);
}

/* 23 bits as the middle of one of 2^23 equal parts of (-1, 1): exact in binary32. */
static inline float centred(uint64_t bits)
{
    return ((float)(int32_t)(bits >> 41) + 0.5f) * 0x1p-22f - 1;
}

KERNEL static void draw_gaussian(real *z, size_t n, uint64_t key)
{
    for (size_t i = 0; i < n; i++)
        z[i] = (real)normal_of(centred(mix(key + (i + 1) * GOLDEN)));
}

KERNEL static void draw_rademacher(real *z, size_t n, uint64_t key)
{
    for (size_t i = 0; i < n; i++)
        z[i] = (real)(1 - 2 * (int32_t)(mix(key + (i + 1) * GOLDEN) >> 63));
}

void direction_draw(real *z, size_t n, uint64_t key, enum draw kind)
{
    if (kind == DRAW_GAUSSIAN)
        draw_gaussian(z, n, key);
    else
        draw_rademacher(z, n, key);
}
