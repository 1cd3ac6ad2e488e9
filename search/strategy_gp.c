/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gp - where a Gaussian process of the losses expects the largest improvement.
 *
 * Losses: gaussian_process.h over feature_map.h, with a constant mean.  (A quadratic trend has 2 d
 * + 1 coefficients more, which the first tens of noisy runs cannot tell; with the long lengths that
 * the prior favours the process is itself nearly quadratic where the data say so.)  A loss above
 * the median counts with the logarithm of what it is above it: a run that blew up must not set the
 * scale. The noise of a loss is the square of its standard error, half of it taken from the mean of
 * all such (a standard error of two or three seeds is itself a rough guess); where there is none,
 * one noise for all such is learnt.
 *
 * Improvement: augmented expected improvement (Huang, Allen, Notz & Zeng 2006, doi
 * 10.1007/s10898-005-2454-3),
 *     (best - m) Phi(z) + s phi(z),  z = (best - m) / s,   times 1 - noise / sqrt(s^2 + noise^2),
 * where `best` is the least posterior mean among the configs that ran, never a raw loss.  It is
 * computed as a logarithm, which does not vanish far from the best (Ament et al. 2023,
 * arXiv:2310.20708).
 *
 * Failures: a second process learns 0 for a failure and 1 for a success (least-squares
 * classification, Rasmussen & Williams 2006, section 6.5); the improvement is multiplied by the
 * probability that it is above SURE, to the power of CAUTION.  With 1/2, 1 and a noise that is
 * learnt (a single failure passes for noise) six times as many runs were lost in the test's space,
 * and the regret was the same.
 *
 * Pending and failed experiments count as if their loss were the posterior mean, without noise
 * ("kriging believer", Ginsbourger, Le Riche & Carraro 2010, doi 10.1007/978-3-642-10701-6_6): the
 * process is sure there, so it does not go there again.
 *
 * Candidates: a Sobol set over the cube, points near the three best configs, and four closer and
 * closer rounds about the best candidate.  The first experiments are those of `sobol`.  Of a long
 * history POINTS_MAX experiments count: the better half of them for its losses (or failures), and
 * the newest of the others.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "cloud.h"
#include "feature_map.h"
#include "gaussian_process.h"
#include "mem.h"
#include "strategy.h"

extern const struct strategy strategy_gp;
extern const struct strategy strategy_sobol;

enum {
    FIRST_MIN = 5, /* experiments before the process is asked: parameters + 2 within these */
    FIRST_MAX = 10,
    POINTS_MAX = 400,
    MISSING_MAX = 64,
    OVER = 160,  /* candidates over the cube */
    NEAR = 96,   /* near the best configs */
    CLOSER = 24, /* in each round about the best candidate */
    ROUNDS = 4,
    INCUMBENTS = 3,
};

#define SURE        0.9   /* a success is what is above this */
#define CAUTION     4.0   /* power of the probability of success */
#define LABEL_NOISE 0.03  /* variance of 0 and 1 */
#define LOSS_MAX    1e100 /* its square is finite */

/* --- which experiments count ------------------------------------------------------------------ */

struct ranked {
    double key; /* less is better */
    size_t at;  /* in the history */
};

static int by_key(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->at > y->at ? -1 : x->at < y->at;
}

static int newest_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return x->at > y->at ? -1 : x->at < y->at;
}

/* Leaves the better half of `most` by key and the newest of the rest; returns how many. */
static size_t cut(struct ranked *list, size_t n, size_t most)
{
    qsort(list, n, sizeof *list, by_key);
    if (n <= most)
        return n;
    qsort(list + most / 2, n - most / 2, sizeof *list, newest_first);
    return most;
}

static bool has_loss(const struct past *past)
{
    return (past->outcome == OUTCOME_KEEP || past->outcome == OUTCOME_REVERT) &&
           isfinite(past->loss);
}

static double clamp_loss(double loss)
{
    return fmin(fmax(loss, -LOSS_MAX), LOSS_MAX);
}

static size_t list_losses(struct ranked *list, const struct history *history)
{
    size_t n = 0;

    for (size_t i = 0; i < history->n; i++)
        if (has_loss(&history->past[i]))
            list[n++] = (struct ranked){clamp_loss(history->past[i].loss), i};
    return n;
}

/* Failures first. */
static size_t list_ended(struct ranked *list, size_t *failed, const struct history *history)
{
    size_t n = 0;

    *failed = 0;
    for (size_t i = 0; i < history->n; i++) {
        if (history->past[i].outcome == OUTCOME_PENDING)
            continue;
        bool fail = history->past[i].outcome == OUTCOME_FAILED;
        *failed += fail;
        list[n++] = (struct ranked){fail ? 0 : 1, i};
    }
    return n;
}

/* --- data ------------------------------------------------------------------------------------- */

struct points {
    size_t n;
    double *x, *y, *noise; /* [room, features], [room], [room] */
};

static void points_init(struct points *points, size_t room, const struct features *features)
{
    *points = (struct points){0};
    points->x = mem_new(room * features->n, sizeof *points->x);
    points->y = mem_new(room, sizeof *points->y);
    points->noise = mem_new(room, sizeof *points->noise);
}

static void points_clear(struct points *points)
{
    free(points->x);
    free(points->y);
    free(points->noise);
}

static void points_add(struct points *points, const struct features *features,
                       const struct value *config, double y, double noise)
{
    features_write(points->x + points->n * features->n, features, config);
    points->y[points->n] = y;
    points->noise[points->n++] = noise;
}

static struct gp_data points_data(const struct points *points, const struct features *features)
{
    return (struct gp_data){
        .n = points->n,
        .features = features->n,
        .groups = features->groups,
        .group = features->group,
        .x = points->x,
        .y = points->y,
        .noise = points->noise,
    };
}

/* What is above the median shrinks to its logarithm, in units of the way from the best to there. */
struct squash {
    double median, width;
};

/* list [n] sorted by loss, n > 0 */
static struct squash squash_of(const struct ranked *list, size_t n)
{
    double median = list[n / 2].key;

    return (struct squash){median, median - list[0].key};
}

static double squash_loss(const struct squash *squash, double loss)
{
    double above = loss - squash->median;

    if (!(above > 0) || !(squash->width > 0))
        return fmin(loss, squash->median);
    return squash->median + squash->width * log1p(fmin(above / squash->width, 1e12));
}

static double squash_slope(const struct squash *squash, double loss)
{
    double above = loss - squash->median;

    return above > 0 && squash->width > 0 ? 1 / (1 + above / squash->width) : 1;
}

/* The mean of the squared standard errors that are known; NAN where none is. */
static double mean_variance(const struct history *history, const struct ranked *list, size_t n)
{
    double sum = 0, known = 0;

    for (size_t i = 0; i < n; i++) {
        double se = history->past[list[i].at].loss_se;
        if (!isfinite(se))
            continue;
        sum += se * se;
        known++;
    }
    return known > 0 && isfinite(sum) ? sum / known : (double)NAN;
}

/* The variance of a loss, as far as it is known. */
static double variance_of(const struct past *past, double pooled)
{
    return fmin((past->loss_se * past->loss_se + pooled) / 2, LOSS_MAX * LOSS_MAX);
}

/* list [n] sorted by loss */
static void add_losses(struct points *points, const struct features *features,
                       const struct history *history, const struct ranked *list, size_t n,
                       const struct squash *squash)
{
    double pooled = mean_variance(history, list, n);

    for (size_t i = 0; i < n; i++) {
        const struct past *past = &history->past[list[i].at];
        double slope = squash_slope(squash, list[i].key);
        double variance = variance_of(past, pooled) * slope * slope;
        points_add(points, features, past->config, squash_loss(squash, list[i].key),
                   isfinite(past->loss_se) ? variance : (double)NAN);
    }
}

/* --- what is believed ------------------------------------------------------------------------- */

struct belief {
    struct features features;
    struct gp loss, success;                     /* no points: nothing is known */
    double best;                                 /* least posterior mean */
    size_t incumbents[INCUMBENTS], n_incumbents; /* in the history, best first */
    double *x;                                   /* [features.n] scratch */
};

static double mean_at(const struct belief *belief, const struct past *past)
{
    features_write(belief->x, &belief->features, past->config);
    return gp_predict_mean(&belief->loss, belief->x);
}

/* The experiments of the list by posterior mean. */
static void find_incumbents(struct belief *belief, const struct history *history,
                            struct ranked *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        list[i].key = mean_at(belief, &history->past[list[i].at]);
    qsort(list, n, sizeof *list, by_key);
    belief->best = list[0].key;
    belief->n_incumbents = n < INCUMBENTS ? n : INCUMBENTS;
    for (size_t i = 0; i < belief->n_incumbents; i++)
        belief->incumbents[i] = list[i].at;
}

/* Adds the newest of the pending and failed experiments as if they had met the mean. */
static void believe_missing(struct belief *belief, struct points *points,
                            const struct history *history)
{
    struct gp sure;
    size_t missing = 0;

    for (size_t i = history->n; i-- > 0 && missing < MISSING_MAX;) {
        const struct past *past = &history->past[i];
        if (past->outcome != OUTCOME_PENDING && past->outcome != OUTCOME_FAILED)
            continue;
        points_add(points, &belief->features, past->config, mean_at(belief, past), 0);
        missing++;
    }
    if (missing == 0)
        return;
    struct gp_data data = points_data(points, &belief->features);
    gp_init_like(&sure, &belief->loss, &data);
    gp_clear(&belief->loss);
    belief->loss = sure;
}

static void learn_losses(struct belief *belief, const struct history *history)
{
    struct ranked *list = mem_new(history->n, sizeof *list);
    size_t known = list_losses(list, history), n = cut(list, known, POINTS_MAX);
    struct points points;

    points_init(&points, n + MISSING_MAX, &belief->features);
    if (n > 0) {
        struct squash squash = squash_of(list, n);
        add_losses(&points, &belief->features, history, list, n, &squash);
        struct gp_data data = points_data(&points, &belief->features);
        gp_init(&belief->loss, &data);
        find_incumbents(belief, history, list, n);
        believe_missing(belief, &points, history);
    }
    points_clear(&points);
    free(list);
}

static void learn_failures(struct belief *belief, const struct history *history)
{
    struct ranked *list = mem_new(history->n, sizeof *list);
    struct points points;
    size_t failed, ended = list_ended(list, &failed, history), n = cut(list, ended, POINTS_MAX);

    points_init(&points, n, &belief->features);
    for (size_t i = 0; i < n && failed > 0; i++)
        points_add(&points, &belief->features, history->past[list[i].at].config, list[i].key,
                   LABEL_NOISE);
    if (failed > 0) {
        struct gp_data data = points_data(&points, &belief->features);
        gp_init(&belief->success, &data);
    }
    points_clear(&points);
    free(list);
}

static void belief_init(struct belief *belief, const struct space *space,
                        const struct history *history)
{
    *belief = (struct belief){0};
    features_init(&belief->features, space);
    belief->x = mem_new(belief->features.n, sizeof *belief->x);
    learn_losses(belief, history);
    learn_failures(belief, history);
}

static void belief_clear(struct belief *belief)
{
    features_clear(&belief->features);
    gp_clear(&belief->loss);
    gp_clear(&belief->success);
    free(belief->x);
}

/* --- what a candidate is worth ---------------------------------------------------------------- */

/* log(phi(z) + z Phi(z)); far below, phi(z) / z^2 (1 - 3 / z^2 …). */
static double log_improvement(double z)
{
    if (z > -6)
        return log(gsl_ran_ugaussian_pdf(z) + z * gsl_cdf_ugaussian_P(z));
    return -0.5 * z * z - 0.5 * log(2 * M_PI) - 2 * log(-z) + log1p(-3 / (z * z));
}

static double log_augmented(const struct belief *belief)
{
    double mean, sd;

    gp_predict(&belief->loss, &mean, &sd, belief->x);
    double value = log(sd) + log_improvement((belief->best - mean) / sd);
    double noise = belief->loss.noise;
    return value + log(fmax(1 - sqrt(noise / (sd * sd + noise)), 1e-12));
}

static double log_success(const struct belief *belief)
{
    double mean, sd;

    gp_predict(&belief->success, &mean, &sd, belief->x);
    return log(fmax(gsl_cdf_ugaussian_P((mean - SURE) / sd), 1e-9));
}

static double worth(const struct belief *belief, const struct value *config)
{
    features_write(belief->x, &belief->features, config);
    return (belief->loss.n > 0 ? log_augmented(belief) : 0) +
           (belief->success.n > 0 ? CAUTION * log_success(belief) : 0);
}

/* --- candidates ------------------------------------------------------------------------------- */

struct hunt {
    const struct space *space;
    const struct history *history;
    const struct belief *belief;
    struct rng *rng;
    struct value *config, *best_config; /* [space->n] */
    double *unit, *best_unit;           /* [space->n] */
    double best;                        /* -INFINITY: no candidate is of use so far */
};

static void consider(struct hunt *hunt, const double *unit)
{
    if (!proposal_is_useful(hunt->config, hunt->space, hunt->history, unit))
        return;
    double value = worth(hunt->belief, hunt->config);
    if (!(value > hunt->best))
        return;
    hunt->best = value;
    memcpy(hunt->best_unit, unit, hunt->space->n * sizeof *unit);
    memcpy(hunt->best_config, hunt->config, hunt->space->n * sizeof *hunt->config);
}

static void look_over(struct hunt *hunt)
{
    size_t d = hunt->space->n;
    double *points = mem_new(OVER * d, sizeof *points);

    cloud_over(points, OVER, hunt->space, hunt->rng);
    for (size_t i = 0; i < OVER; i++)
        consider(hunt, points + i * d);
    free(points);
}

static void look_near(struct hunt *hunt)
{
    static const double sigma[] = {0.2, 0.1, 0.05, 0.025};

    for (size_t i = 0; i < NEAR && hunt->belief->n_incumbents > 0; i++) {
        size_t at = hunt->belief->incumbents[i % hunt->belief->n_incumbents];
        cloud_near(hunt->unit, hunt->space, hunt->history->past[at].config, sigma[i / 3 % 4],
                   hunt->rng);
        consider(hunt, hunt->unit);
    }
}

static void look_closer(struct hunt *hunt)
{
    double sigma = 0.1;

    for (int round = 0; round < ROUNDS && hunt->best > (double)-INFINITY; round++, sigma /= 2)
        for (int i = 0; i < CLOSER; i++) {
            cloud_near(hunt->unit, hunt->space, hunt->best_config, sigma, hunt->rng);
            consider(hunt, hunt->unit);
        }
}

/* The best candidate; false where none is of use. */
static bool find_best(double *unit, const struct space *space, const struct history *history,
                      const struct belief *belief, struct rng *rng)
{
    struct hunt hunt = {.space = space, .history = history, .belief = belief, .rng = rng};

    hunt.config = mem_new(space->n, sizeof *hunt.config);
    hunt.best_config = mem_new(space->n, sizeof *hunt.best_config);
    hunt.unit = mem_new(space->n, sizeof *hunt.unit);
    hunt.best_unit = unit;
    hunt.best = -INFINITY;
    look_over(&hunt);
    look_near(&hunt);
    look_closer(&hunt);
    free(hunt.config);
    free(hunt.best_config);
    free(hunt.unit);
    return hunt.best > (double)-INFINITY;
}

static size_t first_experiments(const struct space *space)
{
    size_t searched = 0;

    for (size_t i = 0; i < space->n; i++)
        searched += param_is_searched(&space->params[i]);
    return searched + 2 < FIRST_MIN   ? FIRST_MIN
           : searched + 2 > FIRST_MAX ? FIRST_MAX
                                      : searched + 2;
}

static int propose(double *unit, const struct space *space, const struct history *history,
                   struct rng *rng, size_t attempt, struct err *err)
{
    struct belief belief;

    if (attempt == 0 && history->n < first_experiments(space))
        return strategy_sobol.propose(unit, space, history, rng, attempt, err);
    if (attempt == 0) {
        belief_init(&belief, space, history);
        bool found = find_best(unit, space, history, &belief, rng);
        belief_clear(&belief);
        if (found)
            return 0;
    }
    cloud_over(unit, 1, space, rng);
    return 0;
}

const struct strategy strategy_gp = {
    .name = "gp",
    .summary = "largest expected improvement under a Gaussian process, noise and failures included",
    .propose = propose,
};
