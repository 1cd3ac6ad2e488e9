/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tpe - where good configs are dense and bad ones are not.
 *
 * Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio & Kegl 2011, NIPS 24): of the
 * experiments the best are *good*, all others *bad*, failures and pending ones among these.  Both
 * have a density, l and g; of CANDIDATES points drawn from l the one with the largest l/g is
 * proposed, which is the one of largest expected improvement (their equation 5).
 *
 * The densities are those of density.h.
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
 * The first FIRST experiments are those of `sobol`.  In a long study a proposal looks at the NEWEST
 * experiments, at OLDER of those before them, in stretches that are evenly spread, and at the head:
 * what it costs does not grow with the night, and where a search has been for long the newest are
 * near the best.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "density.h"
#include "mem.h"
#include "strategy.h"

extern const struct strategy strategy_tpe;
extern const struct strategy strategy_sobol;

enum { FIRST = 10, CANDIDATES = 96, GOOD_MIN = 4, GOOD_MAX = 25 };
enum { NEWEST = 1000, OLDER = 1000, STRETCH = 50 };
#define GOOD_SHARE 0.15
#define CAUTION    12.0 /* power of the share of successes */

/* --- good and bad ----------------------------------------------------------------------------- */

static int by_loss(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
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

/* list [n] of which `known` have a loss */
static struct spread spread_of(const struct history *history, const struct ranked *list, size_t n,
                               size_t known)
{
    struct spread s = {0, 0, 0};

    for (size_t i = 0; i < n; i++)
        if (has_loss(&history->past[list[i].at]))
            s.mean += history->past[list[i].at].loss / (double)known;
    for (size_t i = 0; i < n; i++) {
        const struct past *past = &history->past[list[i].at];
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

static size_t add_stretch(struct ranked *list, size_t n, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        list[n++].at = i;
    return n;
}

/* list [NEWEST + OLDER + 1] <- the experiments that are looked at, oldest first; returns how many.
 */
static size_t recall(struct ranked *list, const struct history *history)
{
    size_t older = history->n > NEWEST ? history->n - NEWEST : 0, n = 0, head = history->head;
    size_t step = STRETCH * (older > OLDER ? (older + OLDER - 1) / OLDER : 1);

    for (size_t from = 0; from < older; from += step) {
        size_t to = from + STRETCH < older ? from + STRETCH : older;
        n = add_stretch(list, n, from, to);
        if (head >= to && head < from + step && head < older)
            list[n++].at = head;
    }
    return add_stretch(list, n, older, history->n);
}

/* list [n] <- best first, by their losses drawn towards the mean (failed, pending or unknown:
 * INFINITY); returns how many of them have one. */
static size_t rank(struct ranked *list, size_t n, const struct history *history)
{
    size_t known = 0;

    for (size_t i = 0; i < n; i++)
        known += has_loss(&history->past[list[i].at]);
    struct spread spread = spread_of(history, list, n, known);
    for (size_t i = 0; i < n; i++) {
        const struct past *past = &history->past[list[i].at];
        list[i].key = has_loss(past) ? shrink(&spread, past) : (double)INFINITY;
    }
    qsort(list, n, sizeof *list, by_loss);
    return known;
}

static size_t count_good(size_t known)
{
    size_t n = (size_t)ceil(GOOD_SHARE * (double)known);

    n = n < GOOD_MIN ? GOOD_MIN : n > GOOD_MAX ? GOOD_MAX : n;
    return n < known ? n : known;
}

/* --- choosing --------------------------------------------------------------------------------- */

struct model {
    struct density good, bad;     /* bad: all others, pending and failed ones too */
    struct density ended, failed; /* ended: all that have a loss; empty where none has failed */
};

/* Of the experiments near a config, weighed by their kernels, how many have ended well?  log of
 * that share. */
static double log_success(const struct model *model, const struct value *config, const double *unit)
{
    if (model->failed.n == 0)
        return 0;
    double well = density_log(&model->ended, config, unit) + log((double)model->ended.n + 1);
    double ill = density_log(&model->failed, config, unit) + log((double)model->failed.n + 1);
    return -log1p(exp(ill - well));
}

static double worth(const struct model *model, const struct value *config, const double *unit)
{
    return density_log(&model->good, config, unit) - density_log(&model->bad, config, unit) +
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
        density_draw(drawn, good, rng);
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

static size_t list_failed(struct ranked *lost, const struct ranked *list, size_t n,
                          const struct history *history)
{
    size_t n_lost = 0;

    for (size_t i = 0; i < n; i++)
        if (history->past[list[i].at].outcome == OUTCOME_FAILED)
            lost[n_lost++] = list[i];
    return n_lost;
}

/* list [n] of rank(), `known` of them with a loss */
static void propose_dense(double *unit, const struct space *space, const struct history *history,
                          const struct ranked *list, size_t n, size_t known, struct rng *rng)
{
    struct ranked *lost = mem_new(n, sizeof *lost);
    size_t n_good = count_good(known), n_lost = list_failed(lost, list, n, history);
    struct model model;

    density_init(&model.good, space, history, list, n_good);
    density_init(&model.bad, space, history, list + n_good, n - n_good);
    density_init(&model.ended, space, history, list, n_lost > 0 ? known : 0);
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
    struct ranked *list = mem_new(NEWEST + OLDER + 1, sizeof *list);
    size_t n = recall(list, history), known = rank(list, n, history);
    propose_dense(unit, space, history, list, n, known, rng);
    free(list);
    return 0;
}

const struct strategy strategy_tpe = {
    .name = "tpe",
    .summary = "where good configs are dense and bad ones are not (Parzen estimators)",
    .propose = propose,
};
