/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * noise.h - how large is the noise of a paired difference, and how well is that known?
 *
 * A few pairs say little about their own variance.  The variances that a study has seen before say
 * more: they give a prior s0^2 worth df degrees of freedom, which moderates the variance of the
 * next few pairs (Smyth 2004, doi 10.2202/1544-6115.1027, "limma").  Candidates of unequal noise
 * spread the variances and so lower df by themselves.
 */
#ifndef SEARCH_NOISE_H
#define SEARCH_NOISE_H

#include <stddef.h>

struct noise {
    double s2; /* prior variance of one paired difference [metric^2]; NAN: nothing known */
    double df; /* degrees of freedom that it is worth; 0: nothing known */
};

/*
 * The sample variance of n differences and its n-1 degrees of freedom; nothing known where n < 2.
 * Exactly 0 where they are equal but for rounding: they differ by less than 1e-9 of the largest.
 */
struct noise noise_sample(const double *diff, size_t n);

/*
 * Learns the prior from sample variances: moments of the log-F distribution (Smyth 2004).  Where
 * they spread no more than chance explains, the pooled variance.  df is never more than the sum of
 * the degrees of freedom behind the variances.
 *
 *   s2  [n]  sample variances of earlier candidates; zero, negative or not finite: left out
 *   df  [n]  degrees of freedom of each (pairs - 1); less than 1: left out
 *
 * Fewer than NOISE_MIN_VARIANCES usable ones: nothing known.
 */
enum { NOISE_MIN_VARIANCES = 3 };
void noise_learn(struct noise *out, const double *s2, const double *df, size_t n);

/*
 * The prior of a study that began with an audit: noise_learn() of the audit's variance and those of
 * all pairs after it.  While these are fewer than NOISE_MIN_VARIANCES, but the audit's is among
 * them, the pooled variance, worth the sum of the degrees of freedom behind it (about 5 after the
 * audit alone).  df is never more than that sum.
 *
 *   audit      df 0: none; a variance that is zero or not finite counts as none
 *   s2, df [n] as for noise_learn(); without the audit's own
 */
void noise_prior(struct noise *out, const struct noise *audit, const double *s2, const double *df,
                 size_t n);

/*
 * The moderated variance of a sample with variance s2 and df degrees of freedom,
 *     (prior.df * prior.s2 + df * s2) / (prior.df + df),   worth prior.df + df   (Smyth 2004). df
 * 0: the prior alone (s2 is not read).  Nothing known and df 0: nothing known.
 */
struct noise noise_moderate(const struct noise *prior, double s2, double df);

/*
 * The standard normal deviate with the tail probability of `t` under Student's t with df degrees
 * of freedom.  Odd and increasing in t; within [-37, 37], beyond which no tail is representable.
 */
double noise_z(double t, double df);

#endif
