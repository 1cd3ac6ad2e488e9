/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed_effect.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

/*
 * The equations for u once mu is eliminated.  With n_cs runs of config c on seed s and n_c in all,
 *     left[s][t]  = (s = t) (sum_c n_cs + (1-rho)/rho) - sum_c n_cs n_ct / n_c
 *     right[s]    = sum over runs on s of (loss - mean loss of its config).
 */
struct equations {
    size_t n;     /* seeds */
    double *left; /* [n, n] symmetric, positive definite */
    double *right;
    double *on_seed; /* [n] runs of the config at hand on each seed */
};

/* The runs, each config's one after the other. */
struct runs {
    const double *loss;
    const size_t *seed;
    size_t *order; /* [finite runs] */
    size_t *first; /* [n_configs + 1] where a config's runs begin in `order` */
};

static void sort_runs(struct runs *runs, const size_t *config, size_t n_runs, size_t n_configs)
{
    size_t *next = mem_new(n_configs + 1, sizeof *next);

    for (size_t i = 0; i < n_runs; i++)
        if (isfinite(runs->loss[i])) {
            assert(config[i] < n_configs);
            runs->first[config[i] + 1]++;
        }
    for (size_t c = 0; c < n_configs; c++)
        runs->first[c + 1] += runs->first[c];
    memcpy(next, runs->first, (n_configs + 1) * sizeof *next);
    for (size_t i = 0; i < n_runs; i++)
        if (isfinite(runs->loss[i]))
            runs->order[next[config[i]]++] = i;
    free(next);
}

static void add_config(struct equations *eq, const struct runs *runs, size_t c)
{
    size_t first = runs->first[c], end = runs->first[c + 1];
    double mean = 0.0, n = (double)(end - first);

    memset(eq->on_seed, 0, eq->n * sizeof *eq->on_seed);
    for (size_t k = first; k < end; k++)
        mean += runs->loss[runs->order[k]] / n;
    for (size_t k = first; k < end; k++) {
        size_t run = runs->order[k], s = runs->seed[run];
        assert(s < eq->n);
        eq->right[s] += runs->loss[run] - mean;
        eq->left[s * eq->n + s] += 1.0;
        eq->on_seed[s] += 1.0;
    }
    for (size_t s = 0; s < eq->n; s++)
        for (size_t t = 0; t < eq->n && eq->on_seed[s] > 0.0; t++)
            eq->left[s * eq->n + t] -= eq->on_seed[s] * eq->on_seed[t] / n;
}

/* Cholesky: left = L L^T, L in its lower triangle. */
static void factorise(struct equations *eq)
{
    size_t n = eq->n;
    double *a = eq->left;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; k++)
                sum -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
        }
}

static void solve(double *effect, struct equations *eq)
{
    size_t n = eq->n;

    factorise(eq);
    for (size_t i = 0; i < n; i++) {
        double sum = eq->right[i];
        for (size_t k = 0; k < i; k++)
            sum -= eq->left[i * n + k] * effect[k];
        effect[i] = sum / eq->left[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        double sum = effect[i];
        for (size_t k = i + 1; k < n; k++)
            sum -= eq->left[k * n + i] * effect[k];
        effect[i] = sum / eq->left[i * n + i];
    }
}

void seed_effects(double *effect, const double *loss, const size_t *config, const size_t *seed,
                  size_t n_runs, size_t n_configs, size_t n_seeds, double rho)
{
    struct runs runs = {loss, seed, mem_new(n_runs, sizeof(size_t)),
                        mem_new(n_configs + 1, sizeof(size_t))};
    struct equations eq = {n_seeds, mem_new(n_seeds * n_seeds, sizeof(double)),
                           mem_new(n_seeds, sizeof(double)), mem_new(n_seeds, sizeof(double))};

    memset(effect, 0, n_seeds * sizeof *effect);
    if (rho > 0.0) {
        sort_runs(&runs, config, n_runs, n_configs);
        for (size_t s = 0; s < n_seeds; s++)
            eq.left[s * n_seeds + s] = 1.0 / fmin(rho, SEED_EFFECT_RHO) - 1.0;
        for (size_t c = 0; c < n_configs; c++)
            add_config(&eq, &runs, c);
        solve(effect, &eq);
    }
    free(runs.order);
    free(runs.first);
    free(eq.left);
    free(eq.right);
    free(eq.on_seed);
}
