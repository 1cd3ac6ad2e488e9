/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gsl_stream.h - one of our named streams, as GSL's distributions want it.
 *
 *     gsl_rng gsl = gsl_stream(rng);
 *     double z = gsl_ran_gaussian(&gsl, 1);
 *
 * Numbers that GSL draws come out of `rng`, which moves on; nothing else is kept, so nothing is
 * allocated and nothing has to be freed.
 */
#ifndef SEARCH_GSL_STREAM_H
#define SEARCH_GSL_STREAM_H

#include <gsl/gsl_rng.h>

#include "rng.h"

gsl_rng gsl_stream(struct rng *rng);

#endif
