/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "log.h"
#include "mem.h"
#include "pace.h"
#include "uneven.h"

#define SAME_WORK 1e-6 /* relative difference of FLOPs per step that is none: rounding */

/* How much a run did: steps, or tokens where the trainer does not count steps. */
struct work {
    double done, wall_s, flops; /* NAN unknown */
};

/* NAN unknown, -1 on error. */
static double tokens_of(struct store *store, const struct run *run, struct err *err)
{
    struct metric *metrics;
    double tokens = NAN;
    size_t n;

    if (store_metrics(store, &metrics, &n, run->id, false, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (strcmp(metrics[i].name, "tokens") == 0 && metrics[i].value > 0)
            tokens = metrics[i].value;
    metrics_free(metrics, n);
    return tokens;
}

static struct work work_of(const struct run *run, double tokens)
{
    return (struct work){run->steps > 0 ? (double)run->steps : tokens, run->wall_s, run->flops};
}

static double rate_of(const struct work *work)
{
    return work->wall_s > 0 ? work->done / work->wall_s : (double)NAN;
}

static bool is_same_config(const struct record *record, const struct run *a, const struct run *b)
{
    bool moved = a->variant == RUN_NEIGHBOUR, other = b->variant == RUN_NEIGHBOUR;

    return moved == other && strcmp(record->experiments[a->experiment - 1].sha,
                                    record->experiments[b->experiment - 1].sha) == 0;
}

static bool costs_the_same(const struct work *a, const struct work *b)
{
    double x = a->flops / a->done, y = b->flops / b->done;

    return isfinite(x) && isfinite(y) && fabs(x - y) <= SAME_WORK * x;
}

/* The speeds of a run's like: rate[record->n_runs]. */
static int collect(double *rate, size_t *n, const struct run *run, const struct work *own,
                   bool by_config, const struct record *record, struct store *store,
                   struct err *err)
{
    *n = 0;
    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *other = &record->runs[i];
        double tokens = NAN;
        if (other->class != CLASS_OK || other->id == run->id)
            continue;
        if (by_config && !is_same_config(record, run, other))
            continue;
        if (other->steps <= 0 && (tokens = tokens_of(store, other, err)) < 0)
            return -1;
        struct work work = work_of(other, tokens);
        if ((other->steps > 0) == (run->steps > 0) && (by_config || costs_the_same(own, &work)))
            rate[(*n)++] = rate_of(&work);
    }
    return 0;
}

static int measure(struct pace *out, const struct run *run, const struct work *own,
                   const struct record *record, struct store *store, struct err *err)
{
    double *rate = mem_new(record->n_runs, sizeof *rate);
    size_t n;
    int rc = collect(rate, &n, run, own, true, record, store, err);

    pace_measure(out, rate, rc == 0 ? n : 0);
    if (rc == 0 && out->n < PACE_LEAST && isfinite(own->flops)) {
        rc = collect(rate, &n, run, own, false, record, store, err);
        pace_measure(out, rate, rc == 0 ? n : 0);
    }
    free(rate);
    return rc;
}

static void set_aside(struct run *run, const struct pace *usual, double rate)
{
    char own[NUMBER_TEXT], median[NUMBER_TEXT], sd[NUMBER_TEXT];

    run->class = CLASS_INTERRUPTED;
    run->value = NAN;
    free(run->detail);
    run->detail = mem_printf(UNEVEN "%s %s/s, where %s ± %s is usual (%zu runs); run again",
                             number_short(own, rate, 4), run->steps > 0 ? "steps" : "tokens",
                             number_short(median, usual->median, 4), number_short(sd, usual->sd, 2),
                             usual->n);
}

int gate_pass(struct run *run, const struct record *record, struct store *store,
              const struct stream *stream, struct err *err)
{
    struct pace usual;
    bool found;

    if (!record->study.timed || run->class != CLASS_OK || uneven_count(record, run) >= GATE_AGAIN)
        return 0;
    struct work own = work_of(run, stream_metric(stream, "tokens", &found));
    if (measure(&usual, run, &own, record, store, err) != 0)
        return -1;
    if (!pace_is_odd(&usual, rate_of(&own)))
        return 0;
    set_aside(run, &usual, rate_of(&own));
    log_info("experiment %lld, seed %u: %s", (long long)run->experiment, run->seed, run->detail);
    return 0;
}
