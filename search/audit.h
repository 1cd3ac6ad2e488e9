/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit.h - the noise audit: what can this study see at all?
 *
 * Before the first candidate the baseline runs twice on one seed and on a few more, and one
 * neighbour (one parameter moved a little) on the same seeds.  From these losses come the noise of
 * a seed, how far two configs share it, the noise of a paired difference, and the smallest effect
 * that the test will see.  Pure: arrays in, numbers and sentences out.
 */
#ifndef SEARCH_AUDIT_H
#define SEARCH_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "judge.h"
#include "noise.h"
#include "str.h"

/* In the metric's unit where nothing else is said; NAN: not known. */
struct audit {
    int n;                 /* seeds on which both configs ended well: pairs */
    bool repeated;         /* the baseline ended well twice on its first seed */
    bool deterministic;    /* … with the same loss, bit for bit; false where not repeated */
    double repeat_gap;     /* |difference| of these two; NAN where not repeated */
    double sigma_seed;     /* SD of a config's loss over seeds, pooled over the two configs */
    double rho;            /* correlation of the two over seeds: what pairing can take off */
    double sigma_d;        /* SD of a paired difference, on df = n - 1 degrees of freedom */
    double df;             /* 0: not known */
    double visible;        /* effect kept with probability AUDIT_POWER [sigma_d], above min_gain */
    double visible_effect; /* min_gain + visible * sigma_d */
    double paired_se;      /* of a difference, for want of validation data: RMS over the pairs */
    double rate_mean, rate_sd; /* of the runs [the trainer's unit, tokens/s]; SD relative: / mean */
    int rates;                 /* runs behind them */
};

#define AUDIT_POWER 0.8

/*
 * Measures all but paired_se and the rates, which it sets to NAN.
 *
 *   baseline, neighbour [n]  losses by seed, in the same order; not finite: the run failed
 *   repeat                   the baseline once more on the first seed; NAN: not run, or failed
 *   judge                    the test that candidates will undergo; its power is that of a known
 *                            variance at the design's level, so `visible` is nearly what is asked
 * Each number uses the runs that it can: sigma_seed all, rho and sigma_d the complete pairs.
 */
void audit_measure(struct audit *out, const double *baseline, const double *neighbour, size_t n,
                   double repeat, const struct judge *judge);

/* Adds the rates of n runs; not finite or not positive: left out. */
void audit_add_rates(struct audit *audit, const double *rate, size_t n);

/* Adds the paired errors of n pairs, as audit_paired_se() gives them; NAN: left out. */
void audit_add_paired_se(struct audit *audit, const double *paired_se, size_t n);

/*
 * How far the choice of the validation set may move a paired difference: SD over the n sequences of
 * (a - b), by sqrt(n).  a, b: per-sequence losses of two runs on one validation set, in the same
 * order.  NAN where n < 2 or a loss is not finite.
 */
double audit_paired_se(const float *a, const float *b, size_t n);

/* What the audit says of the noise of a pair: sigma_d^2 worth df; df 0 where nothing is known. */
struct noise audit_noise(const struct audit *audit);

/*
 * What to do about it: plain English sentences with the numbers behind them, one a line, in *out;
 * at least one.
 */
void audit_recommend(struct str *out, const struct audit *audit, const struct judge *judge);

#endif
