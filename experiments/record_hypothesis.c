/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "record_hypothesis.h"

const struct decision *record_hypothesis(const struct record *record, size_t index)
{
    for (size_t i = 0; i < record->n_decisions && record->study.n_hypotheses > index; i++)
        if (record->decisions[i].kind == DECISION_HYPOTHESIS && index-- == 0)
            return &record->decisions[i];
    return NULL;
}

size_t record_hypotheses_decided(const struct record *record)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_decisions && n < record->study.n_hypotheses; i++)
        n += record->decisions[i].kind == DECISION_HYPOTHESIS;
    return n;
}

const struct hypothesis *record_hypothesis_of(const struct record *record, const struct decision *d)
{
    size_t index = 0;

    if (d->kind != DECISION_HYPOTHESIS)
        return NULL;
    for (int64_t i = 1; i < d->number && i <= (int64_t)record->n_decisions; i++)
        index += record->decisions[i - 1].kind == DECISION_HYPOTHESIS;
    return index < record->study.n_hypotheses ? &record->study.hypotheses[index] : NULL;
}

bool record_hypotheses_open(const struct record *record)
{
    return record->study.n_hypotheses > 0 && record_incumbent(record) > 0 &&
           record_hypotheses_decided(record) < record->study.n_hypotheses;
}

enum claim_verdict hypothesis_verdict(const struct hypothesis *h, const struct decision *d)
{
    if (d == NULL)
        return CLAIM_OPEN;
    if (d->verdict == OUTCOME_KEEP)
        return CLAIM_VERIFIED;
    return d->verdict == OUTCOME_REVERT && d->high < h->by ? CLAIM_DISPROVED : CLAIM_INCONCLUSIVE;
}

int64_t record_hypothesis_side(const struct record *record, const struct value *config)
{
    int64_t baseline = record_incumbent(record) > 0 ? record_baseline(record) : 0;

    for (size_t i = 0; i < record->n_experiments; i++) {
        const struct experiment *e = &record->experiments[i];
        if ((e->id == baseline || e->purpose == PURPOSE_HYPOTHESIS) &&
            space_same(&record->study.space, e->config, config))
            return e->id;
    }
    return 0;
}
