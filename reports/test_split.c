/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "mem.h"
#include "noise.h"
#include "test_split.h"

/* NAN where the run failed or printed none. */
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

static struct effect effect_on(const double *d, size_t n)
{
    const double level = 0.95;
    struct noise sample = noise_sample(d, n);
    struct effect e = {n > 0 ? 0 : (double)NAN, NAN, NAN, level};

    for (size_t i = 0; i < n; i++)
        e.mean += d[i] / (double)n;
    if (n < 2 || !(sample.s2 > 0))
        return e;
    double half = gsl_cdf_tdist_Qinv((1 - level) / 2, sample.df) * sqrt(sample.s2 / (double)n);
    e.low = e.mean - half;
    e.high = e.mean + half;
    return e;
}

int test_split_measure(struct effect *out, size_t *n, const struct record *record,
                       const struct decision *d, struct store *store, struct err *err)
{
    size_t planned = record_pairs(record, d->experiment, d->test, NULL, 0);
    const struct pair **pairs = mem_new(planned, sizeof(const struct pair *));
    double *differences = mem_new(planned, sizeof *differences), before, after;
    int rc = 0;

    *n = 0;
    record_pairs(record, d->experiment, d->test, pairs, planned);
    for (size_t i = 0; rc == 0 && i < planned; i++) {
        const struct pair *pair = pairs[i];
        rc = read_test_loss(&before, store, record_run(record, pair->against, pair->seed), err);
        if (rc == 0)
            rc = read_test_loss(&after, store, record_candidate(record, pair), err);
        if (rc == 0 && isfinite(before - after))
            differences[(*n)++] = before - after;
    }
    *out = effect_on(differences, *n);
    free(differences);
    free(pairs);
    return rc;
}
