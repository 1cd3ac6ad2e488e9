/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sobol - points of a low-discrepancy sequence, which fill the cube more evenly than chance.
 *
 * Up to 40 searched parameters: Sobol's sequence (GSL's, after Bratley & Fox 1988, doi
 * 10.1145/42288.214372) with a digital shift.  Beyond: Halton's with permuted digits (GSL's, after
 * Vandewoestyne & Cools 2006, doi 10.1016/j.cam.2005.05.022) with a shift modulo 1 (Cranley &
 * Patterson 1976).  The shift is one for the whole study, drawn from its seed.
 *
 * Proposal k begins at point k of the sequence and passes over what is known or not allowed.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_qrng.h>

#include "mem.h"
#include "strategy.h"

#define SOBOL_DIMENSIONS  40 /* what GSL's direction numbers are enough for */
#define HALTON_DIMENSIONS 1229
#define POINTS_MORE       10000 /* looked at beyond four for each known config, before it gives up */

struct sequence {
    gsl_qrng *points;
    double *point; /* [n] */
    size_t n;      /* searched parameters */
    const struct space *space;
    struct rng shift;
};

static size_t count_searched(const struct space *space)
{
    size_t n = 0;

    for (size_t i = 0; i < space->n; i++)
        n += param_is_searched(&space->params[i]);
    return n;
}

static int sequence_open(struct sequence *s, const struct space *space,
                         const struct history *history, struct err *err)
{
    *s = (struct sequence){.n = count_searched(space), .space = space};
    if (s->n > HALTON_DIMENSIONS)
        return err_usage(err, "at most %d parameters, not %zu", HALTON_DIMENSIONS, s->n);
    s->points = gsl_qrng_alloc(s->n > SOBOL_DIMENSIONS ? gsl_qrng_reversehalton : gsl_qrng_sobol,
                               (unsigned)s->n);
    if (s->points == NULL)
        return err_environment(err, "no memory for %zu dimensions", s->n);
    s->point = mem_new(s->n, sizeof *s->point);
    rng_init(&s->shift, history->study_seed, "sobol", 0);
    return 0;
}

static void sequence_close(struct sequence *s)
{
    gsl_qrng_free(s->points);
    free(s->point);
}

static void sequence_skip(struct sequence *s, size_t points)
{
    for (size_t i = 0; i < points; i++)
        gsl_qrng_get(s->points, s->point);
}

static double shift_digits(double x, struct rng *rng)
{
    return (double)((uint64_t)(x * 0x1p53) ^ rng_next(rng) >> 11) * 0x1p-53;
}

static double shift_modulo_1(double x, struct rng *rng)
{
    double sum = x + rng_uniform(rng);

    return sum - floor(sum);
}

/* The next point, shifted; what is not searched stands in the middle. */
static void sequence_next(double *unit, struct sequence *s)
{
    struct rng shift = s->shift; /* the same numbers for every point */
    size_t k = 0;

    gsl_qrng_get(s->points, s->point);
    for (size_t i = 0; i < s->space->n; i++) {
        if (!param_is_searched(&s->space->params[i]))
            unit[i] = 0.5;
        else if (s->n > SOBOL_DIMENSIONS)
            unit[i] = shift_modulo_1(s->point[k++], &shift);
        else
            unit[i] = shift_digits(s->point[k++], &shift);
    }
}

static int walk(double *unit, struct sequence *s, const struct history *history)
{
    struct value *config = mem_new(s->space->n, sizeof *config);
    size_t most = 4 * history->n + POINTS_MORE;
    int rc = 1;

    sequence_skip(s, history->n > 0 ? history->n - 1 : 0); /* past[0] is the baseline */
    for (size_t i = 0; i < most && rc == 1; i++) {
        sequence_next(unit, s);
        rc = proposal_is_useful(config, s->space, history, unit) ? 0 : 1;
    }
    free(config);
    return rc;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    struct sequence sequence;

    (void)rng, (void)attempt;
    if (sequence_open(&sequence, space, history, err) != 0)
        return -1;
    int rc = walk(unit, &sequence, history);
    sequence_close(&sequence);
    return rc;
}

const struct strategy strategy_sobol = {
    .name = "sobol",
    .summary = "evenly over the space, by a low-discrepancy sequence",
    .propose = propose,
};
