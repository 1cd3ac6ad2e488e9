/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rng.h - random numbers from named streams.
 *
 * A stream is fixed by (seed, purpose, index): "propose" 17 of study seed 1 gives the same numbers
 * whatever was drawn elsewhere.  So a proposal, an initialisation or a data order is repeatable
 * from its name alone, and two purposes never share a number.
 *
 * Generator: xoshiro256** (Blackman & Vigna 2021, doi 10.1145/3460772), its state filled by
 * splitmix64 (Steele et al. 2014) from an FNV-1a hash of the name.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_init(struct rng *rng, uint64_t seed, const char *purpose, uint64_t index);
uint64_t rng_next(struct rng *rng);              /* 64 fresh bits */
double rng_uniform(struct rng *rng);             /* [0, 1), 53 bits */
uint64_t rng_below(struct rng *rng, uint64_t n); /* 0 … n-1, exactly uniform; n > 0 */
double rng_normal(struct rng *rng);              /* standard normal (Box & Muller 1958) */

/*
 * The `index`-th seed of a study: a permutation of 32-bit numbers keyed by the study's seed
 * (Feistel, four rounds), so that different indices give different seeds by construction.
 */
uint32_t rng_seed(uint64_t study_seed, uint32_t index);

#endif
