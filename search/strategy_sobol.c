/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sobol - points of a low-discrepancy sequence, which fill the cube more evenly than chance.
 *
 * Up to 40 searched parameters: Sobol's sequence (GSL's, after Bratley & Fox 1988, doi
 * 10.1145/42288.214372) with a digital shift.  Beyond: Halton's with random digits (halton.h).
 * Shift and digits are the same for the whole study, drawn from its seed.
 *
 * Proposal k begins at point k of the sequence and passes over what is known or not allowed.
 */
#include <stdlib.h>

#include <gsl/gsl_qrng.h>

#include "halton.h"
#include "mem.h"
#include "strategy.h"

enum {
    SOBOL_MAX = 40,      /* dimensions that GSL's direction numbers are enough for */
    POINTS_MORE = 10000, /* looked at beyond four for each known config, before it gives up */
};

struct sequence {
    size_t n;        /* searched parameters */
    gsl_qrng *sobol; /* NULL where there are too many */
    struct rng shift;
    struct halton halton;
    uint64_t number; /* of the next point */
    double *point;   /* [n] */
};

static size_t count_searched(const struct space *space)
{
    size_t n = 0;

    for (size_t i = 0; i < space->n; i++)
        n += param_is_searched(&space->params[i]);
    return n;
}

static int sequence_open(struct sequence *s, size_t n, uint64_t seed, struct err *err)
{
    *s = (struct sequence){.n = n};
    if (n > HALTON_MAX)
        return err_usage(err, "at most %d parameters, not %zu", HALTON_MAX, n);
    rng_init(&s->shift, seed, "sobol", 0);
    if (n > SOBOL_MAX)
        halton_init(&s->halton, n, seed);
    else if ((s->sobol = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)n)) == NULL)
        return err_environment(err, "no memory for %zu dimensions", n);
    s->point = mem_new(n, sizeof *s->point);
    return 0;
}

static void sequence_close(struct sequence *s)
{
    if (s->sobol != NULL)
        gsl_qrng_free(s->sobol);
    halton_clear(&s->halton);
    free(s->point);
}

/* The digital shift: the binary digits of the point, each flipped or not, alike for all points. */
static void flip_digits(double *point, size_t n, struct rng shift)
{
    for (size_t i = 0; i < n; i++)
        point[i] = (double)((uint64_t)(point[i] * 0x1p53) ^ rng_next(&shift) >> 11) * 0x1p-53;
}

static void sequence_next(struct sequence *s)
{
    if (s->sobol == NULL) {
        halton_point(s->point, &s->halton, s->number++);
        return;
    }
    gsl_qrng_get(s->sobol, s->point);
    flip_digits(s->point, s->n, s->shift);
}

static void sequence_skip(struct sequence *s, size_t points)
{
    s->number += points;
    for (size_t i = 0; s->sobol != NULL && i < points; i++)
        gsl_qrng_get(s->sobol, s->point);
}

/* What is not searched stands in the middle. */
static void spread(double *unit, const struct space *space, const double *point)
{
    for (size_t i = 0; i < space->n; i++)
        unit[i] = param_is_searched(&space->params[i]) ? *point++ : 0.5;
}

static int walk(double *unit, struct sequence *s, const struct space *space,
                const struct history *history)
{
    struct value *config = mem_new(space->n, sizeof *config);
    size_t most = 4 * history->n + POINTS_MORE;
    int rc = 1;

    sequence_skip(s, history->n > 0 ? history->n - 1 : 0); /* past[0] is the baseline */
    for (size_t i = 0; i < most && rc == 1; i++) {
        sequence_next(s);
        spread(unit, space, s->point);
        rc = proposal_is_useful(config, space, history, unit) ? 0 : 1;
    }
    free(config);
    return rc;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    struct sequence sequence;

    (void)rng, (void)attempt;
    int rc = sequence_open(&sequence, count_searched(space), history->study_seed, err);
    if (rc == 0)
        rc = walk(unit, &sequence, space, history);
    sequence_close(&sequence);
    return rc;
}

const struct strategy strategy_sobol = {
    .name = "sobol",
    .summary = "evenly over the space, by a low-discrepancy sequence",
    .propose = propose,
};
