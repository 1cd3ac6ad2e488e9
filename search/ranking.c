/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "ranking.h"

int ranked_compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->at > y->at ? -1 : x->at < y->at;
}

static int newest_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return x->at > y->at ? -1 : x->at < y->at;
}

size_t ranking_cut(struct ranked *list, size_t n, size_t most)
{
    qsort(list, n, sizeof *list, ranked_compare);
    if (n <= most)
        return n;
    qsort(list + most / 2, n - most / 2, sizeof *list, newest_first);
    return most;
}

static bool has_loss(const struct past *past)
{
    return (past->outcome == OUTCOME_KEEP || past->outcome == OUTCOME_REVERT) &&
           isfinite(past->loss);
}

static double clamp_loss(double loss)
{
    return fmin(fmax(loss, -RANKING_LOSS_MAX), RANKING_LOSS_MAX);
}

size_t ranking_losses(struct ranked *list, const struct history *history)
{
    size_t n = 0;

    for (size_t i = 0; i < history->n; i++)
        if (has_loss(&history->past[i]))
            list[n++] = (struct ranked){clamp_loss(history->past[i].loss), i};
    return n;
}

size_t ranking_ended(struct ranked *list, size_t *failed, const struct history *history)
{
    size_t n = 0;

    *failed = 0;
    for (size_t i = 0; i < history->n; i++) {
        if (history->past[i].outcome == OUTCOME_PENDING)
            continue;
        bool fail = history->past[i].outcome == OUTCOME_FAILED;
        *failed += fail;
        list[n++] = (struct ranked){fail ? 0 : 1, i};
    }
    return n;
}
