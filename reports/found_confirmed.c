/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was confirmed: the baseline and the config found, on seeds that no decision has seen. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "found.h"
#include "markdown.h"
#include "mem.h"
#include "noise.h"
#include "say.h"
#include "section.h"

const struct decision *found_confirmation(const struct record *record, int64_t best, size_t *n)
{
    const struct decision *found = NULL;

    *n = 0;
    for (size_t i = record->n_decisions; i > 0; i--) {
        const struct decision *d = &record->decisions[i - 1];
        if (d->kind != DECISION_CONFIRM || (best > 0 && d->experiment != best))
            continue;
        if (found == NULL)
            found = d;
        *n += d->experiment == found->experiment;
    }
    return found;
}

/* NAN where the run printed none. */
static int read_test_loss(double *out, struct store *store, const struct run *run, struct err *err)
{
    struct metric *metrics;
    size_t n;

    *out = NAN;
    if (run == NULL || run->class != CLASS_OK)
        return 0;
    if (store_metrics(store, &metrics, &n, run->id, true, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (strcmp(metrics[i].name, "test_loss") == 0)
            *out = metrics[i].value;
    metrics_free(metrics, n);
    return 0;
}

/* Student's interval of the mean difference on the test split; unknown where nothing spreads. */
static struct effect effect_on(const double *d, size_t n)
{
    const double level = 0.95;
    struct noise sample = noise_sample(d, n);
    struct effect e = {0, NAN, NAN, level};

    for (size_t i = 0; i < n; i++)
        e.mean += d[i] / (double)n;
    if (n < 2 || !(sample.s2 > 0))
        return e;
    double half = gsl_cdf_tdist_Qinv((1 - level) / 2, sample.df) * sqrt(sample.s2 / (double)n);
    e.low = e.mean - half;
    e.high = e.mean + half;
    return e;
}

/* The only place that may see the test split: the runs of a confirmation. */
static int measure_test_split(struct effect *out, size_t *n, const struct facts *facts,
                              const struct decision *d, struct store *store, struct err *err)
{
    const struct record *record = facts->record;
    size_t from = facts->pair_first[d->experiment - 1], to = facts->pair_first[d->experiment];
    double *differences = mem_new(to - from + 1, sizeof *differences), before, after;
    int rc = 0;

    *n = 0;
    for (size_t i = from; rc == 0 && i < to; i++) {
        const struct pair *pair = &record->pairs[facts->pair_at[i]];
        if (!found_is_of_test(pair, d))
            continue;
        rc = read_test_loss(&before, store, record_run(record, pair->against, pair->seed), err);
        if (rc == 0)
            rc = read_test_loss(&after, store, record_candidate(record, pair), err);
        if (rc == 0 && isfinite(before - after))
            differences[(*n)++] = before - after;
    }
    *out = effect_on(differences, *n);
    free(differences);
    return rc;
}

static int write_test_split(struct str *out, const struct facts *facts, const struct decision *d,
                            struct store *store, struct err *err)
{
    struct effect e;
    size_t n;

    if (measure_test_split(&e, &n, facts, d, store, err) != 0)
        return -1;
    if (n == 0)
        return 0;
    str_add(out, "On the test split, which nothing else has seen (test\\_loss of the same runs): ");
    if (!claim_write(out, &e))
        str_add(out, "no difference can be claimed");
    str_addf(out, ", %zu seed%s.\n\n", n, n == 1 ? "" : "s");
    return 0;
}

static void write_refusal(struct str *out, const struct decision *d)
{
    str_addf(out, "**Not confirmed**: ");
    if (d->verdict == OUTCOME_FAILED || d->n < 2)
        markdown_text(out, d->reason != NULL ? d->reason : "it failed");
    else
        str_addf(out,
                 "on %d fresh seeds the 95 %% interval of experiment %" PRId64
                 " against the baseline holds zero, so no difference can be claimed",
                 d->n, d->experiment);
    str_add(out, ".\n\n");
}

static void write_promise(struct str *out, const struct facts *facts, const struct decision *d)
{
    struct effect measured = claim_effect(d), *steps;
    size_t n = found_steps(&steps, facts->record);

    if (d->experiment == facts_verified(facts) && claim_optimism(out, &measured, steps, n))
        str_add(out, "\n\n");
    free(steps);
}

int found_write_confirmation(struct str *out, const struct facts *facts, const struct decision *d,
                             size_t n, struct store *store, struct err *err)
{
    bool verified = facts->record->experiments[d->experiment - 1].verified;

    if (found_headline(out, facts, d))
        str_addf(out,
                 ", on %d fresh seeds that no decision has seen: experiment %" PRId64
                 " against the baseline%s.\n\n",
                 d->n, d->experiment, verified ? ", verified before" : "");
    else
        write_refusal(out, d);
    if (n > 1)
        str_addf(out, "This is the newest of %zu confirmations; all stand in the history.\n\n", n);
    write_promise(out, facts, d);
    return write_test_split(out, facts, d, store, err);
}
