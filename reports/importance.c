/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "importance.h"
#include "mem.h"

enum { LEAF = 3, PAIRED = 8 /* parameters whose pairs are looked at */ };

/* --- what is learnt from -------------------------------------------------------------------- */

struct lesson {
    double *x, *y; /* [n, d], [n] */
    size_t n, d;
    size_t *params; /* [d] indices in the space */
};

static bool counts(const struct record *record, size_t index)
{
    const struct experiment *e = &record->experiments[index];

    return e->purpose != PURPOSE_PLACEBO && isfinite(record_summary(record, e->id).mean);
}

/* Searched, and had more than one value. */
static bool varies(const struct record *record, size_t param)
{
    if (!param_is_searched(&record->study.space.params[param]))
        return false;
    for (size_t i = 1; i < record->n_experiments; i++)
        if (!value_same(&record->experiments[i].config[param],
                        &record->experiments[0].config[param]))
            return true;
    return false;
}

static void add_row(struct lesson *lesson, const struct record *record, size_t index)
{
    const struct experiment *e = &record->experiments[index];

    for (size_t i = 0; i < lesson->d; i++)
        lesson->x[lesson->n * lesson->d + i] = param_encode(
            &record->study.space.params[lesson->params[i]], &e->config[lesson->params[i]]);
    lesson->y[lesson->n++] = record_summary(record, e->id).mean;
}

static void lesson_make(struct lesson *out, const struct record *record)
{
    size_t all = 0, seen = 0;

    *out = (struct lesson){.params = mem_new(record->study.space.n, sizeof *out->params)};
    for (size_t i = 0; i < record->study.space.n; i++)
        if (varies(record, i))
            out->params[out->d++] = i;
    for (size_t i = 0; i < record->n_experiments; i++)
        all += counts(record, i);
    size_t most = all < IMPORTANCE_MOST ? all : IMPORTANCE_MOST;
    out->x = mem_new(most * out->d, sizeof *out->x);
    out->y = mem_new(most, sizeof *out->y);
    for (size_t i = 0; i < record->n_experiments; i++)
        if (counts(record, i) && seen++ * most / all == out->n && out->n < most)
            add_row(out, record, i);
}

static void lesson_clear(struct lesson *lesson)
{
    free(lesson->x);
    free(lesson->y);
    free(lesson->params);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Returns how many lay beyond the fence on the bad side. */
static size_t fence(struct lesson *lesson, bool maximize)
{
    double *sorted = mem_new(lesson->n, sizeof *sorted);
    size_t n = lesson->n, beyond = 0;

    memcpy(sorted, lesson->y, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    double low = sorted[n / 4], high = sorted[n - 1 - n / 4];
    double limit = maximize ? low - 3 * (high - low) : high + 3 * (high - low);
    free(sorted);
    for (size_t i = 0; i < n && high > low; i++)
        if (maximize ? lesson->y[i] < limit : lesson->y[i] > limit) {
            lesson->y[i] = limit;
            beyond++;
        }
    return beyond;
}

/* --- what is said of it --------------------------------------------------------------------- */

/* The largest first, equal ones in the order of the study. */
static int by_share(const void *a, const void *b)
{
    const struct importance_param *x = a, *y = b;

    if (x->share.mean < y->share.mean || x->share.mean > y->share.mean)
        return x->share.mean > y->share.mean ? -1 : 1;
    return (x->param > y->param) - (x->param < y->param);
}

static void divide(struct importance *out, const struct fanova *fanova, const struct lesson *lesson)
{
    out->params = mem_new(lesson->d, sizeof *out->params);
    out->n_params = lesson->d;
    for (size_t i = 0; i < lesson->d; i++) {
        out->params[i].param = lesson->params[i];
        out->params[i].share = fanova_main(fanova, i);
        fanova_marginal(out->params[i].marginal, fanova, i);
    }
    qsort(out->params, lesson->d, sizeof *out->params, by_share);
}

static size_t coordinate_of(const struct lesson *lesson, size_t param)
{
    size_t i = 0;

    while (lesson->params[i] != param)
        i++;
    return i;
}

/* Keeps the largest, in order. */
static void keep_pair(struct importance *out, const struct importance_pair *pair)
{
    size_t at = out->n_pairs;

    while (at > 0 && pair->share.mean > out->pairs[at - 1].share.mean)
        at--;
    if (at == IMPORTANCE_PAIRS)
        return;
    if (out->n_pairs < IMPORTANCE_PAIRS)
        out->n_pairs++;
    for (size_t i = out->n_pairs - 1; i > at; i--)
        out->pairs[i] = out->pairs[i - 1];
    out->pairs[at] = *pair;
}

static void divide_pairs(struct importance *out, const struct fanova *fanova,
                         const struct lesson *lesson)
{
    size_t n = out->n_params < PAIRED ? out->n_params : PAIRED;

    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            size_t a = out->params[i].param, b = out->params[k].param;
            struct importance_pair pair = {
                a, b, fanova_pair(fanova, coordinate_of(lesson, a), coordinate_of(lesson, b))};
            keep_pair(out, &pair);
        }
}

void importance_measure(struct importance *out, const struct record *record)
{
    struct lesson lesson;
    struct forest forest;

    *out = (struct importance){.explained = NAN};
    lesson_make(&lesson, record);
    out->experiments = lesson.n;
    if (lesson.n >= IMPORTANCE_LEAST && lesson.d > 0) {
        struct fanova fanova;
        out->fenced = fence(&lesson, record->study.maximize);
        forest_grow(&forest, lesson.x, lesson.y, lesson.n, lesson.d, LEAF, record->study.seed);
        out->explained = forest.explained;
        out->known = forest.explained >= IMPORTANCE_EXPLAINED;
        fanova_init(&fanova, &forest);
        if (out->known) {
            divide(out, &fanova, &lesson);
            divide_pairs(out, &fanova, &lesson);
        }
        fanova_clear(&fanova);
        forest_clear(&forest);
    }
    lesson_clear(&lesson);
}

void importance_clear(struct importance *importance)
{
    free(importance->params);
    *importance = (struct importance){0};
}
