/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "head.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* E[min(Z^2, HEAD_CLIP)] of a standard normal deviate Z: 1 - 4 phi(2) + 6 P(Z > 2). */
static const double CLIPPED_SQUARE = 0.920537;

void head_prior_init(struct head_prior *prior, double noise_d2)
{
    bool known = noise_d2 > 0.0 && isfinite(noise_d2);

    *prior = known ? (struct head_prior){0.0, noise_d2, HEAD_START}
                   : (struct head_prior){0.0, INFINITY, 0.0};
}

void head_prior_learn(struct head_prior *prior, double effect, double sampling_variance)
{
    double reach = sqrt(HEAD_CLIP * (prior->variance + sampling_variance));
    double deviation = fmax(-reach, fmin(effect - prior->mean, reach));
    double look = deviation * deviation / CLIPPED_SQUARE - sampling_variance;

    if (!isfinite(effect) || !(sampling_variance >= 0.0 && isfinite(sampling_variance)))
        return;
    prior->weight = HEAD_DECAY * prior->weight + 1.0;
    prior->mean += deviation / prior->weight;
    if (isfinite(prior->variance))
        look = prior->variance + (look - prior->variance) / prior->weight;
    prior->variance = fmax(look, HEAD_FLOOR * sampling_variance);
}

static double probability_above_0(double mean, double variance)
{
    if (variance > 0.0)
        return 0.5 * erfc(-mean / sqrt(2.0 * variance));
    if (isnan(mean) || isnan(variance))
        return NAN;
    return mean > 0.0 ? 1.0 : 0.0;
}

double head_probability(const struct head_prior *prior, double effect, double sampling_variance,
                        double *mean, double *variance)
{
    bool certain = sampling_variance <= 0.0;
    double share = certain ? 1.0 : 1.0 / (1.0 + sampling_variance / prior->variance); /* of data */
    double m = prior->mean + share * (effect - prior->mean);
    double v = 1.0 / (1.0 / prior->variance + 1.0 / sampling_variance);

    if (mean)
        *mean = m;
    if (variance)
        *variance = v;
    return probability_above_0(m, v);
}

enum head_verdict head_judge(double probability, int n)
{
    if (probability >= HEAD_MOVE_AT)
        return HEAD_MOVE;
    return probability <= HEAD_DROP_AT || n >= HEAD_SEEDS ? HEAD_DROP : HEAD_MORE;
}
