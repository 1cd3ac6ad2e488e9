/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - points that a model of the loss is asked about.
 */
#ifndef SEARCH_CLOUD_H
#define SEARCH_CLOUD_H

#include "rng.h"
#include "space.h"

/* n points over the whole cube, out [n, space->n]: Sobol's sequence, shifted by the stream (Cranley
 * & Patterson 1976, doi 10.1137/0713071); beyond 40 parameters, chance. */
void cloud_over(double *out, size_t n, const struct space *space, struct rng *rng);

/*
 * A point near a config: one searched parameter or more moves, two of three where they are few and
 * two on average where they are many.  A number moves by a Gaussian step of standard deviation
 * `sigma`, at least one of its own steps, and is thrown back by the ends of its range; a choice
 * takes any of its values.  Inactive parameters stand anywhere.
 *
 *   out [space->n]   config [space->n] settled
 */
void cloud_near(double *out, const struct space *space, const struct value *config, double sigma,
                struct rng *rng);

/* x folded into [0, 1] as by mirrors at both ends. */
double cloud_reflect(double x);

#endif
