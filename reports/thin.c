/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "fate.h"
#include "mem.h"
#include "thin.h"

struct rank {
    size_t index;
    double loss; /* NAN: it has none */
};

static void show(struct thin *thin, size_t index)
{
    thin->n += !thin->shown[index];
    thin->shown[index] = true;
}

static bool is_needed(const struct record *record, size_t index)
{
    enum fate fate = fate_of(record, (int64_t)index + 1);

    return fate == FATE_BASELINE || fate == FATE_VERIFIED ||
           (int64_t)index + 1 == record_head(record);
}

static void show_moves(struct thin *thin, const struct record *record, size_t most)
{
    for (size_t i = thin->all; i > 0 && thin->n < most; i--)
        if (fate_of(record, (int64_t)i) == FATE_MOVED)
            show(thin, i - 1);
}

/* The lowest loss first, unknown ones last, equal ones by number. */
static int by_loss(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    double dx = isnan(x->loss) ? (double)INFINITY : x->loss;
    double dy = isnan(y->loss) ? (double)INFINITY : y->loss;

    if (dx < dy || dx > dy)
        return dx < dy ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void show_best(struct thin *thin, const struct record *record, size_t most)
{
    struct rank *ranks = mem_new(thin->all, sizeof *ranks);

    for (size_t i = 0; i < thin->all; i++) {
        double mean = record_summary(record, (int64_t)i + 1).mean;
        ranks[i] = (struct rank){i, record->study.maximize ? -mean : mean};
    }
    qsort(ranks, thin->all, sizeof *ranks, by_loss);
    for (size_t i = 0; i < thin->all && thin->n < most && !isnan(ranks[i].loss); i++)
        show(thin, ranks[i].index);
    free(ranks);
}

/* Every k-th, where k leaves as many as there is room for. */
static void show_evenly(struct thin *thin, size_t most)
{
    size_t room = thin->n < most ? most - thin->n : 0;

    for (size_t k = 0; k < room; k++)
        show(thin, k * thin->all / room);
}

void thin_choose(struct thin *out, const struct record *record, size_t most)
{
    size_t all = record->n_experiments;

    *out = (struct thin){.shown = mem_new(all, sizeof *out->shown), .all = all};
    for (size_t i = 0; i < all; i++)
        if (all <= most || is_needed(record, i))
            show(out, i);
    if (out->n == all)
        return;
    size_t left = out->n < most ? most - out->n : 0;
    show_moves(out, record, out->n + left / 2);
    left = out->n < most ? most - out->n : 0;
    show_best(out, record, out->n + left / 2);
    show_evenly(out, most);
}

void thin_clear(struct thin *thin)
{
    free(thin->shown);
    *thin = (struct thin){0};
}

bool thin_shows(const struct thin *thin, size_t index)
{
    return thin == NULL || thin->shown[index];
}

void thin_write(struct str *out, const struct thin *thin)
{
    if (thin->n < thin->all)
        str_addf(out,
                 "%zu of %zu experiments are shown: baselines, what was verified, the newest moves "
                 "of the head, the best means, and others spread evenly. ",
                 thin->n, thin->all);
}
