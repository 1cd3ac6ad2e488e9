/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "halton.h"
#include "mem.h"
#include "rng.h"

static bool is_prime(unsigned n)
{
    for (unsigned d = 2; d * d <= n; d++)
        if (n % d == 0)
            return false;
    return n >= 2;
}

/* 0 … n-1 in random order (Fisher & Yates). */
static void shuffle(uint16_t *out, unsigned n, struct rng *rng)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned k = (unsigned)rng_below(rng, i + 1);
        out[i] = out[k];
        out[k] = (uint16_t)i;
    }
}

static void axis_init(struct halton_axis *axis, unsigned prime, struct rng *rng)
{
    *axis = (struct halton_axis){.prime = prime};
    for (uint64_t points = 1; points < 1 << 20; points *= prime)
        axis->positions++;
    axis->digits = mem_new((size_t)axis->positions * prime, sizeof *axis->digits);
    for (unsigned k = 0; k < axis->positions; k++)
        shuffle(axis->digits + (size_t)k * prime, prime, rng);
    axis->rest = rng_uniform(rng);
}

void halton_init(struct halton *halton, size_t n, uint64_t seed)
{
    unsigned prime = 2;

    assert(n <= HALTON_MAX);
    *halton = (struct halton){mem_new(n, sizeof *halton->axes), n};
    for (size_t i = 0; i < n; i++, prime++) {
        struct rng rng;
        while (!is_prime(prime))
            prime++;
        rng_init(&rng, seed, "halton", i);
        axis_init(&halton->axes[i], prime, &rng);
    }
}

void halton_clear(struct halton *halton)
{
    for (size_t i = 0; i < halton->n; i++)
        free(halton->axes[i].digits);
    free(halton->axes);
    *halton = (struct halton){NULL, 0};
}

static double coordinate(const struct halton_axis *axis, uint64_t number)
{
    double sum = 0, weight = 1;

    for (unsigned k = 0; k < axis->positions; k++) {
        weight /= axis->prime;
        sum += weight * axis->digits[(size_t)k * axis->prime + number % axis->prime];
        number /= axis->prime;
    }
    double x = sum + weight * axis->rest;
    return x < 1 ? x : 0x1.fffffffffffffp-1; /* rounding of the sum alone could reach 1 */
}

void halton_point(double *point, const struct halton *halton, uint64_t number)
{
    for (size_t i = 0; i < halton->n; i++)
        point[i] = coordinate(&halton->axes[i], number);
}
