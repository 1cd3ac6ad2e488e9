/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Landscapes for simulated nights: what a config is worth in truth, 0 being the best there is.
 */
#include <math.h>
#include <string.h>

#include "simulated_night.h"

/*
 * The optimum is the middle of the cube; every parameter stands 0.3 from it at the start, every
 * other one on the other side.  The second term couples them: a step of one parameter alone is paid
 * for until the others follow.
 */
static double quadratic(const double *x, const double *start)
{
    const double curvature = 8, coupling = 0.5, optimum = 0.5;
    double squares = 0, sum = 0;

    (void)start;
    for (size_t i = 0; i < LANDSCAPE_DIMS; i++) {
        double d = x[i] - optimum;
        squares += d * d;
        sum += d;
    }
    return curvature * (squares + coupling * sum * sum);
}

static double flat(const double *x, const double *start)
{
    (void)x;
    (void)start;
    return 0;
}

/* Every change costs a little: a third of the usual noise of a pair. */
static double worse(const double *x, const double *start)
{
    const double cost = 0.1;

    return memcmp(x, start, LANDSCAPE_DIMS * sizeof *x) == 0 ? 0 : cost;
}

/* One parameter has a threshold beyond which all is better by twice the usual noise; there is
 * nothing else to be found. */
static double step(const double *x, const double *start)
{
    (void)start;
    return x[0] > 0.6 ? 0 : 0.6;
}

/* Every config is worth something of its own, half of them less than the start: many small
 * effects, hardly to be told apart, and no way from one to the next. */
static double lottery(const double *x, const double *start)
{
    const double scale = 0.15;
    uint64_t bits[LANDSCAPE_DIMS], hash = 0;
    struct rng rng;

    if (memcmp(x, start, sizeof bits) == 0)
        return 4 * scale;
    memcpy(bits, x, sizeof bits);
    for (size_t i = 0; i < LANDSCAPE_DIMS; i++)
        hash = (hash ^ bits[i]) * 0x100000001b3u;
    rng_init(&rng, hash, "lottery", 0);
    return fmax(0, scale * (4 + rng_normal(&rng)));
}

#define AT(x)                                                                                      \
    {                                                                                              \
        x, x, x, x, x, x                                                                           \
    }
static const struct landscape all[] = {
    {"quadratic", "6-d quadratic of docs/simulation.md", {.8, .2, .8, .2, .8, .2}, quadratic},
    {"flat", "nothing makes any difference", AT(0.5), flat},
    {"worse", "every change is worse by 0.1", AT(0.5), worse},
    {"step", "one threshold is worth 0.6, the rest nothing", AT(0.5), step},
    {"lottery", "every config is worth something of its own, SD 0.15", AT(0.5), lottery},
};

const struct landscape *const landscapes[] = {&all[0], &all[1], &all[2], &all[3], &all[4], NULL};

const struct landscape *landscape_find(const char *name)
{
    for (size_t i = 0; landscapes[i] != NULL; i++)
        if (strcmp(landscapes[i]->name, name) == 0)
            return landscapes[i];
    return NULL;
}
