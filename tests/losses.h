/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * losses.h - known functions of a config, for tests of strategies and for the search benchmark.
 */
#ifndef TESTS_LOSSES_H
#define TESTS_LOSSES_H

#include <math.h>

#include "space.h"

static inline double place(const struct space *space, const struct value *config, size_t i)
{
    return param_encode(&space->params[i], &config[i]);
}

/* Dixon & Szego 1978, "The global optimization problem: an introduction". */
static inline double branin_loss(const struct space *space, const struct value *config)
{
    const double pi = 3.14159265358979323846;
    double x = config[0].number, y = config[1].number;
    double bend = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;

    (void)space;
    return bend * bend + 10 * (1 - 1 / (8 * pi)) * cos(x) + 10;
}

/* Hartman 1973; the constants as in Dixon & Szego 1978. */
static inline double hartmann_loss(const struct space *space, const struct value *config)
{
    static const double height[4] = {1, 1.2, 3, 3.2};
    static const double slope[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                       {0.05, 10, 17, 0.1, 8, 14},
                                       {3, 3.5, 1.7, 10, 17, 8},
                                       {17, 8, 0.05, 10, 0.1, 14}};
    static const double centre[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                                        {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                                        {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                                        {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
    double sum = 0;

    for (int k = 0; k < 4; k++) {
        double away = 0;
        for (size_t i = 0; i < 6; i++) {
            double by = place(space, config, i) - centre[k][i];
            away += slope[k][i] * by * by;
        }
        sum -= height[k] * exp(-away);
    }
    return sum;
}

/* Every optimizer has a best learning rate of its own; lion's valley is the deepest, at 1e-3. */
static inline double choices_loss(const struct space *space, const struct value *config)
{
    static const double best[] = {0.9, 0.5, 1.0 / 3, 0.7}, depth[] = {0.4, 0.1, 0, 0.15};
    size_t which = (size_t)(place(space, config, 3) * 4);
    double lr = place(space, config, 0) - best[which];
    double layers = (config[1].number - 9) / 12, decay = place(space, config, 2) - 0.25;

    return 3 * lr * lr + layers * layers + 0.5 * decay * decay + depth[which];
}

/* muon is better, but only where its own two parameters are right. */
static inline double condition_loss(const struct space *space, const struct value *config)
{
    double lr = place(space, config, 0) - 0.4;

    if (config[2].type != VALUE_NONE) {
        double beta = place(space, config, 2) - 0.6;
        return 0.3 + lr * lr + beta * beta;
    }
    double muon = place(space, config, 3) - 0.7, momentum = place(space, config, 4) - 0.8;
    return lr * lr + 2 * muon * muon + momentum * momentum;
}

#endif
