/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "points.h"

void points_init(struct points *points, size_t room, const struct features *features)
{
    *points = (struct points){0};
    points->x = mem_new(room * features->n, sizeof *points->x);
    points->y = mem_new(room, sizeof *points->y);
    points->noise = mem_new(room, sizeof *points->noise);
}

void points_clear(struct points *points)
{
    free(points->x);
    free(points->y);
    free(points->noise);
}

void points_add(struct points *points, const struct features *features, const struct value *config,
                double y, double noise)
{
    features_write(points->x + points->n * features->n, features, config);
    points->y[points->n] = y;
    points->noise[points->n++] = noise;
}

struct gp_data points_data(const struct points *points, const struct features *features)
{
    return (struct gp_data){
        .n = points->n,
        .features = features->n,
        .groups = features->groups,
        .group = features->group,
        .x = points->x,
        .y = points->y,
        .noise = points->noise,
    };
}

/* --- losses ------------------------------------------------------------------------------------
 */

struct squash {
    double median, width;
};

/* list [n] sorted by loss, n > 0 */
static struct squash squash_of(const struct ranked *list, size_t n)
{
    double median = list[n / 2].key;

    return (struct squash){median, median - list[0].key};
}

static double squash_loss(const struct squash *squash, double loss)
{
    double above = loss - squash->median;

    if (!(above > 0) || !(squash->width > 0))
        return fmin(loss, squash->median);
    return squash->median + squash->width * log1p(fmin(above / squash->width, 1e12));
}

static double squash_slope(const struct squash *squash, double loss)
{
    double above = loss - squash->median;

    return above > 0 && squash->width > 0 ? 1 / (1 + above / squash->width) : 1;
}

/* The mean of the squared standard errors that are known; NAN where none is. */
static double mean_variance(const struct history *history, const struct ranked *list, size_t n)
{
    double sum = 0, known = 0;

    for (size_t i = 0; i < n; i++) {
        double se = history->past[list[i].at].loss_se;
        if (!isfinite(se))
            continue;
        sum += se * se;
        known++;
    }
    return known > 0 && isfinite(sum) ? sum / known : (double)NAN;
}

/* The variance of a loss, as far as it is known. */
static double variance_of(const struct past *past, double pooled)
{
    return fmin((past->loss_se * past->loss_se + pooled) / 2, RANKING_LOSS_MAX * RANKING_LOSS_MAX);
}

void points_add_losses(struct points *points, const struct features *features,
                       const struct history *history, const struct ranked *list, size_t n)
{
    struct squash squash = squash_of(list, n);
    double pooled = mean_variance(history, list, n);

    for (size_t i = 0; i < n; i++) {
        const struct past *past = &history->past[list[i].at];
        double slope = squash_slope(&squash, list[i].key);
        double variance = variance_of(past, pooled) * slope * slope;
        points_add(points, features, past->config, squash_loss(&squash, list[i].key),
                   isfinite(past->loss_se) ? variance : (double)NAN);
    }
}
