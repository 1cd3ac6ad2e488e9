/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tpe - where good configs are dense and bad ones are not.
 *
 * Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio & Kegl 2011, NIPS 24): of the
 * experiments the best are *good*, all others *bad*, failures and pending ones among these.  Both
 * have a density, l and g; of CANDIDATES points drawn from l the one with the largest l/g is
 * proposed, which is the one of largest expected improvement (their equation 5).
 *
 * The densities are multivariate, as in BOHB (Falkner, Klein & Hutter 2018, arXiv:1807.01774): a
 * mixture with one product of kernels for each experiment, and one part for the whole space.
 *     a number: a normal density, cut off at 0 and 1; its standard deviation is Scott's,
 *               sd n^(-1/(d + 4)), by parameter, within BANDWIDTH_MIN (or half of a step of its
 * own) and BANDWIDTH_MAX; a choice of k: its value with probability 1 - b + b/k, each other with
 * b/k (Aitchison & Aitken 1976, doi 10.1093/biomet/63.3.413), b = n^(-1/(d + 4)) / 2; inactive in
 * the experiment or in the candidate: any value alike, as in the tree.
 *
 * Good are the ceil(0.15 n) least losses, two at least and 25 at most.  Under noise the least
 * losses are the luckiest: before the split each is drawn towards the mean of all, by the share of
 * its variance that is noise (its squared standard error; where there is none, the largest known).
 *
 * Failures: l/g is multiplied by the share of the experiments near a candidate, weighed by their
 * kernels, that have ended well, to the power of CAUTION.  Among all the bad ones a few failures
 * would not be seen: with a tenth of the volume failing beside the optimum, 6.7 % of the runs after
 * the first twenty were lost with power 0, 3.8 % with 4, 2.3 % with 12.
 *
 * The first FIRST experiments are those of `sobol`.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "mem.h"
#include "strategy.h"

extern const struct strategy strategy_tpe;
extern const struct strategy strategy_sobol;

enum { FIRST = 10, CANDIDATES = 96, GOOD_MIN = 4, GOOD_MAX = 25 };
#define GOOD_SHARE    0.15
#define CAUTION       12.0 /* power of the share of successes */
#define PRIOR         4.0
#define BANDWIDTH_MIN 0.03
#define BANDWIDTH_MAX 0.5

/* --- good and bad ----------------------------------------------------------------------------- */

struct scored {
    double loss; /* drawn towards the mean; INFINITY: failed, pending or unknown */
    size_t at;   /* in the history */
};

static int by_loss(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;

    if (x->loss != y->loss)
        return x->loss < y->loss ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static bool has_loss(const struct past *past)
{
    return (past->outcome == OUTCOME_KEEP || past->outcome == OUTCOME_REVERT) &&
           isfinite(past->loss);
}

/* What losses are like: their mean and variance, and the largest noise variance that is known. */
struct spread {
    double mean, variance, noise;
};

static struct spread spread_of(const struct history *history, size_t known)
{
    struct spread s = {0, 0, 0};

    for (size_t i = 0; i < history->n; i++)
        if (has_loss(&history->past[i]))
            s.mean += history->past[i].loss / (double)known;
    for (size_t i = 0; i < history->n; i++) {
        const struct past *past = &history->past[i];
        if (!has_loss(past))
            continue;
        s.variance += (past->loss - s.mean) * (past->loss - s.mean) / (double)known;
        if (isfinite(past->loss_se))
            s.noise = fmax(s.noise, past->loss_se * past->loss_se);
    }
    return s;
}

static double shrink(const struct spread *spread, const struct past *past)
{
    double noise = isfinite(past->loss_se) ? past->loss_se * past->loss_se : spread->noise;
    double signal = fmax(spread->variance - noise, 0.1 * spread->variance);

    if (!(signal > 0) || !isfinite(signal) || !isfinite(noise))
        return past->loss;
    return spread->mean + (past->loss - spread->mean) * signal / (signal + noise);
}

/* list [history->n] <- all experiments, best first; returns how many of them have a loss. */
static size_t rank(struct scored *list, const struct history *history)
{
    size_t known = 0;

    for (size_t i = 0; i < history->n; i++)
        known += has_loss(&history->past[i]);
    struct spread spread = spread_of(history, known);
    for (size_t i = 0; i < history->n; i++) {
        const struct past *past = &history->past[i];
        list[i] = (struct scored){has_loss(past) ? shrink(&spread, past) : (double)INFINITY, i};
    }
    qsort(list, history->n, sizeof *list, by_loss);
    return known;
}

static size_t count_good(size_t known)
{
    size_t n = (size_t)ceil(GOOD_SHARE * (double)known);

    n = n < GOOD_MIN ? GOOD_MIN : n > GOOD_MAX ? GOOD_MAX : n;
    return n < known ? n : known;
}

/* --- densities -------------------------------------------------------------------------------- */

struct density {
    const struct space *space;
    const struct history *history;
    const struct scored *list; /* [n] */
    size_t n;
    double *bandwidth; /* [space->n]; of a choice: b; 0 where there is nothing to search */
    double *mass;      /* [n, space->n] log_mass() of the numbers */
};

static bool is_searched(const struct param *param)
{
    return param_levels(param) > 1;
}

/* The standard deviation of a parameter among the experiments in which it is active. */
static double deviation(const struct density *density, size_t param)
{
    double sum = 0, squares = 0, n = 0;

    for (size_t i = 0; i < density->n; i++) {
        const struct past *past = &density->history->past[density->list[i].at];
        if (past->config[param].type == VALUE_NONE)
            continue;
        double x = past->unit[param];
        sum += x;
        squares += x * x;
        n++;
    }
    double about = n > 1 ? fmax(0, squares - sum * sum / n) : 0;
    return sqrt((about + PRIOR / 12) / (n + PRIOR));
}

/* log of what a normal density about `centre` has to be divided by: sd sqrt(2 pi) P(0 … 1). */
static double log_mass(double centre, double sd)
{
    double inside = gsl_cdf_ugaussian_P((1 - centre) / sd) - gsl_cdf_ugaussian_P(-centre / sd);

    return log(sd * sqrt(2 * M_PI) * inside);
}

static void fill_mass(struct density *density)
{
    size_t d = density->space->n;

    density->mass = mem_new(density->n * d, sizeof *density->mass);
    for (size_t k = 0; k < density->n; k++) {
        const double *unit = density->history->past[density->list[k].at].unit;
        for (size_t i = 0; i < d; i++)
            if (density->bandwidth[i] > 0)
                density->mass[k * d + i] = log_mass(unit[i], density->bandwidth[i]);
    }
}

static void fill_bandwidth(struct density *density)
{
    const struct space *space = density->space;
    double d = 0;

    density->bandwidth = mem_new(space->n, sizeof *density->bandwidth);
    for (size_t i = 0; i < space->n; i++)
        d += is_searched(&space->params[i]);
    double scott = pow((double)(density->n > 0 ? density->n : 1), -1 / (d + 4));
    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        if (!is_searched(param))
            continue;
        double least = fmax(BANDWIDTH_MIN, 0.5 / param_levels(param));
        double sd = fmax(fmin(scott * deviation(density, i), BANDWIDTH_MAX), least);
        density->bandwidth[i] = param_is_choice(param) ? scott / 2 : sd;
    }
}

static void density_init(struct density *density, const struct space *space,
                         const struct history *history, const struct scored *list, size_t n)
{
    *density = (struct density){.space = space, .history = history, .list = list, .n = n};
    fill_bandwidth(density);
    fill_mass(density);
}

static void density_clear(struct density *density)
{
    free(density->bandwidth);
    free(density->mass);
}

static double log_choice(const struct param *param, const struct value *a, const struct value *b,
                         double width)
{
    double k = (double)param->n_values;

    return log(value_same(a, b) ? 1 - width + width / k : width / k) + log(k);
}

/* Log density of a config about experiment k of the list, relative to any value alike. */
static double log_kernel(const struct density *density, size_t k, const struct value *config,
                         const double *unit)
{
    const struct past *past = &density->history->past[density->list[k].at];
    size_t d = density->space->n;
    double sum = 0;

    for (size_t i = 0; i < d; i++) {
        const struct param *param = &density->space->params[i];
        if (density->bandwidth[i] == 0 || config[i].type == VALUE_NONE ||
            past->config[i].type == VALUE_NONE)
            continue;
        double z = (unit[i] - past->unit[i]) / density->bandwidth[i];
        sum += param_is_choice(param)
                   ? log_choice(param, &config[i], &past->config[i], density->bandwidth[i])
                   : -0.5 * z * z - density->mass[k * d + i];
    }
    return sum;
}

/* The log of a sum of exponentials, the largest taken out. */
static double log_density(const struct density *density, const struct value *config,
                          const double *unit)
{
    double *part = mem_new(density->n, sizeof *part), most = 0, sum = 0;

    for (size_t k = 0; k < density->n; k++) {
        part[k] = log_kernel(density, k, config, unit);
        most = fmax(most, part[k]);
    }
    for (size_t k = 0; k < density->n; k++)
        sum += exp(part[k] - most);
    free(part);
    return most + log((sum + exp(-most)) / (double)(density->n + 1)); /* 0: the whole space */
}

/* --- drawing ---------------------------------------------------------------------------------- */

static double draw_normal(double centre, double sd, struct rng *rng)
{
    double low = gsl_cdf_ugaussian_P(-centre / sd);
    double high = gsl_cdf_ugaussian_P((1 - centre) / sd);
    double p = low + (high - low) * rng_uniform(rng);

    return fmin(fmax(centre + sd * gsl_cdf_ugaussian_Pinv(p), 0), 1);
}

static double draw_near(const struct param *param, double centre, double width, struct rng *rng)
{
    if (width == 0)
        return centre;
    if (!param_is_choice(param))
        return draw_normal(centre, width, rng);
    return rng_uniform(rng) < width ? rng_uniform(rng) : centre;
}

static void draw(double *unit, const struct density *density, struct rng *rng)
{
    size_t part = (size_t)rng_below(rng, density->n + 1);
    const struct past *past =
        part < density->n ? &density->history->past[density->list[part].at] : NULL;

    for (size_t i = 0; i < density->space->n; i++) {
        const struct param *param = &density->space->params[i];
        if (past == NULL || past->config[i].type == VALUE_NONE)
            unit[i] = rng_uniform(rng);
        else
            unit[i] = draw_near(param, past->unit[i], density->bandwidth[i], rng);
    }
}

/* --- choosing --------------------------------------------------------------------------------- */

struct model {
    struct density good, bad;     /* bad: all others, pending and failed ones too */
    struct density ended, failed; /* ended: all that have a loss */
};

/* Of the experiments near a config, weighed by their kernels, how many have ended well?  log of
 * that share. */
static double log_success(const struct model *model, const struct value *config, const double *unit)
{
    if (model->failed.n == 0)
        return 0;
    double well = log_density(&model->ended, config, unit) + log((double)model->ended.n + 1);
    double ill = log_density(&model->failed, config, unit) + log((double)model->failed.n + 1);
    return -log1p(exp(ill - well));
}

static double worth(const struct model *model, const struct value *config, const double *unit)
{
    return log_density(&model->good, config, unit) - log_density(&model->bad, config, unit) +
           CAUTION * log_success(model, config, unit);
}

/* The best of the candidates that are of use; without any the last one. */
static void choose(double *unit, const struct model *model, struct rng *rng)
{
    const struct density *good = &model->good;
    const struct space *space = good->space;
    struct value *config = mem_new(space->n, sizeof *config);
    double *drawn = mem_new(space->n, sizeof *drawn), *settled = mem_new(space->n, sizeof *settled);
    double best = -INFINITY;

    for (int k = 0; k < CANDIDATES; k++) {
        draw(drawn, good, rng);
        if (!proposal_is_useful(config, space, good->history, drawn))
            continue;
        space_encode(settled, space, config);
        double value = worth(model, config, settled);
        if (value > best) {
            best = value;
            memcpy(unit, drawn, space->n * sizeof *unit);
        }
    }
    if (!(best > (double)-INFINITY))
        memcpy(unit, drawn, space->n * sizeof *unit);
    free(config);
    free(drawn);
    free(settled);
}

static size_t list_failed(struct scored *list, const struct history *history)
{
    size_t n = 0;

    for (size_t i = 0; i < history->n; i++)
        if (history->past[i].outcome == OUTCOME_FAILED)
            list[n++] = (struct scored){INFINITY, i};
    return n;
}

/* list [history->n] of rank(), `known` of them with a loss */
static void propose_dense(double *unit, const struct space *space, const struct history *history,
                          const struct scored *list, size_t known, struct rng *rng)
{
    struct scored *lost = mem_new(history->n, sizeof *lost);
    size_t n_good = count_good(known), n_lost = list_failed(lost, history);
    struct model model;

    density_init(&model.good, space, history, list, n_good);
    density_init(&model.bad, space, history, list + n_good, history->n - n_good);
    density_init(&model.ended, space, history, list, known);
    density_init(&model.failed, space, history, lost, n_lost);
    choose(unit, &model, rng);
    density_clear(&model.good);
    density_clear(&model.bad);
    density_clear(&model.ended);
    density_clear(&model.failed);
    free(lost);
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    if (attempt == 0 && history->n < FIRST)
        return strategy_sobol.propose(unit, space, history, rng, attempt, err);
    if (attempt > 0) { /* nothing near the good ones is of use */
        for (size_t i = 0; i < space->n; i++)
            unit[i] = rng_uniform(rng);
        return 0;
    }
    struct scored *list = mem_new(history->n, sizeof *list);
    size_t known = rank(list, history);
    propose_dense(unit, space, history, list, known, rng);
    free(list);
    return 0;
}

const struct strategy strategy_tpe = {
    .name = "tpe",
    .summary = "where good configs are dense and bad ones are not (Parzen estimators)",
    .propose = propose,
};
