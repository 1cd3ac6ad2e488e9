/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "boundary.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include <gsl/gsl_integration.h>

static const double BETA = 0.2; /* P(revert | design effect) spent in all */

/* P(Z >= x) of a standard normal deviate, accurate in both tails. */
static double upper_tail(double x)
{
    return 0.5 * erfc(x * M_SQRT1_2);
}

static double normal_density(double x)
{
    return exp(-0.5 * x * x) * (0.5 * M_SQRT1_2 * M_2_SQRTPI);
}

/* P(S_n = node i, gone on after look n) under an effect; never overflows, since
 * effect * s - n effect^2 / 2 <= s^2 / (2n). */
static double mass_at(const struct boundary *b, int n, int i, double effect)
{
    return b->mass[n - 1][i] * exp(effect * b->node[n - 1][i] - 0.5 * n * effect * effect);
}

/* P(gone on after look n); certain before the first. */
static double going_on(const struct boundary *b, int n, double effect)
{
    double sum = 0.0;

    if (n == 0)
        return 1.0;
    for (int i = 0; i < BOUNDARY_NODES; i++)
        sum += mass_at(b, n, i, effect);
    return sum;
}

/* P(gone on after look n-1 and z_n >= z), or with side -1: z_n <= z. */
static double crossing(const struct boundary *b, int n, double z, double effect, double side)
{
    double c = z * sqrt(n) - effect, sum = 0.0;

    if (n == 1)
        return upper_tail(side * c);
    for (int i = 0; i < BOUNDARY_NODES; i++)
        sum += mass_at(b, n - 1, i, effect) * upper_tail(side * (c - b->node[n - 2][i]));
    return sum;
}

/* The z at which crossing() is p; an extreme one where it is less than p everywhere. */
static double bound_for(const struct boundary *b, int n, double p, double effect, double side)
{
    double inner = -side * BOUNDARY_BLIND, outer = side * BOUNDARY_BLIND;

    for (int step = 0; step < 60; step++) {
        double middle = 0.5 * (inner + outer);
        if (crossing(b, n, middle, effect, side) > p)
            inner = middle;
        else
            outer = middle;
    }
    return 0.5 * (inner + outer);
}

/* Armitage, McPherson & Rowe 1969: the sub-density of S_n between the bounds of look n, from that
 * of look n-1 convolved with one more standard normal step; books what the look spends. */
static void advance(struct boundary *b, int n, const gsl_integration_glfixed_table *rule)
{
    double low = b->revert[n - 1] * sqrt(n), high = b->keep[n - 1] * sqrt(n);

    for (size_t i = 0; i < BOUNDARY_NODES; i++) {
        double s, weight, density = 0.0;

        gsl_integration_glfixed_point(low, high, i, &s, &weight, rule);
        if (n == 1)
            density = normal_density(s);
        else
            for (int j = 0; j < BOUNDARY_NODES; j++)
                density += b->mass[n - 2][j] * normal_density(s - b->node[n - 2][j]);
        b->node[n - 1][i] = s;
        b->mass[n - 1][i] = density * weight;
    }
    b->alpha += crossing(b, n, b->keep[n - 1], 0.0, 1.0);
}

/* Sets both bounds of look n by what may be spent at it. */
static void set_bounds(struct boundary *b, int n, const struct boundary_plan *plan)
{
    double now = (double)n / plan->looks;
    double before = n == plan->first ? 0.0 : (double)(n - 1) / plan->looks;
    double alpha = plan->alpha * (now * now - before * before);
    double beta = BETA * (pow(now, plan->futility_power) - pow(before, plan->futility_power));
    bool blind = n < plan->first;

    b->keep[n - 1] = blind ? BOUNDARY_BLIND : bound_for(b, n, alpha, 0.0, 1.0);
    b->revert[n - 1] = blind ? -BOUNDARY_BLIND : bound_for(b, n, beta, plan->effect, -1.0);
}

/* True where another look is of use: not every path would be decided by this one, and more paths
 * go on under no effect than may still be kept (else all of them would be). */
static bool leaves_a_question(const struct boundary *b, int n, const struct boundary_plan *plan)
{
    double kept = crossing(b, n, b->keep[n - 1], 0.0, 1.0);
    double reverted = crossing(b, n, b->revert[n - 1], 0.0, -1.0);
    double reached = going_on(b, n - 1, 0.0);

    return n < plan->looks && b->revert[n - 1] < b->keep[n - 1] &&
           reached - kept - reverted > plan->alpha - b->alpha - kept;
}

/* Lets the bounds of look n meet, where the rest of alpha is spent. */
static void close_bounds(struct boundary *b, int n, const struct boundary_plan *plan)
{
    b->keep[n - 1] = b->revert[n - 1] = bound_for(b, n, plan->alpha - b->alpha, 0.0, 1.0);
    b->alpha = plan->alpha;
    b->looks = n;
}

static int check_plan(const struct boundary_plan *plan, struct err *err)
{
    if (!(plan->alpha > 0.0 && plan->alpha < 0.5))
        return err_usage(err, "alpha %g is outside 0 … 0.5", plan->alpha);
    if (plan->looks < 1 || plan->looks > BOUNDARY_MAX)
        return err_usage(err, "%d looks are outside 1 … %d", plan->looks, BOUNDARY_MAX);
    if (plan->first < 1 || plan->first > plan->looks)
        return err_usage(err, "first look %d is outside 1 … %d", plan->first, plan->looks);
    if (!(plan->effect > 0.0 && isfinite(plan->effect)))
        return err_usage(err, "design effect %g is not a positive number", plan->effect);
    if (!(plan->futility_power > 0.0 && isfinite(plan->futility_power)))
        return err_usage(err, "futility power %g is not a positive number", plan->futility_power);
    return 0;
}

double boundary_design_effect(double alpha, int looks)
{
    return (1.1 + 0.25 * log(0.05 / alpha) / log(5.0)) * pow(8.0 / looks, 4.0 / 9.0);
}

int boundary_compute(struct boundary *out, const struct boundary_plan *plan, struct err *err)
{
    gsl_integration_glfixed_table *rule;

    if (check_plan(plan, err) != 0)
        return -1;
    rule = gsl_integration_glfixed_table_alloc(BOUNDARY_NODES);
    if (!rule)
        return err_environment(err, "out of memory for the boundaries");
    *out = (struct boundary){0};
    for (int n = 1; !out->looks; n++) {
        set_bounds(out, n, plan);
        if (leaves_a_question(out, n, plan))
            advance(out, n, rule);
        else
            close_bounds(out, n, plan);
    }
    gsl_integration_glfixed_table_free(rule);
    return 0;
}

void boundary_power(double *keep, double *pairs, const struct boundary *boundary, double effect)
{
    *keep = *pairs = 0.0;
    for (int n = 1; n <= boundary->looks; n++) {
        *keep += crossing(boundary, n, boundary->keep[n - 1], effect, 1.0);
        *pairs += going_on(boundary, n - 1, effect);
    }
}

double boundary_visible(const struct boundary *boundary, double power)
{
    double low = 0.0, high = 2.0 * BOUNDARY_BLIND;

    assert(power >= boundary->alpha && power < 1.0);
    for (int step = 0; step < 60; step++) {
        double middle = 0.5 * (low + high), keep, pairs;
        boundary_power(&keep, &pairs, boundary, middle);
        if (keep < power)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

double boundary_tail(const struct boundary *boundary, int n, double z, double effect)
{
    double sum = 0.0;

    assert(n >= 1 && n <= boundary->looks);
    for (int k = 1; k < n; k++)
        sum += crossing(boundary, k, boundary->keep[k - 1], effect, 1.0);
    return sum + crossing(boundary, n, z, effect, 1.0);
}
