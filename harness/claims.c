/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "record_hypothesis.h"
#include "str.h"

/* One claim under test. */
struct claim {
    const struct hypothesis *hypothesis;
    int64_t better, worse, test;
};

struct results {
    double diff[PAIRS_MAX]; /* [n] loss of the worse - loss of the better, by pair */
    size_t n;
    bool waiting;
    const struct run *failed; /* the first that failed, of either side */
};

static bool has_failed(const struct run *run)
{
    return run_is_final(run) && run->class != CLASS_OK;
}

static void add_pair(struct results *r, struct needs *out, const struct record *record,
                     const struct claim *claim, uint32_t seed)
{
    bool waits = needs_run(out, record, claim->better, RUN_OWN, seed);

    waits |= needs_run(out, record, claim->worse, RUN_OWN, seed);
    r->waiting |= waits;
    const struct run *better = record_run(record, claim->better, seed);
    const struct run *worse = record_run(record, claim->worse, seed);
    if (!waits && !has_failed(better) && !has_failed(worse))
        r->diff[r->n++] = record_loss(record, worse) - record_loss(record, better);
    if (r->failed == NULL && has_failed(better))
        r->failed = better;
    if (r->failed == NULL && has_failed(worse))
        r->failed = worse;
}

static size_t collect(struct results *r, struct needs *out, const struct record *record,
                      const struct claim *claim)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, claim->better, claim->test, pairs, PAIRS_MAX);

    *r = (struct results){.n = 0};
    for (size_t i = 0; i < n && i < PAIRS_MAX; i++)
        add_pair(r, out, record, claim, pairs[i]->seed);
    return n;
}

static struct decision *decide(struct needs *out, const struct record *record,
                               const struct claim *claim, double alpha)
{
    struct decision *d = needs_decision(out, record, DECISION_HYPOTHESIS, claim->better,
                                        claim->worse, OUTCOME_REVERT);

    d->test = claim->test;
    d->alpha = alpha;
    return d;
}

static void fill(struct needs *out, struct decision *d, const struct claim *claim,
                 const struct claim_found *found, const struct results *r)
{
    d->verdict = found->verdict == CLAIM_VERIFIED ? OUTCOME_KEEP : OUTCOME_REVERT;
    d->n = found->n;
    d->mean = found->mean;
    d->low = found->low;
    d->high = found->high;
    d->z = found->z;
    d->df = found->df;
    d->sd = sqrt(noise_sample(r->diff, (size_t)found->n).s2);
    snprintf(out->reason, sizeof out->reason, "%s is %s: %s", claim->hypothesis->id,
             claim_verdict_names[hypothesis_verdict(claim->hypothesis, d)], found->reason);
}

static void fill_failed(struct needs *out, struct decision *d, const struct claim *claim,
                        const struct results *r)
{
    struct str reason = {0};

    d->n = (int)r->n;
    needs_failed(d, r->failed);
    str_addf(&reason, "%s is inconclusive: experiment %lld %s", claim->hypothesis->id,
             (long long)r->failed->experiment, out->reason);
    snprintf(out->reason, sizeof out->reason, "%s", reason.at);
    str_clear(&reason);
}

static void look(struct needs *out, const struct record *record, const struct claim *claim,
                 const struct claim_test *rule)
{
    struct claim_found found;
    struct results r;
    size_t pairs = collect(&r, out, record, claim);

    out->need = NEED_RUNS;
    if (r.failed == NULL && pairs < CLAIM_FIRST_LOOK) {
        out->n_runs = 0;
        needs_pair(out, record, claim->better, claim->worse, claim->test, pairs);
        return;
    }
    if (r.waiting)
        return;
    if (r.failed != NULL) {
        fill_failed(out, decide(out, record, claim, rule->alpha), claim, &r);
        return;
    }
    claim_test_look(&found, rule, claim->hypothesis->by, r.diff, r.n);
    if (found.verdict == CLAIM_OPEN)
        needs_pair(out, record, claim->better, claim->worse, claim->test, pairs);
    else
        fill(out, decide(out, record, claim, rule->alpha), claim, &found, &r);
}

static bool need_side(struct needs *out, int64_t experiment, const struct value *config)
{
    if (experiment > 0)
        return false;
    out->need = NEED_EXPERIMENT;
    out->config = config;
    return true;
}

void claims_next(struct needs *out, const struct record *record, int64_t test,
                 const struct claim_test *rule)
{
    const struct hypothesis *h = &record->study.hypotheses[record_hypotheses_decided(record)];
    struct claim claim = {.hypothesis = h,
                          .better = record_hypothesis_side(record, h->better),
                          .worse = record_hypothesis_side(record, h->worse),
                          .test = test};

    *out = (struct needs){.need = NEED_NOTHING};
    if (!need_side(out, claim.better, h->better) && !need_side(out, claim.worse, h->worse))
        look(out, record, &claim, rule);
}
