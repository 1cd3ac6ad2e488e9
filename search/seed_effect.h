/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seed_effect.h - what a seed does to every config that runs on it.
 *
 * The experiments of the selection panel share a few seeds.  In
 *
 *     loss(config, seed) = mu_config + u_seed + e,    u ~ N(0, rho s^2),   e ~ N(0, (1-rho) s^2),
 *
 * taking u off makes configs comparable that ran on different numbers of seeds.  With mu flat the
 * best linear unbiased predictor of u (Henderson 1975, Biometrics 31, 423; Robinson 1991,
 * Stat. Sci. 6, 15) minimises
 *
 *     sum over runs (loss - mu_config - u_seed)^2  +  (1-rho)/rho * sum over seeds u^2.
 *
 * It does not depend on s.  mu is eliminated and the rest, one equation a seed, solved at once, in
 * fixed order: the same runs in the same order give the same bits.  A config with one run says
 * nothing about seeds.
 */
#ifndef SEARCH_SEED_EFFECT_H
#define SEARCH_SEED_EFFECT_H

#include <stddef.h>

/*
 *   effect [n_seeds]  out: the predicted u; 0 for a seed without runs
 *   loss   [n_runs]   a run that is not finite is left out
 *   config [n_runs]   its config, below n_configs
 *   seed   [n_runs]   its seed, below n_seeds (time grows with the cube of n_seeds)
 *   rho               correlation of two configs over seeds; clipped at SEED_EFFECT_RHO; where it
 * is 0, less or NAN, every effect is 0
 */
#define SEED_EFFECT_RHO 0.95
void seed_effects(double *effect, const double *loss, const size_t *config, const size_t *seed,
                  size_t n_runs, size_t n_configs, size_t n_seeds, double rho);

#endif
