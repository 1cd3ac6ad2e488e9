/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "needs.h"
#include "record_early.h"
#include "record_past.h"

/* As far as it came: a run that was ended early is taken for as far behind as it was. */
static double loss_of(const struct record *record, const struct run *run)
{
    struct early_found found;

    if (run != NULL && record_early_read(&found, record, run))
        return found.loss;
    return record_loss(record, run);
}

/* Mean loss of an experiment over the pairs of its own decision; NAN where it is unknown. */
static void own_loss(struct past *out, const struct record *record, const struct decision *d)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, d->experiment, d->test, pairs, PAIRS_MAX), used = 0;
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        double loss = loss_of(record, record_candidate(record, pairs[i]));
        if (!isfinite(loss) || pairs[i]->after >= d->number)
            continue;
        used++;
        sum += loss;
        squares += loss * loss;
    }
    double mean = used > 0 ? sum / (double)used : (double)NAN;
    double variance = used > 1 ? fmax(0, squares - sum * mean) / (double)(used - 1) : (double)NAN;
    out->loss = mean;
    out->loss_se = sqrt(variance / (double)used);
}

static void fill_past(struct past *past, const struct record *record, const struct experiment *e,
                      int64_t known)
{
    *past = (struct past){.unit = e->unit,
                          .config = e->config,
                          .outcome = OUTCOME_PENDING,
                          .loss = NAN,
                          .loss_se = NAN,
                          .gain = NAN};
    if (e->decision == 0 || e->decision > known)
        return;
    const struct decision *d = &record->decisions[e->decision - 1];
    past->outcome = d->verdict;
    past->gain = d->mean;
    own_loss(past, record, d);
}

static bool is_hidden(const struct record *record, const struct experiment *e)
{
    return e->purpose == PURPOSE_PLACEBO || e->purpose == PURPOSE_HYPOTHESIS ||
           record_is_withdrawn(record, e);
}

void record_past(struct history *history, struct past *past, const struct record *record,
                 int64_t known, int64_t head)
{
    *history =
        (struct history){.past = past, .head = SIZE_MAX, .planned = (size_t)record->study.planned};
    for (size_t i = 0; i < record->n_experiments; i++) {
        const struct experiment *e = &record->experiments[i];
        if (is_hidden(record, e))
            continue;
        fill_past(&past[history->n], record, e, known);
        if (e->id == head) {
            history->head = history->n;
            past[history->n].outcome = OUTCOME_KEEP;
        }
        history->n++;
    }
}

int64_t record_past_experiment(const struct history *history, size_t at,
                               const struct record *record)
{
    for (size_t i = 0; i < record->n_experiments; i++)
        if (record->experiments[i].unit == history->past[at].unit)
            return record->experiments[i].id;
    return 0;
}
