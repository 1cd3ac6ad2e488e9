/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * head.h - should the search move there?  A shrunken guess, not a test.
 *
 * The search head may err: a wrong move costs a few runs, and verification alone decides what is
 * kept.  So it moves on the posterior probability that a candidate is better.  Its effect delta
 * (head - candidate; of a loss: positive is better) is seen with a known sampling variance v:
 *
 *     effect ~ N(delta, v),    delta ~ N(mean, variance),
 *
 * the prior being learnt from the proposals before it.  The posterior is normal with
 *
 *     precision 1/variance + 1/v,   mean (prior mean / variance + effect / v) / precision,
 *
 * so that the best of many noisy effects shrinks to what such effects have been worth.  All pure.
 */
#ifndef SEARCH_HEAD_H
#define SEARCH_HEAD_H

/* Effects of proposals [metric], as a normal distribution. */
struct head_prior {
    double mean, variance;
    double weight; /* how many proposals it stands for; fades to 1 / (1 - HEAD_DECAY) = 14.3 */
};

#define HEAD_DECAY 0.93 /* what a proposal still weighs when the next one is in */
#define HEAD_CLIP  4.0  /* squared deviations count up to so many times their expectation */
#define HEAD_FLOOR 0.05 /* least variance [sampling variance of the last effect] */
#define HEAD_START 5.0  /* weight of the first guess [proposals] */

/*
 * The first guess: mean 0, for nothing is known of the space, and as variance noise_d2, that of one
 * paired difference.  Then one pair moves the head from 0.36 sigma_d on, and drops the candidate at
 * -0.36 or less.  It is worth HEAD_START proposals: a third of what will be remembered.
 * Where noise_d2 is not a positive number the prior is flat (variance INFINITY, weight 0).
 */
void head_prior_init(struct head_prior *prior, double noise_d2);

/*
 * Takes in one proposal's effect, known with sampling_variance.  Running moments: the old weight
 * fades by HEAD_DECAY, and a squared deviation less sampling_variance is one look at the
 * variance.  The deviation counts up to sqrt(HEAD_CLIP) of its expected SD either way (a
 * candidate that blew up must not teach the prior that huge effects are usual); what the
 * clipping takes from the square of a normal deviate is given back.
 * An effect that is not finite, or a variance that is not a number of at least 0: no change.
 */
void head_prior_learn(struct head_prior *prior, double effect, double sampling_variance);

/*
 * P(delta > 0) after seeing `effect`, with the posterior's mean and variance (either may be NULL).
 * A sampling variance of 0 leaves no doubt: 1 where effect > 0, else 0.  INFINITY: the prior alone.
 * NAN in, NAN out.
 */
double head_probability(const struct head_prior *prior, double effect, double sampling_variance,
                        double *mean, double *variance);

enum head_verdict { HEAD_MOVE, HEAD_DROP, HEAD_MORE };

#define HEAD_MOVE_AT 0.6
#define HEAD_DROP_AT 0.4
enum { HEAD_SEEDS = 3 };

/*
 * What follows from P(delta > 0) after n seeds: move at HEAD_MOVE_AT and above, drop at
 * HEAD_DROP_AT and below or when HEAD_SEEDS are spent, else one more seed.  NAN is no reason to
 * move.
 */
enum head_verdict head_judge(double probability, int n);

#endif
