/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * real.h - the number that tensors are made of: float; double where REAL_IS_DOUBLE is defined,
 * which the gradient check does to compile the same operators in double precision.
 *
 * KERNEL marks a function of plain loops that the compiler vectorises for several instruction
 * sets; the best one is picked when the program starts.  Fused multiply-add is not used
 * (-ffp-contract=off) and sums run over LANES partial sums in a fixed order, so every instruction
 * set gives the same bits.
 */
#ifndef TRAINER_REAL_H
#define TRAINER_REAL_H

#include <stdint.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
typedef double real;
#include <math.h>
#else
typedef float real;
#endif

#define LANES 16 /* partial sums of every long sum: one AVX-512 register of floats */

/* Clang 14 and the thread sanitizer break on functions that are chosen while the program loads. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define KERNEL __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define KERNEL
#endif

/*
 * e^x without a call, so that loops over it vectorise.  x is held in [-87, 88]; NAN stays NAN.
 * x = n ln 2 + r with |r| <= ln(2)/2 (two-part ln 2 of Cody & Waite 1980), e^r by its Taylor
 * polynomial of degree 7: relative error below 2e-7 (tests/test_ops.c).
 */
#ifdef REAL_IS_DOUBLE
static inline double real_exp(double x)
{
    return exp(x);
}
#else
static inline float real_exp(float x)
{
    const float to_integer = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    float n, r, p, power;
    uint32_t bits;

    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    n = x * 1.44269504f + to_integer;
    memcpy(&bits, &n, sizeof bits);
    n -= to_integer;
    r = x - n * 0.693359375f + n * 2.12194440e-4f;
    p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    bits = (bits + 127u) << 23; /* the low bits of n's sum hold the exponent */
    memcpy(&power, &bits, sizeof power);
    return p * power;
}
#endif

#endif
