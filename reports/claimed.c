/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "claimed.h"

const struct decision *claimed_test(const struct record *record, int64_t experiment)
{
    for (size_t i = record->n_decisions; i > 0; i--) {
        const struct decision *d = &record->decisions[i - 1];
        if (d->experiment == experiment && d->verified && d->against > 0)
            return d;
    }
    return NULL;
}

const struct decision *claimed_confirmation(const struct record *record, int64_t experiment)
{
    for (size_t i = record->n_decisions; i > 0; i--) {
        const struct decision *d = &record->decisions[i - 1];
        if (d->experiment == experiment && d->kind == DECISION_CONFIRM)
            return d;
    }
    return NULL;
}

/* Its newest decision beside the baseline that is neither a confirmation nor of a placebo. */
static const struct decision *estimate_of(const struct record *record, int64_t experiment)
{
    for (size_t i = record->n_decisions; i > 0; i--) {
        const struct decision *d = &record->decisions[i - 1];
        if (d->experiment == experiment && d->against == record_baseline(record) &&
            (d->kind == DECISION_HEAD || d->kind == DECISION_VERIFY) && isfinite(d->mean))
            return d;
    }
    return NULL;
}

static void take(struct claimed *out, const struct decision *d)
{
    out->mean = out->tests == 0 ? d->mean : out->mean + d->mean;
    out->low = out->tests == 0 ? d->low : (double)NAN;
    out->high = out->tests == 0 ? d->high : (double)NAN;
    out->tests++;
}

void claimed_read(struct claimed *out, const struct record *record, int64_t experiment)
{
    int64_t baseline = record_baseline(record), id = experiment;
    const struct decision *d;

    *out = (struct claimed){0, NAN, NAN, NAN, true};
    while (id != baseline && (d = claimed_test(record, id)) != NULL && d->against != id) {
        take(out, d);
        id = d->against;
    }
    if (id == baseline)
        return;
    *out = (struct claimed){0, NAN, NAN, NAN, false};
    d = estimate_of(record, experiment);
    if (d != NULL)
        take(out, d);
}
