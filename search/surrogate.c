/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "points.h"
#include "ranking.h"
#include "surrogate.h"

enum { CONTENDERS = 50 }; /* whose SD is looked at, which costs as much as a candidate */
#define LABEL_NOISE 0.03  /* variance of 0 and 1 */

static double mean_at(const struct surrogate *s, const struct past *past)
{
    features_write(s->x, &s->features, past->config);
    return gp_predict_mean(&s->loss, s->x);
}

static double cautious_at(const struct surrogate *s, const struct past *past)
{
    double mean, sd;

    features_write(s->x, &s->features, past->config);
    gp_predict(&s->loss, &mean, &sd, s->x);
    return mean + sd;
}

/* The list by posterior mean, its first CONTENDERS then by mean + SD. */
static void sort_by_belief(const struct surrogate *s, const struct history *history,
                           struct ranked *list, size_t n)
{
    size_t contenders = n < CONTENDERS ? n : CONTENDERS;

    for (size_t i = 0; i < n; i++)
        list[i].key = mean_at(s, &history->past[list[i].at]);
    qsort(list, n, sizeof *list, ranked_compare);
    for (size_t i = 0; i < contenders; i++)
        list[i].key = cautious_at(s, &history->past[list[i].at]);
    qsort(list, contenders, sizeof *list, ranked_compare);
}

static void find_incumbents(struct surrogate *s, const struct history *history, struct ranked *list,
                            size_t n)
{
    sort_by_belief(s, history, list, n);
    s->n_incumbents = n < SURROGATE_INCUMBENTS ? n : SURROGATE_INCUMBENTS;
    for (size_t i = 0; i < s->n_incumbents; i++)
        s->incumbents[i] = list[i].at;
    s->best = mean_at(s, &history->past[list[0].at]);
}

/* Adds the newest of the pending and failed experiments as if they had met the mean. */
static void believe_missing(struct surrogate *s, struct points *points,
                            const struct history *history)
{
    struct gp sure;
    size_t missing = 0;

    for (size_t i = history->n; i-- > 0 && missing < SURROGATE_MISSING;) {
        const struct past *past = &history->past[i];
        if (past->outcome != OUTCOME_PENDING && past->outcome != OUTCOME_FAILED)
            continue;
        points_add(points, &s->features, past->config, mean_at(s, past), 0);
        missing++;
    }
    if (missing == 0)
        return;
    struct gp_data data = points_data(points, &s->features);
    gp_init_like(&sure, &s->loss, &data);
    gp_clear(&s->loss);
    s->loss = sure;
}

static void learn_losses(struct surrogate *s, const struct history *history)
{
    struct ranked *list = mem_new(history->n, sizeof *list);
    size_t known = ranking_losses(list, history), n = ranking_cut(list, known, SURROGATE_POINTS);
    struct points points;

    points_init(&points, n + SURROGATE_MISSING, &s->features);
    if (n > 0) {
        points_add_losses(&points, &s->features, history, list, n);
        struct gp_data data = points_data(&points, &s->features);
        gp_init(&s->loss, &data);
        find_incumbents(s, history, list, n);
        believe_missing(s, &points, history);
    }
    points_clear(&points);
    free(list);
}

static void learn_failures(struct surrogate *s, const struct history *history)
{
    struct ranked *list = mem_new(history->n, sizeof *list);
    struct points points;
    size_t failed, ended = ranking_ended(list, &failed, history),
                   n = ranking_cut(list, ended, SURROGATE_POINTS);

    points_init(&points, n, &s->features);
    for (size_t i = 0; i < n && failed > 0; i++)
        points_add(&points, &s->features, history->past[list[i].at].config, list[i].key,
                   LABEL_NOISE);
    if (failed > 0) {
        struct gp_data data = points_data(&points, &s->features);
        gp_init(&s->success, &data);
    }
    points_clear(&points);
    free(list);
}

void surrogate_init(struct surrogate *s, const struct space *space, const struct history *history)
{
    *s = (struct surrogate){0};
    features_init(&s->features, space);
    s->x = mem_new(s->features.n, sizeof *s->x);
    learn_losses(s, history);
    learn_failures(s, history);
}

void surrogate_clear(struct surrogate *s)
{
    features_clear(&s->features);
    gp_clear(&s->loss);
    gp_clear(&s->success);
    free(s->x);
}
