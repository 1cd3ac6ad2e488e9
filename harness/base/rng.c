/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "rng.h"

/* splitmix64: one step of the counter and its finaliser. */
static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t fnv1a(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

void rng_init(struct rng *rng, uint64_t seed, const char *purpose, uint64_t index)
{
    uint64_t state = fnv1a(0xcbf29ce484222325u, purpose);

    state ^= splitmix(&seed);
    state = splitmix(&state) ^ splitmix(&index);
    for (int i = 0; i < 4; i++)
        rng->s[i] = splitmix(&state);
}

static uint64_t rotate_left(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->s, out = rotate_left(s[1] * 5, 7) * 9, shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return out;
}

double rng_uniform(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

uint64_t rng_below(struct rng *rng, uint64_t n)
{
    uint64_t floor = -n % n, x; /* the first 2^64 mod n values would favour small results */

    do
        x = rng_next(rng);
    while (x < floor);
    return x % n;
}

double rng_normal(struct rng *rng)
{
    double u = 1 - rng_uniform(rng), v = rng_uniform(rng); /* u in (0, 1] */

    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

uint32_t rng_seed(uint64_t study_seed, uint32_t index)
{
    uint16_t left = (uint16_t)(index >> 16), right = (uint16_t)index;

    for (uint64_t round = 0; round < 4; round++) {
        uint64_t key = study_seed * 4 + round;
        uint64_t mixed = splitmix(&key) ^ right;
        uint16_t next = (uint16_t)(left ^ (uint16_t)splitmix(&mixed));
        left = right;
        right = next;
    }
    return (uint32_t)left << 16 | right;
}
