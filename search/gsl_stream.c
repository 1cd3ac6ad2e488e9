/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gsl_stream.h"

static void stream_set(void *state, unsigned long seed)
{
    rng_init(state, seed, "gsl", 0);
}

/* The upper half of the 64 bits: GSL works with 32 on every machine. */
static unsigned long stream_get(void *state)
{
    return (unsigned long)(rng_next(state) >> 32);
}

static double stream_get_double(void *state)
{
    return rng_uniform(state);
}

static const gsl_rng_type stream_type = {
    .name = "nightshift stream",
    .max = 0xffffffffUL,
    .min = 0,
    .size = sizeof(struct rng),
    .set = stream_set,
    .get = stream_get,
    .get_double = stream_get_double,
};

gsl_rng gsl_stream(struct rng *rng)
{
    return (gsl_rng){&stream_type, rng};
}
