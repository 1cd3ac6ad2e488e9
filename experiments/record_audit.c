/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "record_audit.h"

/* The audit's seeds are those that the baseline had before it was decided, or that its neighbour
 * has; what it ran on later, as head of the search, is none of the audit's. */
static bool is_of_audit(const struct record *record, const struct pair *pair)
{
    const struct decision *d = record_decision(record, pair->experiment);

    return pair->test == 0 &&
           (d == NULL || pair->after < d->number ||
            record_variant(record, pair->experiment, RUN_NEIGHBOUR, pair->seed) != NULL);
}

struct losses { /* by seed of the audit */
    double *own, *neighbour;
    size_t n;
    double repeat;
    bool audited; /* a run of the audit's own is there */
};

static void add_seed(struct losses *losses, const struct record *record, int64_t id, uint32_t seed)
{
    const struct run *neighbour = record_variant(record, id, RUN_NEIGHBOUR, seed);
    const struct run *repeat = record_variant(record, id, RUN_REPEAT, seed);

    losses->own[losses->n] = record_loss(record, record_run(record, id, seed));
    losses->neighbour[losses->n] = record_loss(record, neighbour);
    if (losses->n++ == 0)
        losses->repeat = record_loss(record, repeat);
    losses->audited |= neighbour != NULL || repeat != NULL;
}

bool record_audit(struct audit *out, const struct record *record, const struct judge *judge)
{
    int64_t id = record_baseline(record);
    size_t n = record_pairs(record, id, 0, NULL, 0);
    const struct pair **pairs = mem_new(n + 1, sizeof(const struct pair *));
    struct losses losses = {.repeat = NAN};

    record_pairs(record, id, 0, pairs, n);
    losses.own = mem_new(n + 1, sizeof *losses.own);
    losses.neighbour = mem_new(n + 1, sizeof *losses.neighbour);
    for (size_t i = 0; i < n; i++)
        if (is_of_audit(record, pairs[i]))
            add_seed(&losses, record, id, pairs[i]->seed);
    audit_measure(out, losses.own, losses.neighbour, losses.n, losses.repeat, judge);
    free(losses.own);
    free(losses.neighbour);
    free(pairs);
    return losses.audited;
}
