/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "needs.h"
#include "seed_effect.h"
#include "selection.h"

/* Runs of the panel, as seed_effects() wants them. */
struct runs {
    double *loss;
    size_t *config, *seed;
    size_t n, n_configs, n_seeds;
};

static void add_run(struct runs *runs, double loss, size_t seed)
{
    runs->loss = mem_room(runs->loss, runs->n, sizeof *runs->loss);
    runs->config = mem_room(runs->config, runs->n, sizeof *runs->config);
    runs->seed = mem_room(runs->seed, runs->n, sizeof *runs->seed);
    runs->loss[runs->n] = loss;
    runs->config[runs->n] = runs->n_configs;
    runs->seed[runs->n++] = seed;
    if (seed >= runs->n_seeds)
        runs->n_seeds = seed + 1;
}

static void add_experiment(struct runs *runs, const struct record *record, int64_t id)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n;

    if (id < 1 || record->experiments[id - 1].purpose == PURPOSE_PLACEBO)
        return;
    n = record_pairs(record, id, 0, pairs, PAIRS_MAX);
    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        double loss = record_loss(record, record_run(record, id, pairs[i]->seed));
        if (isfinite(loss))
            add_run(runs, loss, (size_t)pairs[i]->index);
    }
    runs->n_configs++;
}

static void collect(struct runs *runs, const struct record *record, int64_t decided,
                    int64_t candidate)
{
    int64_t first = decided > SELECTION_WINDOW ? decided - SELECTION_WINDOW + 1 : 1;
    const int64_t others[] = {record_baseline(record), record_incumbent(record),
                              record_head(record), candidate};

    *runs = (struct runs){0};
    for (int64_t id = first; id <= decided; id++)
        add_experiment(runs, record, id);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bool in = others[i] >= first && others[i] <= decided;
        for (size_t k = 0; k < i; k++)
            in |= others[k] == others[i];
        if (!in)
            add_experiment(runs, record, others[i]);
    }
}

/* Squares about each config's mean, and how many degrees of freedom they have. */
static void residuals(double *squares, double *df, const struct runs *runs, const double *effect)
{
    *squares = *df = 0;
    for (size_t i = 0; i < runs->n;) {
        size_t end = i;
        double mean = 0;
        while (end < runs->n && runs->config[end] == runs->config[i]) {
            mean += runs->loss[end] - effect[runs->seed[end]];
            end++;
        }
        mean /= (double)(end - i);
        *df += (double)(end - i) - 1;
        for (; i < end; i++)
            *squares += pow(runs->loss[i] - effect[runs->seed[i]] - mean, 2);
    }
}

/* A pair's variance is that of two runs; the audit's counts beside the runs themselves. */
static double run_variance(const struct runs *runs, const double *effect,
                           const struct selection_noise *noise)
{
    double squares, df;

    residuals(&squares, &df, runs, effect);
    if (isfinite(noise->pair_variance)) {
        squares += noise->pair_df * noise->pair_variance / 2;
        df += noise->pair_df;
    }
    return df > 0 ? squares / df : (double)NAN;
}

void selection_open(struct selection *out, const struct record *record, int64_t decided,
                    int64_t candidate, const struct selection_noise *noise)
{
    struct runs runs;

    collect(&runs, record, decided, candidate);
    *out = (struct selection){.record = record, .noise = *noise, .n_seeds = runs.n_seeds};
    out->effect = mem_new(runs.n_seeds + 1, sizeof *out->effect);
    seed_effects(out->effect, runs.loss, runs.config, runs.seed, runs.n, runs.n_configs,
                 runs.n_seeds, noise->rho);
    out->run_variance = run_variance(&runs, out->effect, noise);
    free(runs.loss);
    free(runs.config);
    free(runs.seed);
}

void selection_close(struct selection *selection)
{
    free(selection->effect);
    selection->effect = NULL;
}

static double effect_of(const struct selection *s, int index)
{
    return (size_t)index < s->n_seeds ? s->effect[index] : 0;
}

struct standing selection_standing(const struct selection *s, int64_t experiment)
{
    bool placebo = s->record->experiments[experiment - 1].purpose == PURPOSE_PLACEBO;
    double variance =
        placebo && isfinite(s->noise.seed_variance) ? s->noise.seed_variance : s->run_variance;
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(s->record, experiment, 0, pairs, PAIRS_MAX);
    struct standing out = {.mean = NAN, .variance = NAN};
    double sum = 0;

    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        const struct run *run = record_run(s->record, experiment, pairs[i]->seed);
        double loss = record_loss(s->record, run);
        out.open += !run_is_final(run);
        out.ok += isfinite(loss);
        bool stopped = run != NULL && run->class == CLASS_STOPPED;
        out.stopped += stopped;
        out.failed += run_is_final(run) && !isfinite(loss) && !stopped;
        if (isfinite(loss))
            sum += loss - (placebo ? 0 : effect_of(s, pairs[i]->index));
    }
    if (out.ok > 0) {
        out.mean = sum / (double)out.ok;
        out.variance = variance / (double)out.ok;
    }
    return out;
}
